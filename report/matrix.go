package report

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A Matrix is the suites of several kernels, and how they came about.
type Matrix struct {
	Suites  []Suite
	Took    time.Duration
	Made    time.Time // for the page
	Version string    // of the program, for the page
}

// MatrixText prints what is new in a matrix: the kernels that did not run, what is wrong, and
// where kernels differ and why. What all of them answer alike is one line, or with all a table
// of every scenario.
func MatrixText(w io.Writer, m Matrix, all, colour bool) {
	p := palette{on: colour}
	for _, s := range m.Suites {
		if s.Failure != "" {
			fmt.Fprintf(w, "%s %s did not run\n  %s\n\n", p.alarm("FAIL"), oneLine(s.Kernel), indentRest(Printable(s.Failure)))
		}
	}
	ran := m.ran()
	if len(ran) > 0 {
		for _, f := range findings(ran) {
			f.print(w, all, p)
			fmt.Fprintln(w)
		}
		if all {
			table(w, ran, p)
			fmt.Fprintln(w)
		} else {
			fmt.Fprintln(w, folded(ran))
		}
	}
	names := 0
	for _, s := range ran {
		names = max(names, width(s.Kernel))
	}
	for _, s := range ran {
		// Each result was measured by that kernel's clock, which may run faster than the one here.
		boot := s.Duration
		for _, r := range s.Results {
			boot -= r.Duration
		}
		fmt.Fprintf(w, "  %s  %s; %.1f s; start and end took %.1f s (%s)\n",
			padded(s.Kernel, names), inWords(s), s.Duration.Seconds(), max(boot, 0).Seconds(), oneLine(s.Release))
	}
	kernels := fmt.Sprintf("%d kernels", len(m.Suites))
	if len(m.Suites) == 1 {
		kernels = "1 kernel"
	}
	fmt.Fprintf(w, "%s in %.1f s: %s\n", kernels, m.Took.Seconds(), Count(m.Suites...))
}

// ran are the suites of the kernels that ran.
func (m Matrix) ran() []Suite {
	var ran []Suite
	for _, s := range m.Suites {
		if s.Failure == "" {
			ran = append(ran, s)
		}
	}
	return ran
}

// folded is a line for the scenarios that all kernels answer as the default golden has it.
func folded(suites []Suite) string {
	same, total := 0, len(suites[0].Results)
	for row := range total {
		if isSame(suites, row) {
			same++
		}
	}
	where := "on all kernels"
	if len(suites) == 1 {
		where = "on " + oneLine(suites[0].Kernel)
	}
	count := fmt.Sprintf("%d of %d scenarios", same, total)
	if same == total {
		count = fmt.Sprintf("all %d scenarios", total)
	}
	return count + ": same " + where + " (--all shows the table)"
}

// isSame tells whether all kernels answer a scenario as the default golden has it.
func isSame(suites []Suite, row int) bool {
	for _, s := range suites {
		if row < len(s.Results) && s.Results[row].Status != Same {
			return false
		}
	}
	return true
}

// inWords counts a suite's results by their status: "132 same, 9 differ".
func inWords(s Suite) string {
	var counts [Broken + 1]int
	for _, r := range s.Results {
		counts[r.Status]++
	}
	var words []string
	for status, n := range counts {
		if n > 0 {
			word := Status(status).String()
			if Status(status) == Differs && n > 1 {
				word = "differ"
			}
			words = append(words, fmt.Sprintf("%d %s", n, word))
		}
	}
	return strings.Join(words, ", ")
}

func indentRest(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

func (p palette) status(s Status, text string) string {
	switch s {
	case Same:
		return text
	case Wrong, Broken:
		return p.alarm(text)
	default:
		return p.yellow(text)
	}
}
