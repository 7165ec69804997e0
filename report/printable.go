package report

import (
	"strings"
	"unicode/utf8"
)

// Printable shows control characters by their pictures, U+2400 and on. A
// guest's console, a file and a path may have escape sequences in them, which a
// terminal must not obey and which XML 1.0 cannot hold (section 2.2); nor can it
// hold U+FFFE, U+FFFF and what is not UTF-8.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r < 0x20:
			return '\u2400' + r
		case r == 0x7f:
			return '\u2421'
		case 0x80 <= r && r < 0xa0, isBidi(r), r == 0xfffe, r == 0xffff:
			return utf8.RuneError
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// isBidi tells whether a character reorders those that follow it on the screen: text would show
// as what it is not (Unicode Standard Annex 9, 2.1 to 2.5).
func isBidi(r rune) bool {
	return 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069
}

// oneLine is s for a place where only one line fits.
func oneLine(s string) string {
	return Printable(strings.Join(strings.Fields(s), " "))
}

// firstLine is the first line of s that says something.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return oneLine(line)
}
