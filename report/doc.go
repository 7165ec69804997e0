// Package report renders observations: as the lines of the original tool, as
// JSON, and in the stable form that goldens hold. It also compares goldens.
//
// Everything here is a function of what it is given, written to the writer it
// is given. Nothing is executed, and no process-wide setting is read: whoever
// calls decides about colour.
package report
