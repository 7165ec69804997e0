package report

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// MatrixText prints the suites of several kernels as one table, and below it the
// lines in which answers differ. Neighbouring cells that say the same are folded
// into one: "same since 5.10", "same from 5.10 to 7.3".
func MatrixText(w io.Writer, suites []Suite, took time.Duration, colour bool) {
	p := palette{on: colour}
	var ran []Suite
	for _, s := range suites {
		if s.Failure == "" {
			ran = append(ran, s)
		}
	}
	if len(ran) > 0 {
		table(w, ran, p)
		differences(w, ran, p)
	}
	for _, s := range suites {
		if s.Failure != "" {
			fmt.Fprintf(w, "\n%s %s did not run\n  %s\n", p.alarm("FAIL"), s.Kernel, indentRest(s.Failure))
		}
	}
	fmt.Fprintln(w)
	var boots time.Duration
	for _, s := range ran {
		boot := s.Duration
		for _, r := range s.Results {
			boot -= r.Duration
		}
		boots += boot
		fmt.Fprintf(w, "%s: %s, %.1f s, of which %.1f s for start and end (%s)\n",
			s.Kernel, Count(s), s.Duration.Seconds(), boot.Seconds(), s.Release)
	}
	fmt.Fprintf(w, "kernels: %d, in %.1f s; their starts and ends one after the other: %.1f s\n%s\n",
		len(suites), took.Seconds(), boots.Seconds(), Count(suites...))
}

// table prints a row a scenario.
func table(w io.Writer, suites []Suite, p palette) {
	names := len("scenario")
	for _, r := range suites[0].Results {
		names = max(names, utf8.RuneCountInString(r.Name))
	}
	widths := make([]int, len(suites))
	fmt.Fprint(w, p.bold(fmt.Sprintf("%-*s", names, "scenario")))
	for i, s := range suites {
		widths[i] = max(len("skipped"), len(s.Kernel))
		fmt.Fprint(w, p.bold(fmt.Sprintf("  %-*s", widths[i], s.Kernel)))
	}
	fmt.Fprintln(w)
	for row, r := range suites[0].Results {
		var line strings.Builder
		fmt.Fprintf(&line, "%-*s", names, r.Name)
		for i := 0; i < len(suites); {
			cell, span := suites[i].Results[row], widths[i]
			next := i + 1
			for next < len(suites) && alike(cell, suites[next].Results[row]) {
				span += 2 + widths[next]
				next++
			}
			text := cell.Status.String()
			if next > i+1 {
				if next == len(suites) {
					text += " since " + suites[i].Kernel
				} else {
					text += " from " + suites[i].Kernel + " to " + suites[next-1].Kernel
				}
				if len(text) > span {
					text = cell.Status.String()
				}
			}
			line.WriteString("  " + p.status(cell.Status, fmt.Sprintf("%-*s", span, text)))
			i = next
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// alike tells whether two cells of a row say the same, to the answer.
func alike(a, b Result) bool { return a.Status == b.Status && a.Diff == b.Diff && a.Reason == b.Reason }

// differences prints, for each scenario, the lines in which kernels differ, and
// for which.
func differences(w io.Writer, suites []Suite, p palette) {
	for row, r := range suites[0].Results {
		said := false
		for i := 0; i < len(suites); {
			cell := suites[i].Results[row]
			kernels := []string{suites[i].Kernel}
			next := i + 1
			for next < len(suites) && alike(cell, suites[next].Results[row]) {
				kernels = append(kernels, suites[next].Kernel)
				next++
			}
			i = next
			if cell.Status == Same {
				continue
			}
			if !said {
				fmt.Fprintf(w, "\n%s: %s\n  %s\n", p.bold(r.Name), r.Script, r.Essence)
				said = true
			}
			fmt.Fprintf(w, "  %s on %s", p.status(cell.Status, cell.Status.String()), strings.Join(kernels, ", "))
			if cell.Reason != "" {
				fmt.Fprintf(w, ": %s", cell.Reason)
			}
			fmt.Fprintln(w)
			for line := range strings.Lines(p.diff(changes(cell.Diff))) {
				fmt.Fprint(w, "    ", line)
			}
		}
	}
}

// changes are the lines of a diff that were taken out or put in.
func changes(diff string) string {
	var b strings.Builder
	for line := range strings.Lines(diff) {
		head := strings.HasPrefix(line, "---") || strings.HasPrefix(line, "+++")
		if !head && (line[0] == '-' || line[0] == '+') {
			b.WriteString(line)
		}
	}
	return b.String()
}

func indentRest(text string) string { return strings.ReplaceAll(text, "\n", "\n  ") }

func (p palette) status(s Status, text string) string {
	if s == Wrong {
		return p.alarm(text)
	}
	if s == Same {
		return text
	}
	return p.yellow(text)
}
