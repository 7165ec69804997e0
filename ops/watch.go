package ops

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// watched is the thread that tells whether others sleep.
var watched = watcher{ask: make(chan int), tell: make(chan sleep)}

// A watcher is a thread with a table of descriptors of its own: it opens files, and
// in the common table they would have the number of a side that the script has closed, where
// a waiter on that number could find them.
type watcher struct {
	ask  chan int
	tell chan sleep
}

// A sleep is what can be said of a thread.
type sleep struct {
	asleep bool
	inCall bool // and it sleeps in a call that waits, which not every kernel tells
}

// startWatcher starts it, once, and before a run makes its sockets: those that there
// are would stay open in its table if they were not closed there.
var startWatcher = sync.OnceFunc(func() {
	ready := make(chan struct{})
	go watched.watch(ready)
	<-ready
})

func (w *watcher) watch(ready chan struct{}) {
	runtime.LockOSThread() // for good: no other goroutine may run with this table
	if unix.Unshare(unix.CLONE_FILES) == nil {
		closeFiles()
	}
	close(ready)
	for thread := range w.ask {
		w.tell <- look(thread)
	}
}

// closeFiles closes what is open in this thread's table, but for the runtime's poller, which any thread
// may have to wake.
func closeFiles() {
	const standard, most = 3, 1 << 12 // ops.Prepare has put the poller at 63 and 64
	for fd := standard; fd < most; fd++ {
		name, err := os.Readlink(fmt.Sprintf("/proc/thread-self/fd/%d", fd))
		if err == nil && !strings.HasPrefix(name, "anon_inode:") {
			closeFD(fd)
		}
	}
}

// look tells whether a thread of this process sleeps.
func (w *watcher) look(thread int) sleep {
	w.ask <- thread
	return <-w.tell
}

// look reads two files of proc(5): stat has the state, behind the name in brackets, and
// syscall names the call, for a thread that has come back from its wait may sleep in
// another one, as the Go runtime lets it go on only when there is a processor for it.
// In this order: one that has been woken is in its call still, and does not sleep.
func look(thread int) sleep {
	stat, _ := read(thread, "stat")
	_, state, found := strings.Cut(stat, ") ")
	if !found || !strings.HasPrefix(state, "S") {
		return sleep{}
	}
	call, ok := read(thread, "syscall")
	if !ok {
		return sleep{asleep: true}
	}
	number, _, _ := strings.Cut(call, " ")
	n, err := strconv.Atoi(number)
	waits := err == nil && slices.Contains(waitCalls, n)
	return sleep{asleep: waits, inCall: waits}
}

// read reads the beginning of a file about a thread.
func read(thread int, name string) (string, bool) {
	fd, err := unix.Open(fmt.Sprintf("/proc/self/task/%d/%s", thread, name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", false
	}
	defer closeFD(fd)
	var buf [128]byte
	n, err := unix.Read(fd, buf[:])
	return string(buf[:max(n, 0)]), err == nil && n > 0
}
