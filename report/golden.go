package report

import (
	"bytes"

	"github.com/rogpeppe/go-internal/diff"
)

// GoldenDiff compares what a run answered with its golden, both in the stable
// form. It is a unified diff, or "" where they are the same.
func GoldenDiff(name string, golden, got []byte, colour bool) string {
	text := diff.Diff(name+" (golden)", golden, name+" (this kernel)", got)
	// The first line repeats the two that follow it.
	if _, rest, ok := bytes.Cut(text, []byte("\n")); ok {
		text = rest
	}
	return palette{on: colour}.diff(string(text))
}
