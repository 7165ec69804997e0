package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A finding is a difference between kernels and the default golden that has one reason: the
// scenarios that show it, and the kernels that differ.
type finding struct {
	status  Status
	kernels []string
	column  int // of the first kernel
	why     string
	see     []string
	results []Result // what the first kernel answered
}

// findings are those of suites that have the same scenarios: what is broken or wrong first, then
// by the kernels' order.
func findings(suites []Suite) []finding {
	var found []finding
	for row := range suites[0].Results {
		for _, f := range variants(suites, row) {
			i := slices.IndexFunc(found, f.joins)
			if i < 0 {
				found = append(found, f)
			} else {
				found[i].results = append(found[i].results, f.results...)
			}
		}
	}
	urgency := map[Status]int{Broken: 0, Wrong: 1, Differs: 2, Skipped: 3}
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(urgency[a.status], urgency[b.status]), cmp.Compare(a.column, b.column))
	})
	return found
}

// variants are the ways in which kernels answer a scenario, but for that of the default golden.
func variants(suites []Suite, row int) []finding {
	var found []finding
	for column, s := range suites {
		r := s.Results[row]
		if r.Status == Same {
			continue
		}
		i := slices.IndexFunc(found, func(f finding) bool {
			g := f.results[0] // kernels may have reasons of their own
			return alike(g, r) && g.Why == r.Why && slices.Equal(g.Host, r.Host)
		})
		if i >= 0 {
			found[i].kernels = append(found[i].kernels, oneLine(s.Kernel))
			continue
		}
		f := finding{status: r.Status, kernels: []string{oneLine(s.Kernel)}, column: column, results: []Result{r}}
		switch r.Status {
		case Differs:
			f.why, f.see = oneLine(r.Why), r.WhySee
		default: // what the file says of such kernels is not about these answers
			f.why = oneLine(r.Reason)
		}
		found = append(found, f)
	}
	return found
}

// joins tells whether two findings are one.
func (f finding) joins(g finding) bool {
	return f.status == g.status && f.why == g.why && slices.Equal(f.kernels, g.kernels) && slices.Equal(f.see, g.see) &&
		slices.Equal(f.results[0].Host, g.results[0].Host)
}

// alike tells whether two cells of a row say the same, to the answer.
func alike(a, b Result) bool {
	return a.Status == b.Status && a.Diff == b.Diff && a.Reason == b.Reason && a.Answers == b.Answers
}

// print writes the reason once and below it the scenarios, each with the lines in which the
// answers differ. Of those that did not run it names all or some.
func (f finding) print(w io.Writer, all bool, p palette) {
	fmt.Fprintf(w, "%s on %s", p.status(f.status, f.status.String()), strings.Join(f.kernels, ", "))
	if f.why != "" {
		fmt.Fprintf(w, ": %s", f.why)
	}
	fmt.Fprintln(w)
	printLinks(w, "  ", f.see)
	for _, line := range hostLines(f.results[0]) {
		fmt.Fprintf(w, "  %s\n", p.yellow(line))
	}
	if f.status == Skipped || f.status == Broken {
		names := make([]string, len(f.results))
		for i, r := range f.results {
			names[i] = oneLine(r.Name)
		}
		const some = 3
		if n := len(names); n > some && !all {
			names = append(names[:some], fmt.Sprintf("and %d more (--all names them)", n-some))
		}
		fmt.Fprintf(w, "  %s\n", strings.Join(names, ", "))
		return
	}
	for _, r := range f.results {
		fmt.Fprintf(w, "  %s", p.bold(oneLine(r.Name)))
		if r.Essence != "" {
			fmt.Fprintf(w, ": %s", oneLine(r.Essence))
		}
		fmt.Fprintln(w)
		printLinks(w, "    ", r.See)
		if r.Status == Wrong && r.Golden != "" && r.Diff != "" {
			fmt.Fprintf(w, "    held against %q\n", oneLine(r.Golden))
		}
		fmt.Fprintf(w, "    %s\n", oneLine(r.Script))
		for line := range strings.Lines(p.diff(changes(Printable(r.Diff)))) {
			fmt.Fprint(w, "    ", line)
		}
		for line := range strings.Lines(Printable(r.Answers)) {
			fmt.Fprint(w, "    ", line)
		}
	}
}

func printLinks(w io.Writer, indent string, links []string) {
	for _, link := range links {
		fmt.Fprintf(w, "%ssee: %s\n", indent, oneLine(link))
	}
}

// changes are the lines of a diff that were taken out or put in.
func changes(diff string) string {
	var b strings.Builder
	for line := range strings.Lines(diff) {
		head := strings.HasPrefix(line, "---") || strings.HasPrefix(line, "+++")
		if !head && (line[0] == '-' || line[0] == '+') {
			b.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	return b.String()
}
