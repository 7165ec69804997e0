package ops

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A thread is one that a wait can be given to. It and the files that tell how it
// does are made before the first socket, as are all descriptors of the probe's own.
type thread struct {
	work chan func()
	// Descriptors of proc(5)'s files about it, -1 where there is none. User Mode Linux has no
	// syscall, and shows stack to root only.
	stat, syscall, stack int
}

// newThread starts a thread, and returns when it is there. Without /proc nobody can see whether
// the thread sleeps: a *[LackError].
func newThread() (*thread, error) {
	t := &thread{work: make(chan func()), stat: -1, syscall: -1, stack: -1}
	number := make(chan int)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		number <- unix.Gettid()
		for f := range t.work {
			f()
		}
	}()
	n := <-number
	var err error
	if t.stat, err = openAside(n, "stat"); err != nil {
		t.close()
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EACCES) {
			return nil, lack("/proc", fmt.Errorf("wai and blk need it to see whether a thread sleeps: %w", err))
		}
		return nil, err
	}
	if t.syscall, err = openAside(n, "syscall"); err != nil {
		t.stack, _ = openAside(n, "stack") // or -1
	}
	return t, nil
}

// openAside opens a file about a thread, or returns -1 with the reason.
func openAside(thread int, name string) (int, error) {
	path := fmt.Sprintf("/proc/self/task/%d/%s", thread, name)
	low, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open %s: %w", path, err)
	}
	return aside(low)
}

// close ends the thread, which is through with its work.
func (t *thread) close() {
	close(t.work)
	for _, fd := range []int{t.stat, t.syscall, t.stack} {
		if fd >= 0 {
			closeFD(fd)
		}
	}
}

// A sleep is what can be said of a thread.
type sleep struct {
	asleep bool
	inCall bool // and it sleeps in a call that waits, which not every kernel tells
}

// look reads two files of proc(5). One is stat, which has the state behind the name in brackets.
// The other is syscall, which names the call, or else stack: a thread that has come back from its
// wait may sleep in another call, as the Go runtime lets it go on only when there is a processor
// for it. The order counts: a thread that has been woken is still in its call, and does not sleep.
func (t *thread) look() sleep {
	_, state, found := strings.Cut(read(t.stat), ") ")
	if !found || !strings.HasPrefix(state, "S") {
		return sleep{}
	}
	if stack := read(t.stack); stack != "" {
		waits := slices.ContainsFunc(waitFunctions, func(name string) bool { return strings.Contains(stack, name) })
		return sleep{asleep: waits, inCall: waits}
	}
	call := read(t.syscall)
	if call == "" {
		return sleep{asleep: true}
	}
	number, _, _ := strings.Cut(call, " ")
	n, err := strconv.Atoi(number)
	waits := err == nil && slices.Contains(waitCalls, n)
	return sleep{asleep: waits, inCall: waits}
}

// waitFunctions are the kernel's functions for the calls of waitCalls, as a stack shows them.
var waitFunctions = []string{"sys_ppoll", "sys_pselect6", "sys_epoll_wait", "sys_epoll_pwait", "sys_recvfrom"}

// read reads a file from its beginning, which makes it anew.
func read(fd int) string {
	if fd < 0 {
		return ""
	}
	var buf [1024]byte
	n, err := unix.Pread(fd, buf[:], 0)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}
