package report

import (
	"io"
	"strings"

	"github.com/fatih/color"

	"sockprobe/scenario"
)

// Draw writes what runs of a script answered as a sequence diagram for a terminal of
// so many columns: a line for each answer, and for each further arrow of it. Where
// that is too wide it is made narrower as far as it stays readable. The result is how many
// columns it has taken.
func Draw(w io.Writer, script scenario.Script, t *scenario.Tally, colour bool, columns int) (width int, err error) {
	d := newDrawing(script, t).fit(columns)
	_, err = io.WriteString(w, d.text(palette{on: colour}))
	return d.width, err
}

// text draws with characters.
func (d drawing) text(p palette) string {
	var b strings.Builder
	for i := range d.headLines() {
		head := make(canvas, d.width)
		for _, c := range d.columns {
			words := d.head(c)
			if i < len(words) {
				head.write(c.x-cells(words[i])/2, piece{words[i], strong})
			}
		}
		b.WriteString(head.line(p))
	}
	for _, r := range d.rows {
		b.WriteString(d.textRow(r).line(p))
	}
	if d.note != "" {
		b.WriteString(p.faint(d.note) + "\n")
	}
	return b.String()
}

// headLines is how many lines the names take.
func (d drawing) headLines() int {
	n := 1
	for _, c := range d.columns {
		n = max(n, len(d.head(c)))
	}
	return n
}

func (d drawing) textRow(r row) canvas {
	line := make(canvas, d.width)
	line.write(0, piece{r.label, faint})
	for i, c := range d.columns {
		line[c.x] = cell{r.lifelines[i].glyph(), faint}
	}
	x := d.columns[r.column].text
	for _, p := range r.call {
		line.write(x, p)
		x += cells(p.text)
	}
	if r.arrow != nil {
		d.textArrow(line, r)
	}
	return line
}

// textArrow draws an arrow into its line.
func (d drawing) textArrow(line canvas, r row) {
	a := *r.arrow
	from, to, next := d.start(r), d.columns[a.to].x, d.columns[a.next()].x
	step, dash, head := 1, '─', '►'
	if to < from {
		step, head = -1, '◄'
	}
	if a.accepts {
		dash, head = '╌', '▷'
		if to < from {
			head = '◁'
		}
	}
	for x := from + step; x != to; x += step {
		line[x] = cell{r: crossed(line[x].r, dash)}
	}
	line[to-step] = cell{r: head}
	if !r.behindCall() {
		line[from] = cell{r.lifelines[a.from].branch(step), faint}
	}
	text := " " + a.label.text + " "
	middle := min(from, next) + (max(from, next)-min(from, next)+1-cells(text))/2
	line.write(middle, piece{text, a.label.ink})
}

// glyph is a lifeline where nothing else is.
func (l lifeline) glyph() rune {
	switch {
	case l.waits:
		return '┃'
	case l.above && l.below:
		return '│'
	case l.above:
		return '┴'
	case l.below:
		return '┬'
	default:
		return '┊'
	}
}

// crossed is an arrow's dash where it passes a lifeline, or does not.
func crossed(under, dash rune) rune {
	switch under {
	case 0:
		return dash
	case '┃':
		return '╂'
	default:
		return '┼'
	}
}

// branch is the lifeline that an arrow leaves to the right (1) or to the left (-1).
func (l lifeline) branch(step int) rune {
	glyphs := "┤├" // to the left, to the right
	switch {
	case l.waits:
		glyphs = "┨┠"
	case l.above && !l.below:
		glyphs = "┘└"
	case l.below && !l.above:
		glyphs = "┐┌"
	}
	runes := []rune(glyphs)
	return runes[(step+1)/2]
}

// A canvas is a line of a terminal.
type canvas []cell

type cell struct {
	r   rune // 0 for a blank
	ink ink
}

func (c canvas) write(x int, p piece) {
	for _, r := range p.text {
		c[x] = cell{r, p.ink}
		x++
	}
}

// line is the canvas as it prints, without blanks at the end.
func (c canvas) line(p palette) string {
	for len(c) > 0 && (c[len(c)-1].r == 0 || c[len(c)-1].r == ' ') {
		c = c[:len(c)-1]
	}
	var b, same strings.Builder
	for i, at := range c {
		if at.r == 0 {
			at.r = ' '
		}
		same.WriteRune(at.r)
		if i+1 == len(c) || c[i+1].ink != at.ink {
			b.WriteString(p.ink(same.String(), at.ink))
			same.Reset()
		}
	}
	return b.String() + "\n"
}

// ink paints text.
func (p palette) ink(s string, with ink) string {
	switch with {
	case faint:
		return p.faint(s)
	case strong:
		return p.bold(s)
	case alarming:
		return p.alarm(s)
	case incoming:
		return p.paint(s, color.FgGreen)
	case outgoing:
		return p.paint(s, color.FgCyan)
	case ending:
		return p.paint(s, color.FgYellow)
	default:
		return s
	}
}
