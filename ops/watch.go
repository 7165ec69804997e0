package ops

import (
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
	work          chan func()
	stat, syscall int // descriptors of proc(5)'s files about it, -1 where there is none
}

// newThread starts a thread, and returns when it is there.
func newThread() *thread {
	t := &thread{work: make(chan func())}
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
	t.stat, t.syscall = openAside(n, "stat"), openAside(n, "syscall")
	return t
}

// openAside opens a file about a thread, or gives -1.
func openAside(thread int, name string) int {
	low, err := unix.Open(fmt.Sprintf("/proc/self/task/%d/%s", thread, name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	fd, err := aside(low)
	if err != nil {
		return -1
	}
	return fd
}

// close ends the thread, which is through with its work.
func (t *thread) close() {
	close(t.work)
	for _, fd := range []int{t.stat, t.syscall} {
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

// look reads two files of proc(5): stat has the state, behind the name in brackets, and
// syscall names the call, for a thread that has come back from its wait may sleep in
// another one, as the Go runtime lets it go on only when there is a processor for it.
// In this order: one that has been woken is in its call still, and does not sleep.
func (t *thread) look() sleep {
	_, state, found := strings.Cut(read(t.stat), ") ")
	if !found || !strings.HasPrefix(state, "S") {
		return sleep{}
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

// read reads a file from its beginning, which makes it anew.
func read(fd int) string {
	var buf [128]byte
	n, err := unix.Pread(fd, buf[:], 0)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}
