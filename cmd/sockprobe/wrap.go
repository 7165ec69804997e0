package main

import (
	"regexp"
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
		if utf8.RuneCountInString(line) <= width {
			b.WriteString(line + "\n")
			continue
		}
		if at := lastColumn(line, width); at > 0 {
			fill(&b, line[:at], line[at:], strings.Repeat(" ", utf8.RuneCountInString(line[:at])), width)
			continue
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		fill(&b, indent, gaps.ReplaceAllString(line[len(indent):], "  "), indent+"    ", width)
	}
	return b.String()
}

// gaps are those between the columns of a table.
var gaps = regexp.MustCompile(`  +`)

// lastColumn is where the last column of a table's row begins: behind the last gap of two blanks
// or more. It is 0 where there is no gap, or where the gap leaves too little room.
func lastColumn(line string, width int) int {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	at := strings.LastIndex(line, "  ") + 2
	if at <= indent || utf8.RuneCountInString(line[:at]) > width*2/3 {
		return 0
	}
	return at
}

// fill writes text behind start, on as many lines as it needs; all but the first begin with indent.
// A word that is longer than a line stays whole.
func fill(b *strings.Builder, start, text, indent string, width int) {
	column := utf8.RuneCountInString(start)
	b.WriteString(start)
	gap := 0 // blanks before the next word
	for i, word := range strings.Split(text, " ") {
		if i > 0 {
			gap++
		}
		if word == "" {
			continue
		}
		n := utf8.RuneCountInString(word)
		if i > 0 && column+gap+n > width {
			b.WriteString("\n" + indent)
			column, gap = utf8.RuneCountInString(indent), 0
		}
		b.WriteString(strings.Repeat(" ", gap) + word)
		column += gap + n
		gap = 0
	}
	b.WriteByte('\n')
}
