package kernel

import (
	"debug/elf"
	"fmt"
	"os"
	"sync"
)

// self is this program's own file. It has to be static, because where it goes
// there are no libraries.
var self = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := elf.Open(path)
	if err != nil {
		return "", fmt.Errorf("read this program: %w", err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return "", &SetupError{
				Problem: path + " is not static, and no other kernel has its libraries",
				Hint:    "build it with: make build (or CGO_ENABLED=0 go build ./cmd/sockprobe)",
			}
		}
	}
	return path, nil
})

// A SetupError says what is missing here to run a kernel at all.
type SetupError struct {
	Problem string
	Hint    string
}

func (e *SetupError) Error() string { return e.Problem }
