package report

import (
	"slices"
	"sort"
	"strings"
)

// fit is the drawing in so many columns, or as near to that as it can be. It moves the sides
// closer first. Then it stacks the words of names, puts arrows that begin behind a call into rows
// of their own, and breaks calls between two words.
func (d drawing) fit(columns int) drawing {
	narrow := d.spacing
	for ; d.width > columns && narrow.gap > 0; narrow.gap-- {
		d = d.placed(narrow, d.rows)
	}
	for narrow.stacked = true; d.width > columns && narrow.shaft >= 7; narrow.shaft-- {
		d = d.placed(narrow, d.rows)
	}
	if d.width <= columns {
		return d
	}
	narrow = d.spacing
	rows := d.split()
	whole := make([]int, len(d.columns)) // cells that the calls of each would take
	calls := make([][]chunk, len(rows))
	for i, r := range rows {
		whole[r.column] = max(whole[r.column], length(r.call))
		calls[i] = chunks(r.call)
	}
	wrapped := func(most []int) drawing { return d.placed(narrow, wrapRows(rows, calls, most)) }
	// The calls of all columns are broken at the same width. Then each column gets as much of it
	// back as there is room for.
	most := make([]int, len(whole))
	limited := func(limit int) []int {
		for i := range most {
			most[i] = min(whole[i], limit)
		}
		return most
	}
	columns = max(columns, wrapped(limited(1)).width)
	limit := sort.Search(slices.Max(whole), func(n int) bool { return wrapped(limited(n+1)).width > columns })
	limited(limit)
	for i := range most {
		least := most[i]
		most[i] = least + sort.Search(whole[i]-least, func(n int) bool {
			most[i] = least + n + 1
			return wrapped(most).width > columns
		})
	}
	return wrapped(most)
}

// placed is the drawing with other rows, placed anew.
func (d drawing) placed(s spacing, rows []row) drawing {
	d.columns, d.rows = slices.Clone(d.columns), rows
	d.place(s)
	return d
}

// split puts each arrow that begins behind a call into a row of its own, below the call.
func (d drawing) split() []row {
	var rows []row
	for _, r := range d.rows {
		if !r.behindCall() {
			rows = append(rows, r)
			continue
		}
		call, arrow := r, r
		call.arrow = nil
		call.lifelines = slices.Clone(r.lifelines)
		for i := range call.lifelines { // what the call has made of them shows with the arrow
			call.lifelines[i].below = call.lifelines[i].above
		}
		arrow.label, arrow.call = "", nil
		rows = append(rows, call, arrow)
	}
	return rows
}

// wrapRows breaks the calls that are longer than the cells that their column has.
func wrapRows(rows []row, calls [][]chunk, most []int) []row {
	out := make([]row, 0, len(rows))
	for i, r := range rows {
		if length(r.call) <= most[r.column] {
			out = append(out, r)
			continue
		}
		lines := wrapCall(calls[i], most[r.column])
		r.call = lines[0]
		out = append(out, r)
		below := slices.Clone(r.lifelines)
		for j := range below {
			below[j].above = below[j].below
			below[j].waits = below[j].waits && i+1 < len(rows) && rows[i+1].lifelines[j].waits
		}
		for _, line := range lines[1:] {
			out = append(out, row{command: r.command, column: r.column, call: line, lifelines: below})
		}
	}
	return out
}

// wrapCall breaks the words of a call into lines of at most so many cells, if no word is longer.
// The lines below the first are indented, where there is room as far as the second word.
func wrapCall(words []chunk, most int) [][]piece {
	widest := 0
	for _, w := range words[1:] {
		widest = max(widest, length(w.pieces))
	}
	hang := length(words[0].pieces) + 2
	if hang > most/2 {
		hang = 2
	}
	hang = max(min(hang, most-widest), 0)
	var lines [][]piece
	var line []piece
	for i, w := range words {
		switch {
		case i == 0:
		case length(line)+w.blanks+length(w.pieces) > most:
			lines = append(lines, line)
			line = []piece{{text: strings.Repeat(" ", hang)}}
		default:
			line = append(line, piece{text: strings.Repeat(" ", w.blanks)})
		}
		line = append(line, w.pieces...)
	}
	return append(lines, line)
}

// A chunk is a word of a call, in one ink or several, and how many blanks are before it.
type chunk struct {
	pieces []piece
	blanks int
}

// chunks are the words of a call.
func chunks(call []piece) []chunk {
	var out []chunk
	blanks, inside := 0, false
	for _, p := range call {
		for text := p.text; text != ""; {
			rest := strings.TrimLeft(text, " ")
			if n := len(text) - len(rest); n > 0 {
				blanks, inside, text = blanks+n, false, rest
				continue
			}
			end := strings.IndexByte(text, ' ')
			if end < 0 {
				end = len(text)
			}
			if !inside {
				out = append(out, chunk{blanks: blanks})
				blanks, inside = 0, true
			}
			last := &out[len(out)-1]
			last.pieces = append(last.pieces, piece{text[:end], p.ink})
			text = text[end:]
		}
	}
	return out
}
