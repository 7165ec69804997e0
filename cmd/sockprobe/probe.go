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
func probe(stdout io.Writer, args []string, format formatFlag, set settings) error {
	script, err := scenario.Parse(args, ops.Verbs())
	if err != nil {
		return err
	}
	if set.quiet {
		stdout = io.Discard
	}
	p := newPrinter(format, stdout, set.colour.on(stdout))
	p.Begin()
	err = ops.Run(script, ops.Options{Timeout: time.Duration(set.timeout)}, p.Observe)
	if errors.Is(err, ops.ErrNoServer) {
		return hinted{err, "the answer to the acc above says why; the script ends there"}
	} else if err != nil {
		return err
	}
	p.End()
	return nil
}

func newPrinter(format formatFlag, w io.Writer, colour bool) *report.Printer {
	switch format {
	case "classic":
		return report.Classic(w)
	case "json":
		return report.JSON(w)
	default:
		return report.Text(w, colour)
	}
}
