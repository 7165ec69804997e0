package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLookFor holds that a program below the working directory is run only if nobody else could
// have put it there.
func TestLookFor(t *testing.T) {
	const nobody = 65534
	tests := []struct {
		name          string
		dir, program  os.FileMode
		dirOf, progOf int // owners, 0 for the test's own
		refused       bool
	}{
		{name: "one's own", dir: 0o755, program: 0o755},
		{name: "a directory of others", dir: 0o755, program: 0o755, dirOf: nobody, refused: true},
		{name: "a file of others", dir: 0o755, program: 0o755, progOf: nobody, refused: true},
		{name: "others may write to the directory", dir: 0o757, program: 0o755, refused: true},
		{name: "others may write to the file", dir: 0o755, program: 0o757, refused: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.dirOf+tt.progOf != 0 && os.Geteuid() != 0 {
				t.Skip("only root makes files that belong to others")
			}
			t.Chdir(t.TempDir())
			t.Setenv("PATH", t.TempDir())
			program := filepath.Join(Built, "runsc")
			if err := os.MkdirAll(Built, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil { //nolint:gosec // it is to be run
				t.Fatal(err)
			}
			for path, made := range map[string]struct {
				mode  os.FileMode
				owner int
			}{Built: {tt.dir, tt.dirOf}, program: {tt.program, tt.progOf}} {
				if err := os.Chmod(path, made.mode); err != nil {
					t.Fatal(err)
				}
				if made.owner == 0 {
					continue
				}
				if err := os.Chown(path, made.owner, -1); err != nil {
					t.Fatal(err)
				}
			}
			got, err := lookFor("gvisor", "", "make one", "runsc")
			if !tt.refused {
				if err != nil || !strings.HasSuffix(got, program) {
					t.Errorf("%q, %v", got, err)
				}
				return
			}
			fault, ok := errors.AsType[*SetupError](err)
			if !ok || !strings.Contains(fault.Problem, "./build/kernels/runsc") || !strings.Contains(fault.Hint, "gvisor:./build/kernels/runsc") {
				t.Errorf("%q, error %#v", got, err)
			}
			// Whoever names it means it.
			if got, err := lookFor("gvisor", "./"+program, "make one", "runsc"); err != nil {
				t.Errorf("by its path: %q, %v", got, err)
			}
		})
	}
}
