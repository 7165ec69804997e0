package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestHelpFits holds that no help is wider than its terminal, of 80 columns or of fewer. What is to
// be copied stays on its line.
func TestHelpFits(t *testing.T) {
	for _, width := range []int{80, 60} {
		for _, cmd := range manPages(newRoot(nil)) {
			for line := range strings.Lines(helpText(cmd, width)) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width && (width == 80 || !strings.HasPrefix(line, "  sockprobe ")) {
					t.Errorf("%s: %d columns of %d: %s", cmd.CommandPath(), n, width, line)
				}
			}
		}
	}
}
