package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table prints a row a scenario and a column a kernel. Neighbouring cells that say the same are
// folded into one: "same since 5.10", "same from 5.10 to 7.3".
func table(w io.Writer, suites []Suite, p palette) {
	names := len("scenario")
	for _, r := range suites[0].Results {
		names = max(names, width(r.Name))
	}
	widths := make([]int, len(suites))
	fmt.Fprint(w, p.bold(padded("scenario", names)))
	for i, s := range suites {
		widths[i] = max(len("skipped"), width(s.Kernel))
		head := padded(s.Kernel, widths[i])
		if i == len(suites)-1 {
			head = oneLine(s.Kernel)
		}
		fmt.Fprint(w, "  ", p.bold(head))
	}
	fmt.Fprintln(w)
	for row, r := range suites[0].Results {
		var line strings.Builder
		line.WriteString(padded(r.Name, names))
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
					text += " since " + oneLine(suites[i].Kernel)
				} else {
					text += " from " + oneLine(suites[i].Kernel) + " to " + oneLine(suites[next-1].Kernel)
				}
				if utf8.RuneCountInString(text) > span {
					text = cell.Status.String()
				}
			}
			if next < len(suites) {
				text = fmt.Sprintf("%-*s", span, text)
			}
			line.WriteString("  " + p.status(cell.Status, text))
			i = next
		}
		fmt.Fprintln(w, line.String())
	}
}

// width is how many columns a name takes.
func width(name string) int { return utf8.RuneCountInString(oneLine(name)) }

func padded(name string, columns int) string { return fmt.Sprintf("%-*s", columns, oneLine(name)) }
