package ops

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// A waiting is a call that waits, for a thread of its own.
type waiting struct {
	limit  time.Duration
	polled bool // it asks for readiness
	call   func() answer
}

// A waiter is a thread that waits beside the steps.
type waiter struct {
	o     scenario.Observation
	limit time.Duration
	stat  atomic.Int64 // the descriptor of its thread's state, or -1; notYet before it is about to wait
	done  chan struct{}
	a     answer
}

func nanoseconds(n int64) time.Duration { return time.Duration(n) }

// startWaiter starts a thread that waits, and returns when it sleeps, or is
// through already.
func (r *run) startWaiter(w waiting, o scenario.Observation) *waiter {
	t := &waiter{o: o, limit: w.limit, done: make(chan struct{})}
	t.stat.Store(notYet)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(t.done)
		start, before := time.Now(), processorTime()
		t.stat.Store(int64(r.threadState()))
		t.a = w.call()
		t.a.polled = w.polled
		// A wait that is over sooner says nothing about how it waited.
		const telling = 20 * time.Millisecond
		if d := time.Since(start); d > telling && processorTime()-before > d/2 {
			t.a.info = "busy=yes "
		}
	}()
	t.rest()
	return t
}

// processorTime is how much of a processor's time this thread has had.
func processorTime() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_THREAD, &u) // it cannot fail with these arguments
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rest returns when the thread sleeps in its call or is through, or when neither comes
// for a second: on a machine as busy as that, and on a kernel that does not tell. A
// call that wakes a sleeper makes it runnable before it returns (try_to_wake_up in
// kernel/sched/core.c), so that one that sleeps after a step was not woken by it.
func (t *waiter) rest() {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); {
		select {
		case <-t.done:
			return
		default:
		}
		if stat := t.stat.Load(); stat != notYet && asleep(int(stat)) {
			return
		}
		runtime.Gosched()
	}
}

// notYet is no descriptor's number, and not that of none.
const notYet = -2

// threadState opens the state of this thread, once and before it waits: opened for a look,
// it would have the lowest free number, which may be that of a closed side
// that a waiter is about to ask for. -1 if it cannot be had.
func (r *run) threadState() int {
	low, err := unix.Open(fmt.Sprintf("/proc/self/task/%d/stat", unix.Gettid()), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	fd, err := r.aside(low)
	if err != nil {
		return -1
	}
	return fd
}

// asleep tells whether a thread sleeps: the state in proc(5)'s stat, which stands
// behind the name in brackets.
func asleep(stat int) bool {
	var buf [128]byte
	n, err := unix.Pread(stat, buf[:], 0)
	if err != nil {
		return false
	}
	_, state, found := strings.Cut(string(buf[:n]), ") ")
	return found && strings.HasPrefix(state, "S")
}

// gather reports the waiters whose wait a command has ended.
func (r *run) gather(cmd int) {
	if len(r.waiters) == 0 {
		return
	}
	r.settle()
	var left []*waiter
	for _, t := range r.waiters {
		t.rest()
		select {
		case <-t.done:
			r.endWaiter(t, cmd)
		default:
			left = append(left, t)
		}
	}
	r.waiters = left
}

// gatherAll waits for the rest, for as long as each may wait.
func (r *run) gatherAll(cmd int) {
	for _, t := range r.waiters {
		<-t.done
		r.endWaiter(t, cmd)
	}
	r.waiters = nil
}

// endWaiter reports what a waiter saw, and the command in which, or after which, its wait ended.
func (r *run) endWaiter(t *waiter, cmd int) {
	if stat := int(t.stat.Load()); stat >= 0 {
		closeFD(stat)
	}
	t.a.info += fmt.Sprintf("ended=#%d", cmd)
	r.report(t.o, t.a)
}
