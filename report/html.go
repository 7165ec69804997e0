package report

import (
	"bytes"
	_ "embed" // for the page
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"
)

//go:embed matrix.html.tmpl
var matrixTemplate string

var matrixPage = template.Must(template.New("matrix").Parse(matrixTemplate))

// HTML writes suites as one page that needs nothing beside it: a row for each
// scenario and a column for each kernel, with the diffs behind the cells. It is
// read without scripts too; with them its rows can be filtered.
func HTML(w io.Writer, suites []Suite) error {
	var b bytes.Buffer
	if err := matrixPage.Execute(&b, newMatrix(suites)); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}

// matrix is what the page is made from. Its strings are printable.
type matrix struct {
	Kernels  []matrixKernel
	Rows     []matrixRow
	Statuses []matrixStatus // that rows can be filtered by
	Legend   []matrixStatus
}

type matrixKernel struct {
	Name, Release, Time string
	Summary             string // the first line of Failure
	Failure             string
	Counts              []matrixStatus // each status, from good to bad
}

type matrixStatus struct {
	Status  Status
	Count   int
	Meaning string
}

type matrixRow struct {
	Name, Essence, Script string
	Statuses              []Status // those of its cells, for the filter
	Cells                 []matrixCell
}

type matrixCell struct {
	Kernel string
	Ran    bool
	Status Status
	Notes  []string
	Diff   []diffLine
}

type diffLine struct{ Class, Text string }

// legend says what the words in the cells mean.
var legend = []matrixStatus{
	{Status: Same, Meaning: "as a current Linux answers"},
	{Status: Differs, Meaning: "not as a current Linux, but as is known of such a kernel"},
	{Status: Skipped, Meaning: "the kernel lacks what the scenario is about"},
	{Status: Wrong, Meaning: "not as is known of such a kernel, or nothing is known"},
}

func newMatrix(suites []Suite) matrix {
	m := matrix{Legend: legend}
	scenarios := 0
	for _, s := range suites {
		m.Kernels = append(m.Kernels, newMatrixKernel(s))
		scenarios = max(scenarios, len(s.Results))
	}
	for i := range scenarios {
		m.Rows = append(m.Rows, newMatrixRow(i, suites))
	}
	for _, l := range legend[1:] { // Same is in almost every row
		for _, row := range m.Rows {
			if slices.Contains(row.Statuses, l.Status) {
				l.Count++
			}
		}
		m.Statuses = append(m.Statuses, l)
	}
	return m
}

// newMatrixRow is the row of the i-th scenario: results are in the same order
// on every kernel that has any.
func newMatrixRow(i int, suites []Suite) matrixRow {
	var row matrixRow
	for _, s := range suites {
		if i >= len(s.Results) {
			row.Cells = append(row.Cells, matrixCell{})
			continue
		}
		r := s.Results[i]
		row.Name, row.Essence, row.Script = Printable(r.Name), Printable(r.Essence), Printable(r.Script)
		row.Cells = append(row.Cells, newMatrixCell(s, r))
		if !slices.Contains(row.Statuses, r.Status) {
			row.Statuses = append(row.Statuses, r.Status)
		}
	}
	return row
}

func newMatrixKernel(s Suite) matrixKernel {
	k := matrixKernel{
		Name:    oneLine(s.Kernel),
		Release: oneLine(s.Release),
		Time:    fmt.Sprintf("%.1f s", s.Duration.Round(100*time.Millisecond).Seconds()),
		Summary: firstLine(s.Failure),
		Failure: Printable(strings.TrimSpace(s.Failure)),
		Counts:  slices.Clone(legend),
	}
	for _, r := range s.Results {
		k.Counts[r.Status].Count++
	}
	return k
}

func newMatrixCell(s Suite, r Result) matrixCell {
	c := matrixCell{Kernel: oneLine(s.Kernel), Ran: true, Status: r.Status}
	switch {
	case r.Status == Differs:
		c.Notes = append(c.Notes, differsSentence(r))
	case r.Reason != "":
		c.Notes = append(c.Notes, oneLine(r.Reason))
	}
	if r.Status == Wrong && r.Golden != "" {
		c.Notes = append(c.Notes, fmt.Sprintf("held against %q", oneLine(r.Golden)))
	}
	for line := range strings.Lines(Printable(r.Diff)) {
		text := strings.TrimSuffix(line, "\n")
		c.Diff = append(c.Diff, diffLine{Class: diffClass(text), Text: text})
	}
	return c
}

// diffClass is the kind of a line of a unified diff, by its first bytes.
func diffClass(line string) string {
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		return "file"
	case strings.HasPrefix(line, "@@"):
		return "hunk"
	case strings.HasPrefix(line, "+"):
		return "added"
	case strings.HasPrefix(line, "-"):
		return "removed"
	}
	return "context"
}
