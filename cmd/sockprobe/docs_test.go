package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sockprobe/internal/effort"
	"sockprobe/kernel"
	"sockprobe/ops"
	"sockprobe/scenario"
)

const readme = "../../README.md"

// TestDocsTranscripts runs each "$ sockprobe ..." of the README and of docs/ and holds the
// lines below it against what is printed.
func TestDocsTranscripts(t *testing.T) {
	effort.Same(t)
	if testing.Short() {
		t.Skip("-short: one goroutine does all of this: there is no race to find")
	}
	more, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	dir := t.TempDir() // one for all: a file that a transcript saves is there for the next ones
	for _, path := range append(more, readme) {
		for _, tr := range transcripts(t, path) {
			ran++
			t.Run(tr.command, func(t *testing.T) {
				args := strings.Fields(tr.command)[1:]
				var stdout, stderr bytes.Buffer
				cmd := exec.Command("sockprobe", args...) // testscript.Main put it in the PATH
				cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
				err := cmd.Run()
				if cmd.ProcessState.ExitCode() == exitSkip {
					t.Skipf("%s", &stderr) // says what the kernel lacks
				}
				if err != nil {
					t.Fatalf("%s: %v\n%s", tr.place, err, &stderr)
				}
				if diff := cmp.Diff(tr.output, stdout.String()); diff != "" {
					t.Errorf("%s (-documented +printed):\n%s", tr.place, diff)
				}
			})
		}
	}
	if ran < 5 {
		t.Errorf("only %d transcripts found", ran)
	}
}

// A transcript is a command in the docs and what it is said to print.
type transcript struct{ place, command, output string }

// transcripts finds the commands in the console blocks of a Markdown file.
func transcripts(t *testing.T, path string) []transcript {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var found []transcript
	inside := false
	for i, line := range strings.Split(string(data), "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside && strings.HasPrefix(line, "$ "):
			found = append(found, transcript{
				place:   fmt.Sprintf("%s:%d", path, i+1),
				command: strings.TrimPrefix(line, "$ "),
			})
		case inside:
			found[len(found)-1].output += line + "\n"
		case strings.HasPrefix(strings.TrimSpace(line), "$ sockprobe"):
			t.Errorf("%s:%d: a command outside a console block is not tested", path, i+1)
		}
	}
	return found
}

// TestReadmeTable holds the README's table of steps against the one that the
// program is built from. UPDATE_SCRIPTS=1 writes it.
func TestReadmeTable(t *testing.T) {
	var want strings.Builder
	for _, v := range ops.Verbs() {
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", v.Usage(), v.Long, v.Call, strings.ReplaceAll(v.Doc, "|", `\|`))
	}
	holdTable(t, "|---|---|---|---|\n", "<!-- /steps -->", want.String())
}

// TestReadmeKernels holds the README's table of kernels against the program's.
// UPDATE_SCRIPTS=1 writes it.
func TestReadmeKernels(t *testing.T) {
	var want strings.Builder
	for _, f := range kernel.Forms {
		fmt.Fprintf(&want, "| `%s` | %s |\n", f[0], f[1])
	}
	holdTable(t, "| --- | --- |\n", "<!-- /kernels -->", want.String())
}

// TestReadmeFamilies holds the README's table of families against the program's.
// UPDATE_SCRIPTS=1 writes it.
func TestReadmeFamilies(t *testing.T) {
	var want strings.Builder
	for _, name := range scenario.FamilyNames() {
		f, _ := scenario.FamilyNamed(name)
		fmt.Fprintf(&want, "| `%s` | %s |\n", name, f.Doc())
	}
	holdTable(t, "| -- | -- |\n", "<!-- /families -->", want.String())
}

// TestStepsPage holds docs/steps.md against the table of steps. UPDATE_SCRIPTS=1
// writes it.
func TestStepsPage(t *testing.T) {
	const page = "../../docs/steps.md"
	var want strings.Builder
	want.WriteString("# Steps\n\nWhat each verb calls, takes and answers. `sockprobe help VERB` prints the same.\n")
	for _, v := range ops.Verbs() {
		fmt.Fprintf(&want, "\n## %s\n\n```\n%s```\n", v.Name, stepHelp(v))
	}
	got, err := os.ReadFile(page)
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		err = os.WriteFile(page, []byte(want.String()), 0o644)
		got = []byte(want.String())
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want.String()); diff != "" {
		t.Errorf("docs/steps.md (-page +program):\n%s", diff)
	}
}

// holdTable holds the README's table between head and tail against want.
func holdTable(t *testing.T, head, tail, want string) {
	t.Helper()
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(data), head)
	table, after, ok2 := strings.Cut(rest, tail)
	if !ok1 || !ok2 {
		t.Fatalf("the README has no table before %s", tail)
	}
	if table == want {
		return
	}
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(readme, []byte(before+head+want+tail+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the README's table before %s (-README +program):\n%s", tail, cmp.Diff(table, want))
}

// TestSchemaVerbs holds the verbs of the JSON schema against the table of steps.
func TestSchemaVerbs(t *testing.T) {
	data, err := os.ReadFile("../../docs/observation.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties struct{ Verb struct{ Enum []string } }
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	var verbs []string
	for _, v := range ops.Verbs() {
		verbs = append(verbs, v.Name)
	}
	if !slices.Equal(schema.Properties.Verb.Enum, verbs) {
		t.Errorf("verbs of the schema (-schema +program):\n%s", cmp.Diff(schema.Properties.Verb.Enum, verbs))
	}
}

// TestExitCodesAreDocumented holds README and --help to the same words.
func TestExitCodesAreDocumented(t *testing.T) {
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(exitCodes) {
		code, meaning, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if row := fmt.Sprintf("| %s | %s |", code, meaning); !strings.Contains(string(data), row) {
			t.Errorf("the README lacks the row %q", row)
		}
	}
}
