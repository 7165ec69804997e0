package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sockprobe/kernel"
	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

// Exit codes, for README.md, --help and the man page alike.
const (
	exitOK    = 0 // as expected
	exitDiffs = 1 // a kernel's answer is not its golden, or list found nothing
	exitSkip  = 4 // everything was skipped
	exitUsage = 2 // a fault in the command line or a file, or the probe could not run
)

// errDiffers ends a verify that found differences and has already shown them.
var errDiffers = errors.New("answers differ from their goldens")

// errSkipped ends a verify or matrix in which nothing was for the kernel.
var errSkipped = errors.New("everything was skipped")

// nothingFound is an error that says what the catalogue does not have.
type nothingFound struct{ words string }

func (n nothingFound) Error() string {
	return "no scenario has " + scenario.Quote(n.words)
}

// skipped is an error that says what the kernel lacks for a script.
type skipped struct{ error }

func (s skipped) Error() string { return "skipped: " + s.error.Error() }

// hinted is an error with its likely fix.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// faults are several errors, each with a line of its own.
type faults []error

func (f faults) Error() string { return errors.Join(f...).Error() }

func fault(hint, format string, args ...any) error {
	return hinted{fmt.Errorf(format, args...), hint}
}

// exitCode tells the user about an error and gives the exit code for it.
func exitCode(stderr io.Writer, err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errDiffers):
		return exitDiffs
	case errors.Is(err, errSkipped):
		return exitSkip
	}
	if skip, ok := errors.AsType[skipped](err); ok {
		fmt.Fprintln(stderr, "sockprobe:", report.Printable(skip.Error()))
		return exitSkip
	}
	if elsewhere, ok := errors.AsType[exitStatus](err); ok {
		return int(elsewhere)
	}
	if boot, ok := errors.AsType[*kernel.BootError](err); ok && boot.Console != "" {
		fmt.Fprintf(stderr, "sockprobe: the last of its console:\n%s\n", report.Printable(boot.Console))
	}
	list, ok := errors.AsType[faults](err)
	if !ok {
		list = faults{err}
	}
	for _, err := range list {
		fmt.Fprintln(stderr, "sockprobe:", report.Printable(err.Error()))
		if hint := hintFor(err); hint != "" {
			fmt.Fprintln(stderr, "sockprobe: hint:", report.Printable(hint))
		}
	}
	if _, ok := errors.AsType[nothingFound](err); ok {
		return exitDiffs
	}
	return exitUsage
}

func hintFor(err error) string {
	if h, ok := errors.AsType[hinted](err); ok {
		return h.hint
	}
	if s, ok := errors.AsType[*scenario.Error](err); ok {
		return s.Hint
	}
	if errors.Is(err, ops.ErrNoLoopback) {
		return "raise it: ip link set lo up"
	}
	if errors.Is(err, ops.ErrTooManyFiles) {
		return "let the process open more files: ulimit -n 256"
	}
	if s, ok := errors.AsType[*kernel.SetupError](err); ok {
		return s.Hint
	}
	if b, ok := errors.AsType[*kernel.BootError](err); ok {
		return b.Hint
	}
	return ""
}

// flagFault puts what pflag says of the command line into our form.
func flagFault(cmd *cobra.Command, err error) error {
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	hint := fmt.Sprintf("%q lists the flags", cmd.CommandPath()+" --help")
	switch {
	case errors.As(err, &missing):
		if f, ok := missing.GetFlag().Value.(*wordsFlag); ok && f.takes == "STEPS" {
			return scenario.NoSteps("-" + missing.GetFlag().Shorthand)
		}
		return fault("write it behind the flag: "+flagName(missing.GetFlag())+" "+missing.GetFlag().Value.Type(),
			"%s: its argument is missing", flagName(missing.GetFlag()))
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		if shorts := unknown.GetSpecifiedShortnames(); shorts != "" {
			name = "-" + unknown.GetSpecifiedName()
			if name[1] >= utf8.RuneSelf { // pflag took one byte of it for a letter
				name = "-" + shorts
			}
		}
		if cmd.HasParent() && scenario.IsOption(name) {
			hint = fmt.Sprintf("steps go with sockprobe alone, not with %s", cmd.Name())
		} else if others := commandsWith(cmd.Root(), name); len(others) > 0 {
			hint = fmt.Sprintf("it goes with %s, not with %s", listed(others, "and"), strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "))
		}
		return fault(hint, "unknown flag %s", scenario.Clip(name))
	case errors.As(err, &invalid):
		// Our own values say themselves what is wrong, and have a hint.
		problem := invalid.Unwrap()
		if own := hintFor(invalid); own != "" {
			hint = own
		} else {
			problem = fmt.Errorf("not a %s", invalid.GetFlag().Value.Type())
		}
		return fault(hint, "%s %s: %w", flagName(invalid.GetFlag()), scenario.Quote(invalid.GetValue()), problem)
	default:
		return fault(hint, "%w", err)
	}
}

// flagName is a flag as the user most likely wrote it.
func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}
