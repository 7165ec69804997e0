package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// VerifyText prints what came of scenarios on one kernel: those that are wrong
// with a diff and what of the host may be the cause, the others only if verbose, and how many there
// were of each.
func VerifyText(w io.Writer, s Suite, verbose, colour bool) {
	p := palette{on: colour}
	for _, r := range s.Results {
		r.Name, r.Reason, r.Script, r.Golden = oneLine(r.Name), oneLine(r.Reason), oneLine(r.Script), oneLine(r.Golden)
		switch {
		case r.Status == Broken, r.Status == Wrong && r.Diff == "":
			fmt.Fprintf(w, "%s %s: %s\n", p.alarm("FAIL"), r.Name, r.Reason)
			if r.Answers != "" { // as a section of the file, to be pasted
				fmt.Fprintf(w, "-- %s --\n%s", r.Golden, wholeLines(Printable(r.Answers)))
			}
		case r.Status == Wrong:
			fmt.Fprintf(w, "%s %s: %s\n%s", p.alarm("FAIL"), r.Name, r.Script, p.diff(wholeLines(Printable(r.Diff))))
		case r.Status == Skipped:
			fmt.Fprintf(w, "skip %s: %s\n", r.Name, r.Reason)
		case verbose && r.Status == Differs:
			fmt.Fprintf(w, "ok   %s (%s)\n", r.Name, r.Golden)
		case verbose:
			fmt.Fprintf(w, "ok   %s\n", r.Name)
		}
	}
	// The host is the same for all.
	if i := slices.IndexFunc(s.Results, func(r Result) bool { return len(r.Host) > 0 }); i >= 0 {
		for _, line := range hostLines(s.Results[i]) {
			fmt.Fprintln(w, p.yellow(line))
		}
	}
	fmt.Fprintln(w, Count(s))
}

// hostLines says what of the host may be the cause of a difference.
func hostLines(r Result) []string {
	lines := make([]string, len(r.Host))
	for i, cause := range r.Host {
		lines[i] = "host: " + oneLine(cause)
	}
	return lines
}

// wholeLines is text that ends with a newline.
func wholeLines(text string) string { return strings.TrimSuffix(text, "\n") + "\n" }

// String is the counts in words.
func (c Counts) String() string {
	text := fmt.Sprintf("%d passed, %d failed", c.Passed, c.Failed)
	if c.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", c.Skipped)
	}
	if c.Broken > 0 {
		text += fmt.Sprintf(", %d broken", c.Broken)
	}
	return text
}
