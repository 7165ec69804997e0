package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"sockprobe/report"
	"sockprobe/scenario"
)

var (
	formatNames   = []string{"text", "classic", "json", "svg"}
	listFormats   = []string{"text", "json"}
	verifyFormats = []string{"text", "ktap", "junit", "json"}
	matrixFormats = []string{"text", "ktap", "junit", "json", "html"}
	traceFormats  = []string{"strace", "json"}
	colourNames   = []string{"auto", "always", "never"}
)

// A choice is a flag whose value is one of several words.
type choice struct {
	value string
	words []string
}

func (c *choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		hint := "write one of them"
		if near, ok := scenario.Nearest(s, c.words); ok {
			hint = "did you mean " + near + "?"
		}
		return fault(hint, "not one of %s", strings.Join(c.words, ", "))
	}
	c.value = s
	return nil
}
func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return "WORD" }

// coloured decides about colour, once: the flag, then FORCE_COLOR, then
// NO_COLOR, then TERM, then whether w is a terminal.
func (s *settings) coloured(w io.Writer) bool {
	switch {
	case s.colour.value != "auto":
		return s.colour.value == "always"
	case os.Getenv("FORCE_COLOR") != "":
		return true
	case os.Getenv("NO_COLOR") != "", os.Getenv("TERM") == "dumb":
		return false
	}
	return isTerminal(w)
}

// render writes suites in a format for other programs.
func render(w io.Writer, format string, m report.Matrix) error {
	switch format {
	case "ktap":
		return report.KTAP(w, m.Suites)
	case "junit":
		return report.JUnit(w, m.Suites)
	case "json":
		return report.SuitesJSON(w, m.Suites)
	case "html":
		return report.HTML(w, m)
	default:
		return fmt.Errorf("no format %q", format)
	}
}
