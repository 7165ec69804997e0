package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrapText(t *testing.T) {
	tests := []struct {
		name  string
		width int
		in    string
		want  string
	}{
		{"fits", 20, "one two\n", "one two\n"},
		{"a paragraph is filled anew", 10, "one two three\nfour\n\nfive\n", "one two\nthree four\n\nfive\n"},
		{"an example stays a line", 20, "text\n\n    -c snd -s pol\n    -c pol\n", "text\n\n    -c snd -s pol\n    -c pol\n"},
		{"a table has its last column", 20, "  a  b  one two three\n  c     four\n", "  a  b  one two\n        three\n  c     four\n"},
		{"a last column without room", 20, "  a                 one two three\n", "  a  one two three\n"},
		{"a last column without room, filled", 20, "  abcdefghijklmn  one two three\n  b               four\n", "  abcdefghijklmn\n      one two three\n  b  four\n"},
		{"a long example", 20, "    sockprobe -c pol -s pol\n", "    sockprobe -c pol\n        -s pol\n"},
		{"a long word", 8, "a 0123456789 b\n", "a\n0123456789\nb\n"},
		{"letters, not bytes", 8, "µµ µµ µµ\n", "µµ µµ µµ\n"},
		{"tabs", 20, "\ta b\n", "    a b\n"},
		{"nothing", 20, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, wrapText(tt.in, tt.width)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
