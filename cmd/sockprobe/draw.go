package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

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
func picture(ctx context.Context, stdout, stderr io.Writer, script scenario.Script, format string, opts ops.Options, set settings) (*scenario.Tally, error) {
	tally, err := ops.RepeatContext(ctx, script, opts, int(set.repeat))
	if tally == nil || tally.Runs == 0 { // interrupted before the first run: there is nothing to draw
		return tally, runFault(err)
	}
	if format == "svg" {
		if err := report.SVG(stdout, script, tally); err != nil {
			return nil, err
		}
		return tally, runFault(err)
	}
	columns := set.columns(stdout)
	width, written := report.Draw(stdout, script, tally, set.coloured(stdout), columns)
	if written != nil {
		return nil, written
	}
	if width > columns && !set.quiet {
		fmt.Fprintf(stderr, "sockprobe: the picture is %d columns wide and does not fit in %d; --format svg has no such limit\n", width, columns)
	}
	return tally, runFault(err)
}

// needsDrawing refuses --width where nothing is drawn in columns.
func needsDrawing(format string, set settings) error {
	switch {
	case set.width == 0 || format == "draw":
		return nil
	case format == "svg":
		return fault("leave --width out, or write --draw --width "+set.width.String(), "--width does not go with --format svg, which has no columns")
	default:
		return fault("write --draw --width "+set.width.String(), "--width without --draw")
	}
}

// A widthFlag is how many columns there are; 0 is as many as the terminal has.
type widthFlag int

func (f *widthFlag) Set(s string) error {
	const least, most = 20, 10_000
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return fault("give a number, such as 100", "not a number from %d to %d", least, most)
	}
	*f = widthFlag(n)
	return nil
}

func (f *widthFlag) String() string {
	if *f == 0 {
		return "the terminal's"
	}
	return strconv.Itoa(int(*f))
}
func (f *widthFlag) Type() string { return "N" }

// columns is how many columns a picture on w may take.
func (s *settings) columns(w io.Writer) int {
	if s.width > 0 {
		return int(s.width)
	}
	return terminalWidth(w)
}
