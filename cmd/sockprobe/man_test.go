package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// TestManPages holds that each command and topic has its page, and on it each flag with what
// stands for its value.
func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man")
	if out, err := exec.Command("sockprobe", "man", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	paths, err := filepath.Glob(dir + "/*")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, path := range paths {
		got = append(got, filepath.Base(path))
	}
	want := []string{
		"sockprobe-completion-bash.1", "sockprobe-completion-fish.1", "sockprobe-completion-powershell.1",
		"sockprobe-completion-zsh.1", "sockprobe-completion.1", "sockprobe-files.5", "sockprobe-fwd.1",
		"sockprobe-kernels.7", "sockprobe-list.1", "sockprobe-matrix.1", "sockprobe-run.1", "sockprobe-show.1",
		"sockprobe-steps.7", "sockprobe-verify.1", "sockprobe.1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}

	for _, cmd := range manPages(newRoot(nil)) {
		page := manPage(cmd)
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			value, _ := pflag.UnquoteUsage(f)
			name := strings.ReplaceAll("--"+f.Name, "-", `\-`)
			spec := `\fB` + name + `\fR`
			switch {
			case value != "" && f.NoOptDefVal != "":
				spec += `[=\fI` + value + `\fR]`
			case value != "":
				spec += ` \fI` + value + `\fR`
			}
			if shown := strings.Contains(page, spec+"\n"); shown == f.Hidden {
				t.Errorf("%s: %q is there: %v", manFile(cmd), spec, shown)
			}
		})
	}
}

// TestManPagesAreSound has groff read the pages and find nothing to warn of.
func TestManPagesAreSound(t *testing.T) {
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("groff is not there")
	}
	for _, cmd := range manPages(newRoot(nil)) {
		groff := exec.Command("groff", "-ww", "-man", "-Tutf8", "-P-cbou", "-rLL=80n")
		groff.Stdin = strings.NewReader(manPage(cmd))
		var stderr bytes.Buffer
		groff.Stderr = &stderr
		out, err := groff.Output()
		if err != nil || stderr.Len() > 0 {
			t.Errorf("%s: %v\n%s", manFile(cmd), err, &stderr)
		}
		if !bytes.Contains(out, []byte("DESCRIPTION")) {
			t.Errorf("%s has no description", manFile(cmd))
		}
	}
}

func TestRoff(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a paragraph", "One -c and two.\n", ".PP\nOne \\-c and two.\n"},
		{"two", "One.\n\nTwo.\n", ".PP\nOne.\n.PP\nTwo.\n"},
		{"an example", "One:\n\n    -c pol\n\nTwo.\n", ".PP\nOne:\n.PP\n.RS \"4n\"\n.nf\n\\-c pol\n.fi\n.RE\n.PP\nTwo.\n"},
		{"no request", ".probe files\n", ".PP\n\\&.probe files\n"},
		{"characters", "a\\b 'c' µ\n", ".PP\na\\eb \\(aqc\\(aq \\[u00B5]\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r roff
			r.prose(tt.in)
			if diff := cmp.Diff(tt.want, r.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
