package scenario

import "fmt"

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

// clip shortens text that goes into a message, so that a message is one line
// whatever the input was.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + fmt.Sprintf("… (%d bytes)", len(s))
}
