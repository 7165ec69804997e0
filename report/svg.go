package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"sockprobe/scenario"
)

// SVG writes what runs of a script answered as a sequence diagram in SVG 1.1, which
// needs nothing beside it. It brings its own background, a light or a dark one as the
// reader prefers, so that it can be read wherever it is pasted.
func SVG(w io.Writer, script scenario.Script, t *scenario.Tally) error {
	_, err := io.WriteString(w, newDrawing(script, t).svg())
	return err
}

// What a cell of the layout is in the picture, in pixels. Monospace fonts are at most
// 0.602 of their size wide.
const (
	fontSize   = 14
	cellWidth  = 8.45
	rowHeight  = 24
	margin     = 20
	arrowHead  = 8
	textMiddle = 5 // from the middle of a text down to its baseline
)

// svgStyle has a class for each ink, with what stands out against both backgrounds.
const svgStyle = `
  svg { color-scheme: light dark }
  text { font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }
  .page { fill: #ffffff; stroke: #d1d9e0 }
  .line { stroke: #9198a1; stroke-width: 1.5; fill: none }
  .gone { stroke-dasharray: 2 5 }
  .wait { fill: #d4a72c }
  .arrow { stroke: #1f2328; stroke-width: 1.5; fill: none }
  .accept { stroke-dasharray: 4 3 }
  .head { fill: #1f2328 }
  .band { fill: #818b98; fill-opacity: .09 }
  .faint { fill: #6e7781 }
  .strong { font-weight: bold }
  .alarming { fill: #c4232f }
  .incoming { fill: #187733 }
  .outgoing { fill: #0b63c5 }
  .ending { fill: #8a5a00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .page { fill: #0d1117; stroke: #3d444d }
    .line { stroke: #768390 }
    .arrow { stroke: #e6edf3 }
    .head { fill: #e6edf3 }
    .faint { fill: #9198a1 }
    .alarming { fill: #ff7b72 }
    .incoming { fill: #4ac26b }
    .outgoing { fill: #6cb6ff }
    .ending { fill: #e3b341 }
  }
`

var inkClasses = [...]string{
	plain: "", faint: "faint", strong: "strong", alarming: "alarming", incoming: "incoming", outgoing: "outgoing", ending: "ending",
}

// A sheet is an SVG document being written.
type sheet struct {
	strings.Builder
	top float64 // of the first row
}

// svg draws with shapes.
func (d drawing) svg() string {
	title := wrap(d.title, max(d.width, 60))
	cellsWide := d.width
	for _, line := range title {
		cellsWide = max(cellsWide, cells(line))
	}
	cellsWide = max(cellsWide, cells(d.note))
	s := sheet{top: margin + rowHeight*float64(len(title)+1) + rowHeight/2}
	width := 2*margin + cellWidth*float64(cellsWide)
	height := s.y(len(d.rows)-1) + rowHeight/2 + margin
	if d.note != "" {
		height += rowHeight
	}
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img">`+"\n",
		width, height, width, height)
	fmt.Fprintf(&s, "<title>%s</title>\n<style>%s</style>\n", escape(d.title), svgStyle)
	fmt.Fprintf(&s, `<rect class="page" x=".5" y=".5" width="%.0f" height="%.0f" rx="8"/>`+"\n", width-1, height-1)
	for i, line := range title {
		s.text(0, margin+rowHeight*(float64(i)+.5), "start", piece{line, faint})
	}
	d.svgBands(&s, width)
	d.svgLifelines(&s)
	for i, r := range d.rows {
		s.text(0, s.y(i), "start", piece{r.label, faint})
		s.text(float64(d.columns[r.column].text), s.y(i), "start", r.call...)
		if r.arrow != nil {
			d.svgArrow(&s, r, s.y(i))
		}
	}
	s.text(0, s.y(len(d.rows)), "start", piece{d.note, alarming})
	s.WriteString("</svg>\n")
	return s.String()
}

