package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sockprobe"
	"sockprobe/glossary"
	"sockprobe/ops"
	"sockprobe/scenario"
)

// explained lists every word that the program itself prints or takes, and so has to explain.
func explained(t *testing.T) []string {
	t.Helper()
	words := slices.Concat(scenario.APINames(), scenario.FamilyNames(), scenario.Events(0x27ff).Names())
	for _, s := range ops.Settings() {
		words = append(words, s.Name)
	}
	files, err := sockprobe.Catalogue(ops.Verbs())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for _, m := range regexp.MustCompile(`\((E[A-Z]+)\)|err=(E[A-Z]+)`).FindAllStringSubmatch(string(f.Golden), -1) {
			words = append(words, m[1]+m[2])
		}
		for _, m := range regexp.MustCompile(` ([a-z]+)=`).FindAllStringSubmatch(string(f.Golden), -1) {
			if !slices.Contains([]string{"err", "in", "out"}, m[1]) { // a verb, and those of que
				words = append(words, m[1])
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// TestGlossaryIsWhole holds that there is an entry for each word of the program.
func TestGlossaryIsWhole(t *testing.T) {
	for _, word := range explained(t) {
		if strings.HasPrefix(word, "???") {
			continue
		}
		if found := glossary.Find(word); len(found) == 0 {
			t.Errorf("%q has no entry", word)
		}
	}
}

// TestAsked holds what help explains for words that are copied from the output.
func TestAsked(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a command", "#3", "cmd #2: "},
		{"a step", "#2.1", "stp #1: "},
		{"an error by its number", "104", "ECONNRESET: "},
		{"an error without an entry", "105", "ENOBUFS: "},
		{"no error", "0", ""},
		{"a number that no error has", "4000", ""},
		{"a step without its mark", "2.1", ""},
		{"a set in hexadecimal", "0x8", "0x8 (ERR)\n"},
		{"a set as it prints", "ev=0x2005 (IN OUT RDHUP)", "0x2005 (IN OUT RDHUP)\n"},
		{"an empty set as it prints", "ev=0", "0\n"},
		{"names as they print", "IN OUT", "0x5 (IN OUT)\n"},
		{"names in brackets", "(IN OUT)", "0x5 (IN OUT)\n"},
		{"names of C", "POLLIN|POLLRDHUP", "0x2001 (IN RDHUP)\n"},
		{"names of a mask", "in+rdhup", "0x2001 (IN RDHUP)\n"},
		{"a bit without a name", "???[0x800]", "0x800 (???[0x800])\n"},
		{"a name and a bit without one", "IN ???[0x800]", "0x801 (IN ???[0x800])\n"},
		{"a single name", "IN", "IN, 0x1: "},
		{"no names", "IN the end", ""},
		{"separators", "||", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := wordHelp(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := text[:min(len(tt.want), len(text))]; got != tt.want || tt.want == "" && text != "" {
				t.Errorf("help %q begins with %.40q, want %q", tt.in, text, tt.want)
			}
		})
	}
}

// TestWordHelp holds that each word that help can be asked for is answered, fits a terminal of 80
// columns, and names scenarios that there are.
func TestWordHelp(t *testing.T) {
	files, err := sockprobe.Catalogue(ops.Verbs())
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`Scenarios that show it: (.*?)(, and [0-9]+ more)?\. "sockprobe run`)
	words := slices.Concat(scenario.VerbNames(ops.Verbs()), glossary.Names(), []string{"0x2015", "0x4800", "0x0", "ev=0x201d", "err=EPIPE", "#2.1", "#3", "104", "???[0x800]", "ended=#3", "pol:in", "ENOBUFS"})
	for _, word := range words {
		text, err := wordHelp(word)
		if err != nil || text == "" {
			t.Errorf("%q: %q, %v", word, text, err)
		}
		for line := range strings.Lines(wrapText(text, 80)) {
			if utf8.RuneCountInString(line) > 81 {
				t.Errorf("%q: a line of more than 80 columns: %s", word, line)
			}
		}
		for _, m := range shown.FindAllStringSubmatch(text, -1) {
			for name := range strings.SplitSeq(m[1], ", ") {
				if !slices.ContainsFunc(files, func(f sockprobe.File) bool { return f.Name == name }) {
					t.Errorf("%q: no scenario %q", word, name)
				}
			}
		}
	}
}
