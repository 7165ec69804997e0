package report

import (
	"fmt"
	"io"
	"strings"

	"sockprobe/scenario"
)

// A Printer writes the observations of one run, each as soon as it is made, so
// that they stand between the calls in a trace. Errors of writing are its
// writer's to keep.
type Printer struct {
	w     io.Writer
	line  func(o scenario.Counted, runs int) string // "" for an observation not shown
	begin string
	end   string
}

// Text prints the lines of the original tool's -v.
func Text(w io.Writer, colour bool) *Printer {
	p := palette{on: colour}
	return &Printer{w: w, line: func(o scenario.Counted, runs int) string {
		return textLine(o.Observation, p) + p.faint(share(o, runs)) + reasons(o.Why, p)
	}}
}

// Classic prints what the tool printed in 2019: between two delimiters, and
// without the implicit connect, which then was made before the first step.
func Classic(w io.Writer) *Printer {
	return &Printer{
		w:     w,
		begin: "#### BEGIN ####",
		end:   "#### END ####",
		line: func(o scenario.Counted, runs int) string {
			if o.Step == 0 && o.Verb == "con" {
				return ""
			}
			return ClassicLine(o.Observation) + share(o, runs)
		},
	}
}

// JSON prints one object a line. docs/observation.schema.json describes it.
func JSON(w io.Writer) *Printer { return JSONOf(w, "") }

// JSONOf is [JSON] for one script of several: each object has the script's name.
func JSONOf(w io.Writer, name string) *Printer {
	return &Printer{w: w, line: func(o scenario.Counted, runs int) string { return jsonLine(name, o, runs) }}
}

// reasons are lines below an observation's: why each bit is set.
func reasons(why []string, p palette) string {
	var b strings.Builder
	for _, line := range why {
		b.WriteString("\n    " + p.faint(line))
	}
	return b.String()
}

// share tells how many of several runs gave an answer, if not all did, and which
// ways of asking if they do not agree.
func share(o scenario.Counted, runs int) string {
	if o.By != 0 && o.Count < o.Of {
		return fmt.Sprintf(" [%s: %d of %d]", strings.Join(o.By.Names(), " "), o.Count, o.Of)
	} else if o.By != 0 {
		return ways(o)
	}
	if o.Count == runs {
		return ""
	}
	return fmt.Sprintf(" [%d of %d]", o.Count, runs)
}

// Begin is to be called before the first step.
func (p *Printer) Begin() { p.print(p.begin) }

// Observe prints one observation of the only run.
func (p *Printer) Observe(o scenario.Observation) {
	p.print(p.line(scenario.Counted{Observation: o, Count: 1}, 1))
}

// Tally prints several runs at once: a line for each answer of a step.
func (p *Printer) Tally(t *scenario.Tally) {
	for _, answers := range t.Steps {
		for _, a := range answers {
			p.print(p.line(a, t.Runs))
		}
	}
}

// End is to be called after the last step of a script that ran to its end.
func (p *Printer) End() { p.print(p.end) }

func (p *Printer) print(line string) {
	if line != "" {
		fmt.Fprintln(p.w, line)
	}
}
