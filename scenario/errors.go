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
// than printable characters quoted.
func Clip(s string) string {
	const most = 40
	clipped := s
	if len(s) > most {
		clipped = strings.ToValidUTF8(s[:most], "") + "…"
	}
	if strings.ContainsFunc(clipped, func(r rune) bool { return !strconv.IsPrint(r) }) || !utf8.ValidString(clipped) {
		clipped = strconv.Quote(clipped)
	}
	if len(s) > most {
		clipped += fmt.Sprintf(" (%d bytes)", len(s))
	}
	return clipped
}

// quote is Clip, always in quotes.
func quote(s string) string {
	if c := Clip(s); !strings.HasPrefix(c, `"`) {
		return `"` + c + `"`
	}
	return Clip(s)
}
