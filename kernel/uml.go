package kernel

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// uml is User Mode Linux: a kernel that is a program.
type uml struct{ program string }

func openUML(path string) (Kernel, error) {
	if _, err := self(); err != nil {
		return nil, err
	}
	program, err := lookFor("uml", path, "apt-get install user-mode-linux, or name its path: uml:PATH", "linux.uml", "linux")
	if err != nil {
		return nil, err
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
