// Package sockprobe holds the catalogue: scripts that each show one thing about
// the readiness of sockets, with what Linux is known to answer.
//
// The tool is in cmd/sockprobe. The language of the scripts is package
// scenario, package ops carries them out and package report prints the answers.
package sockprobe

import (
	"embed"
	"io/fs"
)

//go:embed testdata/golden/*.probe
var goldens embed.FS

// Goldens is the catalogue: a directory of .probe files.
func Goldens() fs.FS {
	dir, err := fs.Sub(goldens, "testdata/golden")
	if err != nil {
		panic(err) // the path is a constant
	}
	return dir
}
