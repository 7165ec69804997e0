package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An Error is a fault in a script or a .probe file: where it stands, what is
// wrong with it, and the likely fix, which may be empty.
type Error struct {
	Where   string
	Problem string
	Hint    string
}

func (e *Error) Error() string {
	if e.Where == "" {
		return e.Problem
	}
	return e.Where + ": " + e.Problem
}

// Clip makes text of the user's fit for a message, which is one line of a
// terminal whatever the text is: long text is shortened, and text with other
// than printable characters is quoted.
func Clip(s string) string {
	if text := shorten(s); isPlain(text) {
		return text
	}
	return Quote(s)
}

// Quote is Clip, always in quotes.
func Quote(s string) string { return strconv.Quote(shorten(s)) }

func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + fmt.Sprintf("… (%d bytes)", len(s))
}

func isPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) })
}

// ClipPath is Clip for a path, of which the end tells more than the beginning.
func ClipPath(path string) string {
	const most = 200
	if len(path) > most {
		path = "…" + strings.ToValidUTF8(path[len(path)-most:], "")
	}
	if !isPlain(path) {
		return strconv.Quote(path)
	}
	return path
}
