package report

import (
	"fmt"
	"strings"

	"github.com/fatih/color"

	"sockprobe/scenario"
)

// A palette colours pieces of text, or leaves them as they are: its zero value.
type palette struct{ on bool }

func (p palette) paint(s string, attrs ...color.Attribute) string {
	if !p.on || s == "" {
		return s
	}
	c := color.New(attrs...)
	c.EnableColor() // whatever the package-wide default is
	return c.Sprint(s)
}

func (p palette) faint(s string) string { return p.paint(s, color.Faint) }
func (p palette) bold(s string) string  { return p.paint(s, color.Bold) }
func (p palette) alarm(s string) string { return p.paint(s, color.FgRed) }

func (p palette) yellow(s string) string { return p.paint(s, color.FgYellow) }

// events is what Events.String gives, with the bits that end something marked.
func (p palette) events(e scenario.Events) string {
	if !p.on || e == 0 {
		return e.String()
	}
	names := e.Names()
	for i, name := range names {
		names[i] = p.ink(name, eventInk(name))
	}
	return fmt.Sprintf("%#x (%s)", uint32(e), strings.Join(names, " "))
}

// diff colours a unified diff by the first byte of its lines.
func (p palette) diff(text string) string {
	if !p.on {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
			body = p.bold(body)
		case strings.HasPrefix(line, "+"):
			body = p.paint(body, color.FgGreen)
		case strings.HasPrefix(line, "-"):
			body = p.alarm(body)
		case strings.HasPrefix(line, "@@"):
			body = p.paint(body, color.FgCyan)
		}
		b.WriteString(body + line[len(strings.TrimSuffix(line, "\n")):])
	}
	return b.String()
}
