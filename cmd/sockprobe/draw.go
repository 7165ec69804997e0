package main

import (
	"context"
	"io"

	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

// outputFormat is what --format and --draw ask for together.
func outputFormat(format string, draw bool) (string, error) {
	switch {
	case !draw || format == "svg":
		return format, nil
	case format == "text":
		return "draw", nil
	default:
		return "", fault("leave one of them out, or write --draw --format svg", "there is no drawing with --format %s", format)
	}
}

// picture runs a script and draws it. Where everything goes depends on all that
// comes, so that nothing is drawn before the end.
func picture(ctx context.Context, stdout io.Writer, script scenario.Script, format string, opts ops.Options, set settings) (*scenario.Tally, error) {
	tally, err := ops.RepeatContext(ctx, script, opts, int(set.repeat))
	if tally == nil {
		return nil, runFault(err)
	}
	var written error
	if format == "svg" {
		written = report.SVG(stdout, script, tally)
	} else {
		written = report.Draw(stdout, script, tally, set.coloured(stdout))
	}
	if written != nil {
		return nil, written
	}
	return tally, runFault(err)
}
