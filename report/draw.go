package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sockprobe/scenario"
)

// A drawing is the sequence diagram of a script, laid out in the cells of a terminal:
// a lifeline for each side that has a part in it, and a row for each answer and each
// further arrow of it. What draws it, as text or as SVG, only has to put it where it says.
type drawing struct {
	title   string
	columns []column
	rows    []row
	width   int    // in cells
	note    string // what stands below
	spacing spacing
}

// A column is a side: its lifeline, and beside it its calls.
type column struct {
	side scenario.Side
	name string
	x    int // of the lifeline
	text int // of its calls; left of the lifeline only for the leftmost side
}

// A row is one answer to a step, a further arrow of that above, or where a wait began that
// ended further below.
type row struct {
	command   int
	label     string // "#1.2"; "" where there is no answer
	column    int    // whose call it is
	call      []piece
	arrow     *arrow
	lifelines []lifeline // of each column
}

// A lifeline is how a side fares in a row: whether it has a descriptor before and after
// the call, and whether a wai or blk is under way.
type lifeline struct{ above, below, waits bool }

// An arrow goes from one lifeline to another.
type arrow struct {
	from, to int // columns
	label    piece
	accepts  bool // it hands on a connection and is no message
}

// next is the column beside from, on the way. The label stands between the two.
func (a arrow) next() int {
	if a.to < a.from {
		return a.from - 1
	}
	return a.from + 1
}

// behindCall tells whether the call stands where the arrow would begin: those of the
// leftmost side are to the left of its lifeline, the others' to the right. A further arrow
// has none.
func (r row) behindCall() bool {
	return r.arrow != nil && r.arrow.from > 0 && r.arrow.to > r.arrow.from && len(r.call) > 0
}

// A piece is text of one look.
type piece struct {
	text string
	ink  ink
}

// An ink is how text looks, where it can.
type ink uint8

const (
	plain ink = iota
	faint
	strong
	alarming // errors, resets, ERR and NVAL
	incoming // IN
	outgoing // OUT
	ending   // FIN, HUP, RDHUP
)

// eventInk is the ink of an event, by its name.
func eventInk(name string) ink {
	switch name {
	case "IN":
		return incoming
	case "OUT":
		return outgoing
	case "HUP", "RDHUP":
		return ending
	default:
		return alarming
	}
}

func cells(s string) int { return utf8.RuneCountInString(s) }

func length(pieces []piece) int {
	n := 0
	for _, p := range pieces {
		n += cells(p.text)
	}
	return n
}

// columnOrder keeps the ends of a connection side by side, so that few arrows cross
// a lifeline: the second connection is the first one's mirror image, and the listener
// stands between them.
var columnOrder = []scenario.Side{scenario.Client, scenario.Server, scenario.Listener, scenario.Server2, scenario.Client2}

// newDrawing lays a script's answers out.
func newDrawing(script scenario.Script, t *scenario.Tally) drawing {
	calls := follow(script, t)
	listens := slices.ContainsFunc(calls, func(c call) bool {
		return c.side == scenario.Listener && c.accepted == 0 || c.wire != nil && c.wire.target(false) == scenario.Listener
	})
	for i := range calls {
		if c := &calls[i]; c.accepted != 0 && !listens {
			c.side = c.accepted // where there is nothing else to say of the listener, its accept is where the server begins
		}
	}
	d := drawing{title: oneLine("sockprobe " + script.String()), columns: columnsOf(calls, listens)}
	for _, c := range calls {
		d.rows = append(d.rows, d.newRow(c, script.Family, t.Runs, listens))
	}
	d.trace(calls, script.Family)
	d.place(roomy(len(d.columns)))
	if endsEarly(t) {
		d.note = "no server socket: the script ends here"
	}
	return d
}

// columnsOf are the sides that calls are made on, and those that arrows go to.
func columnsOf(calls []call, listens bool) []column {
	var sides []scenario.Side
	add := func(side scenario.Side) {
		if !slices.Contains(sides, side) {
			sides = append(sides, side)
		}
	}
	for _, c := range calls {
		add(c.side)
		if c.wire != nil {
			add(c.wire.target(listens))
		}
		if c.accepted != 0 {
			add(c.accepted)
		}
	}
	slices.SortStableFunc(sides, func(a, b scenario.Side) int {
		return cmp.Compare(columnPlace(a), columnPlace(b))
	})
	columns := make([]column, len(sides))
	for i, side := range sides {
		columns[i] = column{side: side, name: side.Name()}
	}
	return columns
}

// columnPlace is a side's place among the columns: at the end for one that is none.
func columnPlace(side scenario.Side) int {
	if i := slices.Index(columnOrder, side); i >= 0 {
		return i
	}
	return len(columnOrder)
}

func (d *drawing) column(side scenario.Side) int {
	return slices.IndexFunc(d.columns, func(c column) bool { return c.side == side })
}

