package main

import (
	"os"
	"slices"
	"strings"

	"github.com/mattn/go-isatty"
)

var (
	formatNames = []string{"text", "classic", "json"}
	colourNames = []string{"auto", "always", "never"}
)

// A formatFlag is one of formatNames.
type formatFlag string

func (f *formatFlag) Set(s string) error { return choose((*string)(f), s, formatNames) }
func (f *formatFlag) String() string     { return string(*f) }
func (f *formatFlag) Type() string       { return "FORMAT" }

// A colourFlag is one of colourNames.
type colourFlag string

func (f *colourFlag) Set(s string) error { return choose((*string)(f), s, colourNames) }
func (f *colourFlag) String() string     { return string(*f) }
func (f *colourFlag) Type() string       { return "WHEN" }

func choose(into *string, s string, names []string) error {
	if !slices.Contains(names, s) {
		return fault("", "not one of %s", strings.Join(names, ", "))
	}
	*into = s
	return nil
}

// on decides about colour, once: the flag, then FORCE_COLOR, then NO_COLOR, then
// TERM, then whether w is a terminal.
func (f colourFlag) on(w any) bool {
	switch {
	case f != "auto":
		return f == "always"
	case os.Getenv("FORCE_COLOR") != "":
		return true
	case os.Getenv("NO_COLOR") != "", os.Getenv("TERM") == "dumb":
		return false
	}
	if o, ok := w.(*output); ok {
		w = o.Writer
	}
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
