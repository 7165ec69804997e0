package kernel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

// A command is a kernel that a command reaches: this one, gVisor's, or that of
// another machine.
type command struct {
	name   string
	prefix []string // the command, with "{}" where this program belongs
}

// here stands for this program in a command.
const here = "{}"

func openExec(name string, prefix []string) (Kernel, error) {
	program, err := self()
	if err != nil {
		return nil, err
	}
	if name != "host" && len(prefix) == 0 {
		return nil, &SetupError{
			Problem: "exec: there is no command",
			Hint:    "write one that runs a program elsewhere: exec:ssh HOST",
		}
	}
	if len(prefix) > 0 {
		if _, err := exec.LookPath(prefix[0]); err != nil {
			return nil, &SetupError{Problem: err.Error(), Hint: "name a command that is in the PATH"}
		}
	}
	if !slices.Contains(prefix, here) {
		prefix = append(slices.Clone(prefix), here)
	}
	at := slices.Index(prefix, here)
	prefix = slices.Replace(slices.Clone(prefix), at, at+1, program)
	return command{name: name, prefix: prefix}, nil
}

// openGvisor finds gVisor's runsc, whose "do" runs a program in a sandbox.
func openGvisor(path string) (Kernel, error) {
	program, err := self()
	if err != nil {
		return nil, err
	}
	runsc, err := lookFor(path, "runsc")
	if err != nil {
		return nil, &SetupError{
			Problem: err.Error(),
			Hint:    "\"make kernels\" builds runsc; name its path: gvisor:PATH",
		}
	}
	args := []string{runsc, "--network=none", "--platform=systrap", "--ignore-cgroups"}
	if os.Geteuid() != 0 {
		args = append(args, "--rootless")
	}
	// The sandbox sees this program's directory and nothing else. By itself it
	// would see all but /tmp, where the program may well be.
	dir, base := filepath.Split(program)
	return command{name: "gvisor", prefix: append(args, "do", "-root", dir, "-cwd", "/", "/"+base)}, nil
}

func (c command) Name() string { return c.name }

func (c command) Run(ctx context.Context, job Job) (int, error) {
	cmd := exec.CommandContext(ctx, c.prefix[0], append(slices.Clone(c.prefix[1:]), job.Args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(job.Stdin), job.Stdout, job.Stderr
	ownGroup(cmd, syscall.SIGTERM) // runsc takes its mounts down
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return 0, inTime(c.name, "")
	case ctx.Err() != nil:
		return 0, errInterrupted
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), nil
	default:
		return 0, fmt.Errorf("%s: %w", c.name, err)
	}
}
