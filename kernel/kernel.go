package kernel

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// A Kernel is something that can run this program.
type Kernel interface {
	// Name is short, for a table's column: "5.10.0-36-cloud-amd64", "uml", "gvisor".
	Name() string
	// Run runs the program there and gives its exit code. An error says that it
	// did not run to its end; a *BootError if the kernel is to blame.
	Run(ctx context.Context, job Job) (int, error)
}

// A Job is one run of this program.
type Job struct {
	Args   []string // without the program's name
	Stdin  []byte
	Stdout io.Writer
	Stderr io.Writer
	Notice io.Writer // what the user should know of how it runs, a line each
}

// DefaultLimit bounds a whole run, boot included, unless the caller's context
// ends before.
const DefaultLimit = 2 * time.Minute

// A BootError is a kernel that did not run the program to its end.
type BootError struct {
	Kernel  string
	Problem string
	Hint    string
	Console string // the last lines of the console, if there is one
}

func (e *BootError) Error() string { return fmt.Sprintf("%s: %s", e.Kernel, e.Problem) }

// Forms are the forms that a kernel may be named in, for help texts.
var Forms = [][2]string{
	{"host", "this kernel, in another process"},
	{"IMAGE", "a vmlinuz or bzImage, under QEMU"},
	{"uml[:PATH]", "User Mode Linux: linux.uml or linux, in the PATH or in build/kernels, unless PATH is given"},
	{"gvisor[:PATH]", "gVisor: runsc, in the PATH or in build/kernels, unless PATH is given"},
	{"exec:COMMAND [{}]", "whatever COMMAND runs this program on, at {} or its end: exec:ssh HOST"},
}

// Open finds the kernel that spec names, in one of [Forms].
func Open(spec string) (Kernel, error) {
	form, rest, _ := strings.Cut(spec, ":")
	switch {
	case spec == "":
		return nil, &SetupError{Problem: "no kernel is named", Hint: "one of host, IMAGE, uml, gvisor, exec:COMMAND"}
	case spec == "host":
		return openHost()
	case form == "exec":
		return openExec(spec, strings.Fields(rest))
	case form == "uml":
		return openUML(rest)
	case form == "gvisor":
		return openGvisor(rest)
	default:
		return openQEMU(spec)
	}
}

// MayAsk tells whether a kernel may ask the user something on the terminal, as a
// command such as ssh does for a password.
func MayAsk(k Kernel) bool {
	c, ok := k.(command)
	return ok && !c.grouped
}

// Names are kernels that can be named here without more knowledge: those that need no path, and
// the images that are in the usual places.
func Names() []string {
	names := []string{"host", "uml", "gvisor"}
	for _, pattern := range []string{Built + "/vmlinuz-*", "/boot/vmlinuz-*"} {
		images, _ := filepath.Glob(pattern) // fails for a bad pattern only
		names = append(names, images...)
	}
	return names
}
