// Recent Go reads the CPU limits of its cgroup and keeps the files open, as 3
// and 4. Without that the first descriptors are the script's own: the listener
// is 3, the client 4 and the server 5, as in the original tool. (Where standard
// input, output or error is in non-blocking mode, package os brings up the
// runtime's poller before main, and they are 5, 6 and 7.)
//
//go:debug containermaxprocs=0

// Sockprobe runs scripted steps on real sockets and prints what the kernel
// answers to each.
//
// See README.md, or sockprobe --help.
package main

import (
	"io"
	"os"
	"runtime"

	"sockprobe/kernel"
	"sockprobe/ops"
)

// The probe runs on the process's first thread, so that plain strace, without
// -f, shows its calls and little else.
func init() { runtime.LockOSThread() }

func main() {
	ops.Prepare()
	if kernel.InGuest() {
		kernel.RunGuest(run)
	}
	if len(os.Args) > 1 && os.Args[1] == kernel.Framed {
		err := kernel.RunFramed(os.Stdout, func(stdout, stderr io.Writer) int {
			return run(os.Args[2:], stdout, stderr)
		})
		if err != nil {
			os.Exit(exitUsage)
		}
		os.Exit(exitOK)
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: the command line in, the exit code out.
func run(args []string, stdout, stderr io.Writer) int {
	out := &output{Writer: stdout}
	root := newRoot(args)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	err := root.Execute()
	if out.err != nil {
		err = out.err // whatever else was to be said has not been
	}
	return exitCode(stderr, err)
}
