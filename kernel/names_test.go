package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestKernelsWithoutPath holds where kernels are found that are named without a path.
func TestKernelsWithoutPath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("PATH", filepath.Join(dir, "bin"))
	if path, err := lookFor("uml", "", "a hint", "linux.uml", "linux"); err == nil {
		t.Errorf("%s is found where there is none", path)
	}
	for _, d := range []string{Built, "bin"} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	program := func(path string) {
		if err := os.WriteFile(path, nil, 0o700); err != nil { //nolint:gosec // it is a program
			t.Fatal(err)
		}
	}
	for _, step := range []struct{ add, want string }{
		{Built + "/vmlinuz-6.1", ""},
		{Built + "/linux", "build/kernels/linux"},
		{Built + "/linux.uml", "build/kernels/linux.uml"},
		{"bin/linux", "bin/linux"}, // the PATH comes first
	} {
		program(step.add)
		got, _ := lookFor("uml", "", "a hint", "linux.uml", "linux")
		if want := filepath.Join(dir, step.want); got != want && step.want != "" || step.want == "" && got != "" {
			t.Errorf("with %s: %q is found, want %q", step.add, got, step.want)
		}
	}
	if got, err := lookFor("uml", "/nonexistent", "a hint", "linux"); err == nil {
		t.Errorf("for a path that is not there %s is found", got)
	}
	names := Names()
	for _, want := range []string{"host", "uml", "gvisor", "build/kernels/vmlinuz-6.1"} {
		if !slices.Contains(names, want) {
			t.Errorf("%q is not among %q", want, names)
		}
	}
}
