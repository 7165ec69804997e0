package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"sockprobe/kernel"
)

// An exitStatus is how a run elsewhere ended, having said itself what there was
// to say.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// through runs a command on the kernel of --on, or with run here if none is
// given. The command line has been parsed by then: a fault in it boots nothing.
func through(set *settings, cmd *cobra.Command, run func() error) error {
	if !set.on.given {
		return run()
	}
	return runThere(set, cmd, withoutOn(set.line), nil)
}

// runThere runs a command line on the kernel of --on.
func runThere(set *settings, cmd *cobra.Command, args []string, stdin []byte) error {
	k, err := kernel.Open(set.on.spec)
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, set.bootTimeout.duration())
	defer cancel()
	if cmd.Flags().Lookup("color") != nil {
		when := "never"
		if set.coloured(cmd.OutOrStdout()) {
			when = "always"
		}
		args = append([]string{"--color", when}, args...)
	}
	if draw := cmd.Flags().Lookup("draw"); draw != nil && draw.Value.String() == "true" { // it has no terminal there
		args = append([]string{"--width", strconv.Itoa(set.columns(cmd.OutOrStdout()))}, args...)
	}
	shown := newRunProgress(cmd.ErrOrStderr(), k)
	defer shown.stop()
	code, err := k.Run(ctx, kernel.Job{
		Args:   args,
		Stdin:  stdin,
		Stdout: shown.before(cmd.OutOrStdout()),
		Stderr: shown.before(cmd.ErrOrStderr()),
		Notice: notices{shown},
	})
	if err != nil {
		return err
	}
	if code != exitOK {
		return exitStatus(code)
	}
	return nil
}

// newRunProgress makes the line for a run on one kernel, nil for this process. A kernel that
// a command reaches may ask for a password on the terminal, and a line would erase the
// question: then there is none.
func newRunProgress(stderr io.Writer, k kernel.Kernel) *progress {
	p := newProgress(stderr)
	switch {
	case k == nil:
	case kernel.MayAsk(k):
		p.stop()
	default:
		p.set("running on %s", k.Name())
	}
	return p
}

// interruptible is a context that ends when the user interrupts. A second interrupt ends
// the process, whatever it waits for.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// withoutOn is a command line without what says where to run it, and without --color and --width:
// what these mean depends on the terminal here, and runThere says what it is. Behind -- there is no flag.
func withoutOn(line []string) []string {
	var out []string
	for i := 0; i < len(line); i++ {
		switch name, _, valued := strings.Cut(line[i], "="); name {
		case "--":
			return append(out, line[i:]...)
		case "--on", "--boot-timeout", "--color", "--width":
			if !valued {
				i++ // its value
			}
		default:
			out = append(out, line[i])
		}
	}
	return out
}

// notices is standard error for lines that are no errors.
type notices struct{ w io.Writer }

func (n notices) Write(p []byte) (int, error) {
	if _, err := fmt.Fprintf(n.w, "sockprobe: %s", p); err != nil {
		return 0, err
	}
	return len(p), nil
}
