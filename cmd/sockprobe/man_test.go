package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// TestManPages makes a man page of every command. With SOCKPROBE_MAN
// set they are kept there, which is what "make man" is.
func TestManPages(t *testing.T) {
	dir := os.Getenv("SOCKPROBE_MAN")
	if dir == "" {
		dir = t.TempDir()
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root := newRoot(nil)
	header := &doc.GenManHeader{Title: "SOCKPROBE", Section: "1", Source: "sockprobe"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range append(root.Commands(), root) {
		if !cmd.IsAvailableCommand() || cmd.IsAdditionalHelpTopicCommand() {
			continue // cobra makes pages of commands only
		}
		page := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		data, err := os.ReadFile(filepath.Join(dir, page))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(data), firstWords(cmd)) {
			t.Errorf("%s does not say %q", page, firstWords(cmd))
		}
	}
}

// firstWords are the first two words of a command's short description, which
// troff leaves as they are.
func firstWords(cmd *cobra.Command) string {
	words := strings.Fields(cmd.Short)
	return strings.Join(words[:2], " ")
}
