package kernel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// A command is a kernel that a command reaches: this one, gVisor's, or that of
// another machine.
type command struct {
	name          string
	before, after []string // the words around the program and its arguments
	program       string   // where the program is, there
	grouped       bool     // it is no command of the user's, and asks nothing
	// What the command leaves when it is interrupted: mounts, which then end with
	// a namespace of its own, and files in a temporary directory of this name.
	mounts  bool
	tempDir string
}

// here stands for this program in a command.
const here = "{}"

// openHost makes a command of this program. It need not be static: it runs where its
// libraries are.
func openHost() (Kernel, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return command{name: "host", program: program, grouped: true}, nil
}

func openExec(name string, prefix []string) (Kernel, error) {
	program, err := self()
	if err != nil {
		return nil, err
	}
	if len(prefix) == 0 {
		return nil, &SetupError{
			Problem: "exec: there is no command",
			Hint:    "write one that runs a program elsewhere: exec:ssh HOST",
		}
	}
	if _, err := lookFor("exec", prefix[0], "name a command that is in the PATH"); err != nil {
		return nil, err
	}
	c := command{name: name, before: prefix, program: program}
	if at := slices.Index(prefix, here); at == 0 {
		return nil, &SetupError{Problem: "exec: there is no command before {}", Hint: "to run it here, write --on host"}
	} else if at > 0 {
		c.before, c.after = prefix[:at], prefix[at+1:]
	}
	return c, nil
}

// openGvisor finds gVisor's runsc, whose "do" runs a program in a sandbox.
func openGvisor(path string) (Kernel, error) {
	program, err := self()
	if err != nil {
		return nil, err
	}
	runsc, err := lookFor("gvisor", path, "\"make kernels\" fetches runsc; name its path: gvisor:PATH", "runsc")
	if err != nil {
		return nil, err
	}
	args := []string{runsc, "--network=none", "--platform=systrap", "--ignore-cgroups"}
	if os.Geteuid() != 0 {
		args = append(args, "--rootless")
	}
	// The sandbox sees this program's directory and nothing else. By itself it
	// would see all but /tmp, where the program may well be.
	dir, base := filepath.Split(program)
	return command{
		name: "gvisor", before: append(args, "do", "-root", dir, "-cwd", "/"), program: "/" + base, grouped: true, mounts: true, tempDir: "sockprobe-gvisor-",
	}, nil
}

func (c command) Name() string { return c.name }

// Framed is the first argument of a program that is to answer in frames on its
// standard output: see [RunFramed]. Without an end in the answer, a connection
// that was lost would look like a program that had nothing more to say.
const Framed = "framed"

func (c command) Run(ctx context.Context, job Job) (int, error) {
	if c.tempDir != "" {
		dir, err := os.MkdirTemp("", c.tempDir)
		if err != nil {
			return 0, err
		}
		defer os.RemoveAll(dir)
		return c.run(ctx, job, "TMPDIR="+dir)
	}
	return c.run(ctx, job)
}

func (c command) run(ctx context.Context, job Job, env ...string) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	words := slices.Concat(c.before, []string{c.program, Framed}, job.Args, c.after)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = append(cmd.Environ(), env...)
	complaints := &tail{}
	cmd.Stdin, cmd.Stderr = bytes.NewReader(job.Stdin), complaints
	if c.grouped {
		ownGroup(cmd, syscall.SIGTERM) // runsc ends its sandbox
		if c.mounts && os.Geteuid() == 0 {
			cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
		}
	} else {
		// It may ask for a password, which only the terminal's own process
		// group can.
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 3 * time.Second
		cmd.Stderr = job.Stderr // where it asks
	}
	there := false // the program is
	r := talk(ctx, cancel, cmd, func(line *os.File) { cmd.Stdout = line }, func(answers io.Reader) (int, error) {
		framed, err := skipBanner(answers)
		if err != nil {
			return 0, err
		}
		return readFrames(framed, job.Stdout, job.Stderr, func() { there = true })
	})
	if r.err == nil {
		return r.code, nil // however what it came through ended
	}
	return 0, c.failure(r, there, complaints.String())
}

// failure is the error for a command that gave no full answer.
func (c command) failure(r reply, there bool, console string) error {
	e := &BootError{
		Kernel:  c.name,
		Problem: r.err.Error(),
		Console: console,
	}
	if !there {
		e.Hint = "the program must be there, under " + c.program
	}
	start, unstarted := errors.AsType[startError](r.err)
	banner, talkative := errors.AsType[*bannerError](r.err)
	switch {
	case unstarted:
		return fmt.Errorf("%s: %w", c.name, start.error)
	case errors.Is(r.cause, context.DeadlineExceeded):
		return inTime(c.name, console)
	case r.cause != nil:
		return errInterrupted
	case talkative:
		e.Problem = "it printed " + banner.Error()
		if banner.long {
			e.Hint = "let the command print less before it runs the program"
		}
	case errors.Is(r.err, os.ErrDeadlineExceeded):
		e.Problem = "it ended without an answer, but a process that it left has its output open"
		e.Hint = "let the command wait for the program"
	case errors.Is(r.err, io.EOF):
		e.Problem = "it ended without an answer"
	}
	if r.ended != nil && !talkative {
		e.Problem += " (" + r.ended.Error() + ")"
	}
	return e
}
