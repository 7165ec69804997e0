// Package ops carries out the steps of a script on real sockets and observes
// what the kernel answers. All probing system calls live here.
//
// What the kernel answered is data, never a Go error: a Go error says that the
// probe itself could not be set up or could not go on.
package ops
