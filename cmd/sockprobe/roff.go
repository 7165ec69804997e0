package main

import (
	"fmt"
	"strings"
)

// manWidth is what a table on a manual page is fitted to: 80 columns without the indents of man(7).
const manWidth = 80 - 7 - 4

// A roff is the source of a manual page in the macros of man(7).
type roff struct{ strings.Builder }

// macro writes a request with its arguments.
func (r *roff) macro(name string, args ...string) {
	r.WriteString("." + name)
	for _, arg := range args {
		fmt.Fprintf(r, ` "%s"`, strings.ReplaceAll(escape(arg), `"`, `\(dq`))
	}
	r.WriteByte('\n')
}

// text writes a line of running text.
func (r *roff) text(s string) { r.line(escape(s)) }

// line writes a line whose special characters are escaped. One that begins like a request is none.
func (r *roff) line(s string) {
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	r.WriteString(s + "\n")
}

// prose writes a text as [wrapText] takes it: paragraphs at the margin, and indented lines that
// stay as they are.
func (r *roff) prose(s string) {
	asIs := false
	begin := func(indented bool) {
		switch {
		case indented && !asIs:
			r.macro("RS", "4n")
			r.macro("nf")
		case !indented && asIs:
			r.macro("fi")
			r.macro("RE")
		}
		asIs = indented
	}
	blank := true // a paragraph begins
	for line := range strings.Lines(wrapText(strings.ReplaceAll(s, "\t", "    "), manWidth+4)) {
		line = strings.TrimRight(line, "\n")
		indented := strings.HasPrefix(line, " ")
		switch {
		case line == "":
			blank = true
			continue
		case blank:
			begin(false)
			r.macro("PP")
			begin(indented)
		case indented != asIs:
			begin(indented)
		}
		blank = false
		if indented {
			line = strings.TrimPrefix(strings.TrimPrefix(line, "  "), "  ")
		}
		r.text(line)
	}
	begin(false)
}

// tagged writes a paragraph with its tag, which is escaped already.
func (r *roff) tagged(tag, text string) {
	r.macro("TP")
	r.line(tag)
	r.text(text)
}

func bold(s string) string   { return `\fB` + escape(s) + `\fR` }
func italic(s string) string { return `\fI` + escape(s) + `\fR` }

// escape keeps what troff would read as its own (groff_char(7)): a hyphen that a reader may copy is a
// minus, and what is not ASCII goes by its code point.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r == '`':
			b.WriteString(`\(ga`)
		case r == '^':
			b.WriteString(`\(ha`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
