package main

import (
	"errors"
	"io"
	"time"

	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

// probe runs the script of the command line.
func probe(stdout io.Writer, script scenario.Script, format string, set settings) error {
	if set.why {
		if err := explainable(script, format, set); err != nil {
			return err
		}
	}
	if set.quiet {
		stdout = io.Discard
	}
	opts := ops.Options{Timeout: set.timeout.duration(), Settle: time.Duration(set.settle)}
	if format == "draw" || format == "svg" {
		return picture(stdout, script, format, opts, set)
	}
	p := newPrinter(format, stdout, set.coloured(stdout))
	p.Begin()
	if set.why {
		obs, err := ops.Explained(script, opts)
		for _, o := range obs {
			p.Observe(o)
		}
		return ended(p, err)
	}
	if set.repeat > 1 || script.Uses(scenario.All) {
		tally, err := ops.Repeat(script, opts, int(set.repeat))
		if tally != nil {
			p.Tally(tally)
		}
		return ended(p, err)
	}
	return ended(p, ops.Run(script, opts, p.Observe))
}

// explainable tells what --why does not go with.
func explainable(script scenario.Script, format string, set settings) error {
	switch {
	case format == "classic":
		return fault("leave one of them out, or write --format text or json", "--why does not go with --format classic, which has no place for it")
	case format == "draw", format == "svg":
		return fault("leave one of them out", "--why does not go with a picture, which has no place for it")
	case set.repeat > 1:
		return fault("leave one of them out", "--why does not go with --repeat: what it says is about one run")
	case script.Uses(scenario.All):
		return fault("write the way to ask: --api epoll", "--why does not go with --api all: what it says is about one run")
	default:
		return nil
	}
}

// ended ends the output of a script with what came of it.
func ended(p *report.Printer, err error) error {
	if err := runFault(err); err != nil {
		return err
	}
	p.End()
	return nil
}

// runFault is the error that a script ends the program with.
func runFault(err error) error {
	if _, lacks := ops.Lacks(err); lacks {
		return skipped{err}
	}
	if errors.Is(err, ops.ErrNoServer) {
		return hinted{err, "the answer to the acc above says why; the script ends there"}
	}
	return err
}

func newPrinter(format string, w io.Writer, colour bool) *report.Printer {
	switch format {
	case "classic":
		return report.Classic(w)
	case "json":
		return report.JSON(w)
	default:
		return report.Text(w, colour)
	}
}
