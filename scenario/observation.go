package scenario

import "strings"

// An Observation is what the kernel answered to one step.
type Observation struct {
	Cmd  int    // the command's place in the script, from 1
	Step int    // the step's place in the command, from 1; 0 is an implicit con or acc
	Side Side   // the side the step was written for
	Verb string // what was done
	Arg  string // its argument, "" if it has none
	FD   int    // the side's descriptor

	Ret   int   // what the call returned
	Errno Errno // its error, 0 if none; drn may have both a count and an error

	Polled bool   // the step asked for readiness, and Events is the answer
	Events Events // revents, if Polled

	// Opened is the side whose descriptor this step made, or 0: acc and dup answer
	// with one, which means nothing on another run, where a side does.
	Opened Side

	// Info is what else the step has found out, as name=value pairs with blanks
	// between them: "err=ECONNRESET".
	Info string

	// States is how each open socket stood after the step, and Why has a line for each
	// bit of Events: what is set because of what. Both are there only if asked for.
	States []State
	Why    []string
}

// Found is what a step has found out under a name, if it has.
func (o Observation) Found(name string) (value string, ok bool) {
	for pair := range strings.FieldsSeq(o.Info) {
		if n, value, _ := strings.Cut(pair, "="); n == name {
			return value, true
		}
	}
	return "", false
}

// SameAnswer compares what a golden keeps of two answers: not the descriptors, which on
// each run are others.
func (o Observation) SameAnswer(p Observation) bool {
	return o.Errno == p.Errno && o.Events == p.Events && o.Opened == p.Opened && o.Info == p.Info &&
		(o.Ret == p.Ret || o.Opened != 0)
}

// PendingError is what a socket's SO_ERROR is, in an observation's Info.
func PendingError(e Errno) string {
	if e == 0 {
		return "err=0"
	}
	return "err=" + e.Name()
}
