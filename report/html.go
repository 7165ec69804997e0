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

// HTML writes a matrix as one page that needs nothing beside it: a row for each
// scenario and a column for each kernel, with the diffs behind the cells. The scenarios in
// which kernels differ come first and the others are folded. It is read without scripts too;
// with them its rows can be filtered. Each row can be linked to by its scenario's name.
func HTML(w io.Writer, m Matrix) error {
	var b bytes.Buffer
	if err := matrixPage.Execute(&b, newPage(m)); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}

// page is what the page is made from. Its strings are printable.
type page struct {
	Made, Version string // "" if they are not known
	Kernels       []pageKernel
	News, Rest    pageTable
	Statuses      []pageStatus // that rows can be filtered by
	Legend        []pageStatus
}

type pageTable struct {
	Kernels []pageKernel
	Rows    []pageRow
}

type pageKernel struct {
	Name, Release, Time string
	Summary             string // the first line of Failure
	Failure             string
	Counts              []pageStatus // each status, from good to bad
}

type pageStatus struct {
	Status  Status
	Count   int
	Meaning string
}

type pageRow struct {
	ID                    string // for links
	Name, Essence, Script string
	See                   []pageLink
	Statuses              []Status // those of its cells, for the filter
	Cells                 []pageCell
	rank                  [2]int // what is wrong first, then by the first kernel that differs
}

type pageCell struct {
	Kernel string
	Ran    bool
	Status Status
	Notes  []string
	See    []pageLink
	Diff   []diffLine
}

// A pageLink is text, and a link if it has an address.
type pageLink struct{ Address, Text string }

type diffLine struct{ Class, Text string }

// legend says what the words in the cells mean.
var legend = []pageStatus{
	{Status: Same, Meaning: "as a current Linux answers"},
	{Status: Differs, Meaning: "not as a current Linux, but as is known of such a kernel"},
	{Status: Skipped, Meaning: "the kernel lacks what the scenario is about"},
	{Status: Wrong, Meaning: "not as is known of such a kernel, or nothing is known"},
	{Status: Broken, Meaning: "the file cannot be read, or makes no sense"},
}

func newPage(m Matrix) page {
	p := page{Version: oneLine(m.Version), Legend: legend}
	if !m.Made.IsZero() {
		p.Made = m.Made.UTC().Format("2006-01-02 15:04 UTC")
	}
	if Count(m.Suites...).Broken == 0 {
		p.Legend = legend[:Broken]
	}
	scenarios := 0
	for _, s := range m.Suites {
		p.Kernels = append(p.Kernels, newPageKernel(s, p.Legend))
		scenarios = max(scenarios, len(s.Results))
	}
	p.News.Kernels, p.Rest.Kernels = p.Kernels, p.Kernels
	for i := range scenarios {
		row := newPageRow(i, m.Suites)
		if isSame(m.Suites, i) {
			p.Rest.Rows = append(p.Rest.Rows, row)
		} else {
			p.News.Rows = append(p.News.Rows, row)
		}
	}
	slices.SortStableFunc(p.News.Rows, func(a, b pageRow) int { return slices.Compare(a.rank[:], b.rank[:]) })
	for _, l := range p.Legend[1:] { // Same is in almost every row
		for _, row := range p.News.Rows {
			if slices.Contains(row.Statuses, l.Status) {
				l.Count++
			}
		}
		p.Statuses = append(p.Statuses, l)
	}
	return p
}

// newPageRow is the row of the i-th scenario: results are in the same order
// on every kernel that has any.
func newPageRow(i int, suites []Suite) pageRow {
	row := pageRow{rank: [2]int{1, len(suites)}}
	for column, s := range suites {
		if i >= len(s.Results) {
			row.Cells = append(row.Cells, pageCell{})
			continue
		}
		r := s.Results[i]
		row.Name, row.Essence, row.Script = Printable(r.Name), Printable(r.Essence), Printable(r.Script)
		row.ID = strings.Join(strings.Fields(row.Name), "-")
		if row.See == nil {
			row.See = pageLinks(r.See)
		}
		row.Cells = append(row.Cells, newPageCell(s, r))
		if !slices.Contains(row.Statuses, r.Status) {
			row.Statuses = append(row.Statuses, r.Status)
		}
		switch r.Status {
		case Same:
		case Wrong, Broken:
			row.rank = [2]int{0, min(row.rank[1], column)}
		default:
			row.rank[1] = min(row.rank[1], column)
		}
	}
	return row
}

func newPageKernel(s Suite, statuses []pageStatus) pageKernel {
	k := pageKernel{
		Name:    oneLine(s.Kernel),
		Release: oneLine(s.Release),
		Time:    fmt.Sprintf("%.1f s", s.Duration.Round(100*time.Millisecond).Seconds()),
		Summary: firstLine(s.Failure),
		Failure: Printable(strings.TrimSpace(s.Failure)),
		Counts:  slices.Clone(statuses),
	}
	for _, r := range s.Results {
		k.Counts[r.Status].Count++
	}
	return k
}

func newPageCell(s Suite, r Result) pageCell {
	c := pageCell{Kernel: oneLine(s.Kernel), Ran: true, Status: r.Status}
	switch {
	case r.Status == Differs:
		c.Notes = append(c.Notes, differsSentence(r))
		c.See = pageLinks(r.WhySee)
	case r.Reason != "":
		c.Notes = append(c.Notes, oneLine(r.Reason))
	}
	if r.Status == Wrong && r.Golden != "" {
		c.Notes = append(c.Notes, fmt.Sprintf("held against %q", oneLine(r.Golden)))
	}
	c.Notes = append(c.Notes, hostLines(r)...)
	for line := range strings.Lines(Printable(r.Diff + r.Answers)) {
		text := strings.TrimSuffix(line, "\n")
		c.Diff = append(c.Diff, diffLine{Class: diffClass(text), Text: text})
	}
	return c
}

// pageLinks makes links of addresses on the web. Whatever else a file names is text.
func pageLinks(see []string) []pageLink {
	const web = "https://"
	var links []pageLink
	for _, line := range see {
		for i, part := range strings.Split(line, ", "+web) {
			if i > 0 {
				part = web + part
			}
			link := pageLink{Text: oneLine(part)}
			if rest, ok := strings.CutPrefix(part, web); ok {
				address, _, _ := strings.Cut(part, " ") // then perhaps a name in that file
				link = pageLink{Address: address, Text: oneLine(rest)}
			}
			links = append(links, link)
		}
	}
	return links
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
