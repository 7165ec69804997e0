package kernel

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// uml is User Mode Linux: a kernel that is a program.
type uml struct{ program string }

func openUML(path string) (Kernel, error) {
	if _, err := self(); err != nil {
		return nil, err
	}
	program, err := lookFor(path, "linux.uml", "linux")
	if err != nil {
		return nil, &SetupError{
			Problem: err.Error(),
			Hint:    "apt-get install user-mode-linux, or name its path: uml:PATH",
		}
	}
	return uml{program}, nil
}

func (u uml) Name() string { return "uml" }

// umlLine is the second console, where the answers go. The first has the
// kernel's messages.
var umlLine = device{"/dev/tty1", 4, 1}

func (u uml) Run(ctx context.Context, job Job) (int, error) {
	// It wants a directory for its management console, and dies without.
	dir, err := os.MkdirTemp("", "sockprobe-uml-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	m := machine{
		name: "uml", program: u.program, hello: func() {}, line: umlLine,
		silent: "is it User Mode Linux, and is there room in TMPDIR?",
		end:    unix.LINUX_REBOOT_CMD_POWER_OFF, // on a restart it would begin anew
		args: []string{
			"mem=128M", "uml_dir=" + dir, "umid=sockprobe",
			"initrd=" + initramfsPath, "rdinit=" + guestInit, "quiet", "panic=-1",
			"con=null", "con0=null,fd:1", "con1=null,fd:4",
		},
	}
	return m.boot(ctx, job)
}

// lookFor is the program at path, or without one the first of names there is.
func lookFor(path string, names ...string) (string, error) {
	if path != "" {
		names = []string{path}
	}
	for _, name := range names {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", fmt.Errorf("there is no program %s", strings.Join(names, " or "))
}
