package report

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Agrees tells whether answers are a golden's, both in the stable form: the same
// steps in the same order, and of each step only answers that the golden has. A
// golden that was made of several runs may have more answers to a step than one
// run gives.
func Agrees(golden, got []byte) bool {
	want, have := byStep(golden), byStep(got)
	if len(want) != len(have) {
		return false
	}
	for i, step := range have {
		if step[0] != want[i][0] {
			return false
		}
		for _, answer := range step[1:] {
			if !slices.Contains(want[i][1:], answer) {
				return false
			}
		}
	}
	return true
}

// Merge is what a golden becomes when a kernel gives answers that it does not
// have: these answers, or, where the golden has several for a step, both.
func Merge(golden, got []byte) []byte {
	want, have := byStep(golden), byStep(got)
	isSet := slices.ContainsFunc(want, func(step []string) bool { return len(step) > 2 })
	if !isSet || len(want) != len(have) {
		return got
	}
	var b strings.Builder
	for i, step := range have {
		if step[0] != want[i][0] {
			return got
		}
		answers := append(slices.Clone(want[i][1:]), step[1:]...)
		slices.Sort(answers)
		for _, answer := range slices.Compact(answers) {
			b.WriteString(step[0] + "): " + answer)
		}
	}
	return []byte(b.String())
}

// byStep splits the stable form into steps: each what was done, and then the
// answers to it.
func byStep(stable []byte) [][]string {
	var steps [][]string
	for line := range strings.Lines(string(stable)) {
		step, answer, _ := strings.Cut(line, "): ")
		if n := len(steps); n > 0 && steps[n-1][0] == step {
			steps[n-1] = append(steps[n-1], answer)
			continue
		}
		steps = append(steps, []string{step, answer})
	}
	return steps
}

// GoldenDiff is a unified diff from a section's golden to what was answered, both
// in the stable form.
func GoldenDiff(name, section string, golden, got []byte) string {
	text := diff.Diff(name+" ("+section+")", golden, name+" (answered)", got)
	// The first line repeats the two that follow it.
	if _, rest, ok := bytes.Cut(text, []byte("\n")); ok {
		text = rest
	}
	return string(text)
}
