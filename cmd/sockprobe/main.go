// Recent Go reads the CPU limits of its cgroup and keeps the files open, as 3
// and 4. Without that the first descriptors are the script's own: the listener
// is 3, the client 4 and the server 5, as in the original tool.
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
)

// The probe runs on the process's first thread, so that plain strace, without
// -f, shows its calls and little else.
func init() { runtime.LockOSThread() }

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: the command line in, the exit code out.
func run(args []string, stdout, stderr io.Writer) int {
	out := &output{Writer: stdout}
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	err := root.Execute()
	if err == nil {
		err = out.err
	}
	return exitCode(stderr, err)
}