func (d *drawing) newRow(c call, family scenario.Family, runs int, listens bool) row {
	r := row{command: c.Cmd, column: d.column(c.side), call: []piece{{callWord(c), strong}}}
	if c.begins {
		r.call = append(r.call, piece{" …", faint})
		return r
	}
	if !c.more {
		r.label = fmt.Sprintf("#%d.%d", c.Cmd, c.Step)
	}
	switch {
	case c.wire != nil:
		r.arrow = &arrow{from: r.column, to: d.column(c.wire.target(listens)), label: c.wire.label}
	case c.accepted != 0 && c.side != c.accepted:
		r.arrow = &arrow{from: r.column, to: d.column(c.accepted), label: piece{text: "accept"}, accepts: true}
	}
	if c.more {
		r.call = nil
		return r
	}
	if answer := answerPieces(c, family); len(answer) > 0 {
		r.call = append(r.call, piece{text: "  "})
		r.call = append(r.call, answer...)
	}
	if s := share(c.Counted, runs); s != "" {
		r.call = append(r.call, piece{s, faint})
	}
	return r
}

// trace draws the lifelines down the rows.
func (d *drawing) trace(calls []call, family scenario.Family) {
	lines := make([]lifeline, len(d.columns))
	for i, c := range d.columns {
		accepted := family.HasListener() && (c.side == scenario.Server || c.side == scenario.Server2)
		missing := !family.HasListener() && c.side == scenario.Listener
		lines[i].below = !accepted && !missing
	}
	waiting := make([]int, len(d.columns))
	for i, c := range calls {
		here := d.rows[i].column
		if c.begins {
			waiting[here]++
		}
		for j := range lines {
			lines[j].above, lines[j].waits = lines[j].below, waiting[j] > 0
		}
		if c.accepted != 0 {
			lines[d.column(c.accepted)].below = true
		}
		if c.closes {
			lines[here].below = false
		}
		if c.ends {
			waiting[here]--
		}
		d.rows[i].lifelines = slices.Clone(lines)
	}
}

// What keeps a drawing from being cramped, in cells.
const (
	labelGap = 2 // behind the labels
	headGap  = 3 // between two sides' names
	indent   = 2 // from a lifeline to its calls
)

// A spacing is how much room arrows and names are given, in cells.
type spacing struct {
	shaft   int  // of an arrow beside its label: the head, a few dashes and a blank on each side
	gap     int  // at least between two sides with an arrow
	stacked bool // the words of a name stand one below the other
}

// roomy is the spacing where width does not matter.
func roomy(columns int) spacing {
	if columns > 2 {
		return spacing{shaft: 9, gap: 20}
	}
	return spacing{shaft: 9, gap: 26}
}

// place gives every column its place, from how long the texts are.
func (d *drawing) place(s spacing) {
	d.spacing, d.width = s, 0
	labels := 0
	texts := make([]int, len(d.columns)) // the longest in each column
	wires := make([]int, len(d.columns)) // how far each must be from the one before
	for _, r := range d.rows {
		labels = max(labels, cells(r.label))
		texts[r.column] = max(texts[r.column], length(r.call))
		if r.arrow != nil {
			right := max(r.arrow.from, r.arrow.next())
			need := cells(r.arrow.label.text) + s.shaft
			if r.behindCall() {
				need += indent + length(r.call)
			}
			wires[right] = max(wires[right], s.gap, need)
		}
	}
	for i := range d.columns {
		c := &d.columns[i]
		head := cells(longest(d.head(*c)))
		switch {
		case i > 0:
			before := d.columns[i-1]
			c.x = before.x + max(wires[i], (cells(longest(d.head(before)))+head)/2+headGap)
			if before.text > before.x {
				c.x = max(c.x, before.text+texts[i-1]+indent)
			}
			c.text = c.x + indent
		case len(d.columns) > 1:
			c.text = labels + labelGap
			c.x = max(c.text+texts[0]+1, head/2)
		default:
			c.x = max(labels+labelGap, head/2)
			c.text = c.x + indent
		}
		d.width = max(d.width, c.text+texts[i], c.x-head/2+head)
	}
}

// head is the lines of a column's name.
func (d drawing) head(c column) []string {
	if d.spacing.stacked {
		return strings.Fields(c.name)
	}
	return []string{c.name}
}

func longest(words []string) string {
	return slices.MaxFunc(words, func(a, b string) int { return cmp.Compare(cells(a), cells(b)) })
}

// start is the cell where a row's arrow begins: at the lifeline, or behind the call where the
// call stands in its way.
func (d drawing) start(r row) int {
	c := d.columns[r.arrow.from]
	if r.behindCall() {
		return c.text + length(r.call)
	}
	return c.x
}

// endsEarly tells whether the last answer is that of an implied accept that gave no
// socket.
func endsEarly(t *scenario.Tally) bool {
	if len(t.Steps) == 0 {
		return false
	}
	last := t.Steps[len(t.Steps)-1]
	return !slices.ContainsFunc(last, func(a scenario.Counted) bool {
		return a.Step != 0 || a.Verb != "acc" || a.Opened != 0
	})
}
