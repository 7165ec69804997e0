package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"sockprobe/ops"
)

// commit is set by the Makefile for builds that the go command does not stamp.
var commit string

// version is what --version prints: the program's, its commit, Go's and the
// running kernel's.
func version() string {
	number, revision := "(devel)", commit
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" {
			number = v
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	if revision == "" {
		revision = "unknown"
	}
	return fmt.Sprintf("sockprobe %s, commit %.12s, %s %s/%s, on %s",
		number, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH, ops.Kernel())
}
