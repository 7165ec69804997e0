package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A machine is a guest that is started as a child process: what it is called
// with and what it left on its console.
type machine struct {
	name    string
	program string
	// args are the program's arguments. The initramfs is at descriptor 3, and
	// the line that answers come through is descriptor 4.
	args []string
	// stalled bounds the time until the console's first byte, if not 0.
	stalled time.Duration
	// hopeless is text on the console or standard error after which nothing
	// will come.
	hopeless string
}

// Where a child finds its files.
const (
	initramfsPath = "/proc/self/fd/3"
	linePath      = "/proc/self/fd/4"
)

var errStalled = errors.New("it said nothing")

// boot runs a guest to the end of its answer.
func (m machine) boot(ctx context.Context, job Job, line device) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ramfs, err := initramfs(job, line)
	if err != nil {
		return 0, err
	}
	defer ramfs.Close()
	answers, answersIn, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer answers.Close()

	console := &tail{hopeless: m.hopeless, giveUp: func() { cancel(errStalled) }}
	cmd := exec.CommandContext(ctx, m.program, m.args...)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.ExtraFiles = []*os.File{ramfs, answersIn}
	ownGroup(cmd, syscall.SIGKILL) // a machine has nothing to put in order
	err = cmd.Start()
	answersIn.Close()
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", m.program, err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is of no interest, only whether it answered
	}()
	defer func() {
		cancel(nil) // kills the child if it is still there
		<-exited
	}()

	if m.stalled > 0 {
		timer := time.AfterFunc(m.stalled, func() {
			if console.String() == "" {
				cancel(errStalled)
			}
		})
		defer timer.Stop()
	}
	// The pipe ends when the child does, however that comes about.
	code, err := readFrames(answers, job.Stdout, job.Stderr)
	if err == nil {
		return code, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return 0, m.failure(cause, console)
	}
	return 0, m.failure(err, console)
}

// failure is the error for a guest that gave no full answer.
func (m machine) failure(cause error, console *tail) error {
	e := &BootError{Kernel: m.name, Console: console.String()}
	switch {
	case errors.Is(cause, errStalled):
		return errStalled
	case errors.Is(cause, context.Canceled):
		return errInterrupted
	case errors.Is(cause, context.DeadlineExceeded):
		return inTime(m.name, console.String())
	case errors.Is(cause, io.EOF):
		e.Problem = "it ended without an answer"
	default:
		e.Problem = cause.Error()
	}
	if e.Console == "" {
		e.Hint = "it said nothing on the serial console: is it a kernel with CONFIG_SERIAL_8250_CONSOLE and CONFIG_BLK_DEV_INITRD?"
	}
	return e
}

// errInterrupted ends a run that the user did not want to go on.
var errInterrupted = errors.New("interrupted")

// inTime is the error for a kernel that ran out of time.
func inTime(name, console string) error {
	return &BootError{
		Kernel:  name,
		Problem: "it did not finish in time",
		Hint:    "give it longer with --boot-timeout",
		Console: console,
	}
}

// ownGroup puts a child into a process group of its own, which gets the signal
// when the context ends, and the child also when this process is killed. A child
// that is still there a while after is killed in any case.
//
// Pdeathsig is sent when the thread that started the child ends: whoever calls
// stays on its thread until the child is gone (prctl(2)).
func ownGroup(cmd *exec.Cmd, sig syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: sig}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, sig) }
	cmd.WaitDelay = 3 * time.Second
}

// tail keeps the last lines of a console, and watches for text after which
// nothing more will come.
type tail struct {
	mu       sync.Mutex
	text     strings.Builder
	hopeless string
	giveUp   func()
}

// consoleLines is how much of a console is shown when a boot fails.
const consoleLines = 40

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(p)
	if t.hopeless != "" && strings.Contains(t.text.String(), t.hopeless) {
		t.hopeless = ""
		t.giveUp()
	}
	if t.text.Len() > 1<<20 {
		last := lastLines(t.text.String())
		t.text.Reset()
		t.text.WriteString(last)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return lastLines(t.text.String())
}

func lastLines(text string) string {
	text = strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\r", "")
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-consoleLines):], "\n")
}
