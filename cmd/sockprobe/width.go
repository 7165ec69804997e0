package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// unknownWidth is the width of a terminal that does not say it, and of what is no terminal.
const unknownWidth = 80

// textWidth is how many columns text on w is filled to. In fewer than 40 no table can be read.
func textWidth(w io.Writer) int { return max(40, terminalWidth(w)) }

// terminalWidth is how many columns there are for text on w: the environment's COLUMNS, then the
// size of w if w is a terminal, then 80.
func terminalWidth(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if o, ok := w.(*output); ok {
		w = o.Writer
	}
	if f, ok := w.(*os.File); ok {
		// A terminal of which nobody has set the size says 0 (tty_ioctl(4)).
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return unknownWidth
}
