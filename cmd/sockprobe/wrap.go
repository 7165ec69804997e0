package main

import (
	"strings"
	"unicode/utf8"
)

// wrapText fits a text to a width. Lines that begin at the margin are paragraphs, and are filled
// anew. Lines that begin with a blank are tables and examples: each stays a line if it fits, and
// goes on below its last column if not.
func wrapText(text string, width int) string {
	var b strings.Builder
	var words []string // of the paragraph so far
	flush := func() {
		if len(words) > 0 {
			fill(&b, "", strings.Join(words, " "), "", width)
			words = nil
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), " \n")
		switch {
		case line == "":
			flush()
			b.WriteByte('\n')
		case line[0] != ' ':
			words = append(words, strings.Fields(line)...)
		default:
			flush()
			b.WriteString(wrapTable(line, width))
		}
	}
	flush()
	return b.String()
}

// wrapTable fits the rows of a table, which may begin at the margin, to a width.
func wrapTable(table string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(table) {
		line = strings.TrimRight(line, " \n")
		at := lastColumn(line, width)
		fill(&b, line[:at], line[at:], strings.Repeat(" ", utf8.RuneCountInString(line[:at])), width)
	}
	return b.String()
}

// lastColumn is where the last column of a table's row begins: behind the last gap of two blanks
// or more. Where that leaves too little room it is behind the indent.
func lastColumn(line string, width int) int {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	at := strings.LastIndex(line, "  ") + 2
	if at < indent || utf8.RuneCountInString(line[:at]) > width*2/3 {
		return indent
	}
	return at
}

// fill writes text behind start, on as many lines as it needs; all but the first begin with indent.
// A word that is longer than a line stays whole.
func fill(b *strings.Builder, start, text, indent string, width int) {
	column := utf8.RuneCountInString(start)
	b.WriteString(start)
	for i, word := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+n > width:
			b.WriteString("\n" + indent)
			column = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
}
