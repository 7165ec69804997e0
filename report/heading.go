package report

// Heading is the line above the answers to one scenario of several: its name, and what it shows
// if its file says it. Both come from files, and so may have escape sequences in them.
func Heading(name, essence string, colour bool) string {
	p := palette{on: colour}
	text := p.bold(oneLine(name))
	if essence != "" {
		text += ": " + oneLine(essence)
	}
	return text
}
