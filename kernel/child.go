package kernel

import (
	"bytes"
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

// A machine is a guest that is started as a child process, with its console on
// standard output.
type machine struct {
	name    string
	program string
	// args are the program's arguments. The initramfs is at descriptor 3, and
	// the line that answers come through is descriptor 4.
	args []string
	line device // the same line, in the guest
	end  int    // how the guest stops, for reboot(2)

	// patience bounds the time until the console's first byte, and hopeless is
	// text on standard error after which there will be none. Both are for an
	// accelerator that may not work; "" and 0 are none.
	patience time.Duration
	hopeless string
	// hello is called when the program in the guest is there.
	hello func()
	// silent is what is likely if the console stayed empty.
	silent string
}

// Where a child finds its files.
const (
	initramfsPath = "/proc/self/fd/3"
	linePath      = "/proc/self/fd/4"
)

// errStalled ends a boot that does not come to anything.
var errStalled = errors.New("it does not start")

// boot runs a guest to the end of its answer.
func (m machine) boot(ctx context.Context, job Job) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ramfs, err := initramfs(job, m.line, m.end)
	if err != nil {
		return 0, err
	}
	defer ramfs.Close()
	console := &tail{}
	complaints := &tail{hopeless: m.hopeless, giveUp: func() { cancel(errStalled) }}
	cmd := exec.CommandContext(ctx, m.program, m.args...)
	cmd.Stdout, cmd.Stderr = console, complaints
	cmd.ExtraFiles = []*os.File{ramfs, nil}
	ownGroup(cmd, syscall.SIGKILL) // a machine has nothing to put in order
	if m.patience > 0 {
		timer := time.AfterFunc(m.patience, func() {
			if console.String() == "" {
				cancel(errStalled)
			}
		})
		defer timer.Stop()
	}
	r := talk(ctx, cancel, cmd, func(line *os.File) { cmd.ExtraFiles[1] = line }, func(answers io.Reader) (int, error) {
		code, err := readFrames(answers, job.Stdout, job.Stderr, m.hello)
		if err == nil {
			cancel(nil) // kills what is still there
		}
		return code, err
	})
	endGroup(cmd)
	if r.err == nil {
		return r.code, nil
	}
	if start, ok := errors.AsType[startError](r.err); ok {
		return 0, start.error
	}
	// The console is complete, as the child has been waited for.
	err = r.err
	if r.cause != nil {
		err = r.cause
	} else if exit, ok := errors.AsType[*exec.ExitError](r.ended); ok && isSilence(err) {
		err = fmt.Errorf("it ended without an answer (%w)", exit)
	}
	return 0, m.failure(err, strings.TrimSpace(complaints.String()+"\n"+console.String()))
}

// failure is the error for a guest that gave no full answer.
func (m machine) failure(cause error, console string) error {
	e := &BootError{Kernel: m.name, Console: console}
	switch {
	case errors.Is(cause, errStalled):
		return errStalled
	case errors.Is(cause, context.Canceled):
		return errInterrupted
	case errors.Is(cause, context.DeadlineExceeded):
		late := inTime(m.name, console)
		if console == "" && m.silent != "" {
			late.Hint = "it said nothing: " + m.silent
		}
		return late
	case isSilence(cause):
		e.Problem = "it ended without an answer"
	default:
		e.Problem = cause.Error()
	}
	switch {
	case strings.Contains(e.Console, "ptrace set fp regs failed"):
		e.Hint = "this UML is too old for this processor; \"make kernels\" fetches one that is not"
	case e.Console == "" && m.silent != "":
		e.Hint = "it said nothing: " + m.silent
	}
	return e
}

// isSilence tells whether a read found nothing: the line ended, or a process that was left held it
// open until the time was over.
func isSilence(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded)
}

// errInterrupted ends a run that the user did not want to go on.
var errInterrupted = errors.New("interrupted")

// inTime is the error for a kernel that ran out of time.
func inTime(name, console string) *BootError {
	return &BootError{
		Kernel:  name,
		Problem: "it did not finish in time",
		Hint:    "give it longer with --boot-timeout",
		Console: console,
	}
}

// ownGroup puts a child into a process group of its own, which gets the signal
// when the context ends, and the child also when this process is killed. A child
// that is still there a while after is killed in any case, by package exec.
//
// Pdeathsig is sent when the thread that started the child ends: whoever calls
// stays on its thread until the child is gone (prctl(2)).
func ownGroup(cmd *exec.Cmd, sig syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: sig}
	cmd.Cancel = func() error {
		if err := syscall.Kill(-cmd.Process.Pid, sig); !errors.Is(err, syscall.ESRCH) {
			return err
		}
		return os.ErrProcessDone
	}
	cmd.WaitDelay = 3 * time.Second
}

// endGroup kills what a child has left in its group. User Mode Linux has processes that it traces,
// and they outlive it where it is killed.
func endGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // ESRCH: none is left
	}
}

// tail keeps the end of a console, and watches for text after which nothing more
// will come.
type tail struct {
	mu       sync.Mutex
	text     []byte
	hopeless string
	giveUp   func()
}

const (
	consoleLines = 40      // how many lines of a console are shown when a boot fails
	consoleBytes = 8 << 10 // and how many bytes of them: a line may be without end
)

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if t.hopeless != "" && bytes.Contains(t.text, []byte(t.hopeless)) {
		t.hopeless = ""
		t.giveUp()
	}
	if len(t.text) > 16*consoleBytes {
		t.text = append(t.text[:0], t.text[len(t.text)-consoleBytes:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return lastLines(string(t.text))
}

// lastLines is the end of a text: its last lines, from the beginning of one where
// there is one.
func lastLines(text string) string {
	text = strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\r", "")
	lines := strings.Split(text, "\n")
	text = strings.Join(lines[max(0, len(lines)-consoleLines):], "\n")
	if len(text) > consoleBytes {
		text = strings.ToValidUTF8(text[len(text)-consoleBytes:], "")
		if _, rest, ok := strings.Cut(text, "\n"); ok {
			text = rest
		}
	}
	return text
}
