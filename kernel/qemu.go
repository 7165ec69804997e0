package kernel

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// qemuImage is a kernel image that QEMU boots.
type qemuImage struct {
	path, program, name string
}

const qemuProgram = "qemu-system-x86_64"

func openQEMU(path string) (Kernel, error) {
	name, err := inspect(path)
	if err != nil {
		return nil, err
	}
	if _, err := self(); err != nil {
		return nil, err
	}
	program, err := exec.LookPath(qemuProgram)
	if err != nil {
		return nil, &SetupError{
			Problem: qemuProgram + " is not installed, and " + path + " needs it",
			Hint:    "apt-get install qemu-system-x86",
		}
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	if name == "" {
		name = filepath.Base(path)
	}
	return qemuImage{path: path, program: program, name: name}, nil
}

func (q qemuImage) Name() string { return q.name }

// qemuLine is the second serial port, where the answers go. The first is the
// console.
var qemuLine = device{"/dev/ttyS1", 4, 65}

func (q qemuImage) Run(ctx context.Context, job Job) (int, error) {
	if use, learn := kvm.claim(); use {
		started := false
		code, err := q.boot(ctx, job, "kvm", func() {
			started = true
			learn(true)
		})
		// Until the program is there nothing has been answered, and the guest
		// may be started again.
		if started || err == nil || errors.Is(err, errInterrupted) || ctx.Err() != nil {
			learn(started)
			return code, err
		}
		if learn(false) {
			fmt.Fprintln(job.Notice, "KVM does not run guests here; kernels are emulated, which is slower")
		}
	}
	return q.boot(ctx, job, "tcg,thread=multi", func() {})
}

func (q qemuImage) boot(ctx context.Context, job Job, accel string, hello func()) (int, error) {
	m := machine{
		name: q.name, program: q.program, hello: hello, line: qemuLine,
		silent: "is it a whole kernel, with CONFIG_SERIAL_8250_CONSOLE and CONFIG_BLK_DEV_INITRD?",
		// With -no-reboot a restart is the end, and needs no ACPI.
		end: unix.LINUX_REBOOT_CMD_RESTART,
	}
	// All that the accelerator has; the default is of 2006. But for cmpxchg16b,
	// which QEMU 7.2 emulates wrongly often enough that 4 of 34 boots of Linux 6.12
	// crashed with it, and 0 of 28 without.
	cpu, more := "max,-cx16", ""
	if accel == "kvm" {
		cpu = "max"
		more = " earlyprintk=ttyS0" // a sign of life, before "quiet" counts
		// Where KVM cannot run a guest, QEMU may say this and hang, or hang
		// without a word. Where it can, the first line of the console is there
		// within a fraction of this.
		m.hopeless, m.patience = "KVM internal error", 2*time.Second
	}
	m.args = []string{
		"-accel", accel,
		"-cpu", cpu,
		"-m", "256",
		"-nodefaults", "-no-user-config", // no disk, no network, no file of the user's
		"-display", "none",
		"-no-reboot", // an end for the guest's restart, and for a panic's
		"-kernel", q.path,
		"-initrd", initramfsPath,
		// panic=-1 restarts at once. The kernel's own messages are for the
		// console; quiet keeps the good boots short.
		"-append", "console=ttyS0 quiet panic=-1 rdinit=" + guestInit + more,
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
		"-chardev", "file,id=answers,path=" + linePath, "-serial", "chardev:answers",
	}
	return m.boot(ctx, job)
}

// kvm is what is known of this machine's KVM.
var kvm kvmState

type kvmState struct {
	trial sync.Mutex // held until the first guest knows, for which the others wait

	mu            sync.Mutex
	known, broken bool
}

// claim tells whether a guest should be run with KVM. The first one finds out
// whether that works: learn takes what it found, at least once, and tells whether
// that was news.
func (k *kvmState) claim() (use bool, learn func(works bool) (news bool)) {
	k.trial.Lock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known {
		k.trial.Unlock()
		return !k.broken, func(bool) bool { return false }
	}
	learn = func(works bool) bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.known {
			return false
		}
		k.known, k.broken = true, !works
		k.trial.Unlock()
		return true
	}
	fd, err := unix.Open("/dev/kvm", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil { // none, or not for this user: nothing to be told about
		k.known, k.broken = true, true
		k.trial.Unlock()
		return false, learn
	}
	unix.Close(fd)
	return true, learn
}
