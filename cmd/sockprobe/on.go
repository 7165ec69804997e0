package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"sockprobe/kernel"
)

// An exitStatus is how a run elsewhere ended, having said itself what there was
// to say.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// through makes a command run on the kernel of --on, if one is given. The
// command line has been parsed by then: a fault in it boots nothing.
func through(set *settings, run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if !set.on.given {
			return run(cmd, args)
		}
		k, err := kernel.Open(set.on.spec)
		if err != nil {
			return err
		}
		ctx, stop := interruptible()
		defer stop()
		ctx, cancel := context.WithTimeout(ctx, set.bootTimeout.duration())
		defer cancel()
		when := "never"
		if set.coloured(cmd.OutOrStdout()) {
			when = "always"
		}
		code, err := k.Run(ctx, kernel.Job{
			Args:   append([]string{"--color", when}, withoutOn(set.line)...),
			Stdout: cmd.OutOrStdout(),
			Stderr: cmd.ErrOrStderr(),
			Notice: notices{cmd.ErrOrStderr()},
		})
		if err != nil {
			return err
		}
		if code != exitOK {
			return exitStatus(code)
		}
		return nil
	}
}

// interruptible is a context that ends when the user interrupts.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// withoutOn is a command line without what says where to run it.
func withoutOn(line []string) []string {
	var out []string
	for i := 0; i < len(line); i++ {
		switch name, _, valued := strings.Cut(line[i], "="); name {
		case "--on", "--boot-timeout":
			if !valued {
				i++ // its value
			}
		default:
			out = append(out, line[i])
		}
	}
	return slices.Clip(out)
}

// notices is standard error for lines that are no errors.
type notices struct{ w io.Writer }

func (n notices) Write(p []byte) (int, error) {
	if _, err := fmt.Fprintf(n.w, "sockprobe: %s", p); err != nil {
		return 0, err
	}
	return len(p), nil
}
