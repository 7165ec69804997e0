// Package scenario is the language of the probe: scripts of steps, what is
// observed when they run, and the .probe files that keep both.
//
// A script acts on one TCP connection and the listener it came through. It is
// written as options, in the order in which they run:
//
//	-c snd,shw -s pol,rcv
//
// -c, -s and -l each hold a list of steps for the client's, the server's and
// the listener's socket; -e selects epoll for the pol steps after it.
//
// The package is pure: it makes no system call, and it does not know what a
// verb does. Which verbs there are is told to [Parse] by whoever runs them.
package scenario
