package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Built is the directory, below the working directory, where "make kernels" puts
// kernels.
const Built = "build/kernels"

// lookFor finds the program of a form: the one at path. Without a path it is the first of names
// that is in the PATH, or in [Built]. The hint is for a program that is not there.
func lookFor(form, path, hint string, names ...string) (string, error) {
	if path != "" {
		names = []string{path}
	}
	for _, name := range names {
		if program, err := exec.LookPath(name); err == nil {
			return filepath.Abs(program) // whatever the directory of the child
		}
	}
	if path == "" {
		for _, name := range names {
			program, err := exec.LookPath("./" + filepath.Join(Built, name))
			if err != nil {
				continue
			}
			if !ours(Built) || !ours(program) {
				return "", &SetupError{
					Problem: program + " is not run unasked: another user owns it or its directory, or may write there",
					Hint:    "if you trust it, name its path: " + form + ":" + program,
				}
			}
			return filepath.Abs(program)
		}
	}
	return "", &SetupError{Problem: "there is no program " + strings.Join(names, " or "), Hint: hint}
}

// ours tells whether only root and the user of this process can have made a file what it is. The
// working directory may be anybody's, and what stands in it is not run for that alone: package
// exec refuses a program of the working directory for the same reason (exec.ErrDot). A group may
// write if it is the process's own, as it may where the umask is 002.
func ours(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return false
	}
	const byGroup, byOthers = 0o020, 0o002
	mode := info.Mode().Perm()
	return mode&byOthers == 0 && (mode&byGroup == 0 || int(stat.Gid) == os.Getegid())
}