// svgBands sets every other command off from those around it.
func (d drawing) svgBands(s *sheet, width float64) {
	for from := 0; from < len(d.rows); {
		to := from + 1
		for to < len(d.rows) && d.rows[to].command == d.rows[from].command {
			to++
		}
		if d.rows[from].command%2 == 0 {
			fmt.Fprintf(s, `<rect class="band" x="1" y="%.1f" width="%.0f" height="%d"/>`+"\n",
				s.y(from)-rowHeight/2, width-2, rowHeight*(to-from))
		}
		from = to
	}
}

// svgLifelines draws the names and what is below them.
func (d drawing) svgLifelines(s *sheet) {
	for i, c := range d.columns {
		s.text(float64(c.x), s.y(-1), "middle", piece{c.name, strong})
		var halves []bool // of each row: whether the descriptor is there
		for _, r := range d.rows {
			l := r.lifelines[i]
			halves = append(halves, l.above, l.below)
		}
		for from := 0; from < len(halves); {
			to := from + 1
			for to < len(halves) && halves[to] == halves[from] {
				to++
			}
			class := "line"
			if !halves[from] {
				class = "line gone"
			}
			s.line(class, s.x(c.x), s.y(0)+rowHeight/2*float64(from-1), s.x(c.x), s.y(0)+rowHeight/2*float64(to-1))
			from = to
		}
		for from := 0; from < len(d.rows); from++ {
			to := from
			for to < len(d.rows) && d.rows[to].lifelines[i].waits {
				to++
			}
			if to > from {
				fmt.Fprintf(s, `<rect class="wait" x="%.1f" y="%.1f" width="6" height="%.1f" rx="2"/>`+"\n",
					s.x(c.x)-3, s.y(from)-6, s.y(to-1)-s.y(from)+12)
				from = to
			}
		}
	}
}

func (d drawing) svgArrow(s *sheet, r row, y float64) {
	a := *r.arrow
	from, next, to := s.x(d.start(r)), s.x(d.columns[a.next()].x), s.x(d.columns[a.to].x)
	step := 1.0
	if to < from {
		step = -1
	}
	if r.behindCall() {
		from += cellWidth
	}
	class := "arrow"
	if a.accepts {
		class = "arrow accept"
	}
	middle := (from + next) / 2
	half := step * cellWidth * (float64(cells(a.label.text))/2 + 1)
	s.line(class, from, y, middle-half, y)
	s.line(class, middle+half, y, to-step*arrowHead, y)
	fmt.Fprintf(s, `<path class="head" d="M%.1f %.1f l%.1f -4.5 v9 z"/>`+"\n", to-step, y, -step*arrowHead)
	s.text((middle-margin)/cellWidth, y, "middle", a.label)
}

// x is the middle of a lifeline's cell, y that of a row.
func (s *sheet) x(cell int) float64 { return margin + cellWidth*float64(cell) }
func (s *sheet) y(row int) float64  { return s.top + rowHeight*float64(row) + rowHeight/2 }

func (s *sheet) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(s, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", class, x1, y1, x2, y2)
}

// text writes pieces that begin, or have their middle, at a cell.
func (s *sheet) text(cell, y float64, anchor string, pieces ...piece) {
	if length(pieces) == 0 {
		return
	}
	fmt.Fprintf(s, `<text xml:space="preserve" x="%.1f" y="%.1f" text-anchor="%s">`, margin+cellWidth*cell, y+textMiddle, anchor)
	for _, p := range pieces {
		if p.ink == plain {
			s.WriteString(escape(p.text))
			continue
		}
		fmt.Fprintf(s, `<tspan class="%s">%s</tspan>`, inkClasses[p.ink], escape(p.text))
	}
	s.WriteString("</text>\n")
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// wrap breaks a command line into lines of at most so many cells, if it can do so before
// its options.
func wrap(line string, most int) []string {
	var lines []string
	for i, option := range strings.Split(line, " -") {
		if i > 0 {
			option = " -" + option
		}
		if n := len(lines); n > 0 && cells(lines[n-1])+cells(option) <= most {
			lines[n-1] += option
			continue
		}
		lines = append(lines, strings.TrimSpace(option))
	}
	return lines
}
