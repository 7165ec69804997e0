package report

import (
	"bytes"
	"fmt"
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
// answers to it. They are in the order of the script: a wait's answer stands where the
// wait ended, which may be another place in each run.
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
	slices.SortStableFunc(steps, func(a, b []string) int { return slices.Compare(placeOf(a[0]), placeOf(b[0])) })
	return steps
}

// placeOf reads the numbers of a line's command and step.
func placeOf(line string) []int {
	var cmd, step int
	if _, err := fmt.Sscanf(line, "cmd #%d stp #%d:", &cmd, &step); err != nil {
		return nil
	}
	return []int{cmd, step}
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
