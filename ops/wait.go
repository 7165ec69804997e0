package ops

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// A waiting is a call that waits, for a thread of its own.
type waiting struct {
	polled bool // it asks for readiness
	call   func() answer
}

// A waiter is a thread that waits beside the steps.
type waiter struct {
	o       scenario.Observation
	thread  *thread
	entered atomic.Bool // it is about to wait
	slept   bool        // it has been seen asleep in its call
	done    chan struct{}
	a       answer
	ran     bool // it had a processor for half of a wait that is long enough to tell
}

// startWaiter gives a thread its wait, and returns when it sleeps, or is
// through already.
func startWaiter(t *thread, w waiting, o scenario.Observation) *waiter {
	waits := &waiter{o: o, thread: t, done: make(chan struct{})}
	t.work <- func() {
		defer close(waits.done)
		defer block()() // a wait that a signal ended would begin anew, and might miss what happened between
		start, before := time.Now(), processorTime()
		waits.entered.Store(true)
		waits.a = w.call()
		waits.a.polled = w.polled
		// A wait that is over sooner says nothing about how it waited.
		const telling = 20 * time.Millisecond
		d := time.Since(start)
		waits.ran = d > telling && processorTime()-before > d/2
	}
	waits.rest()
	return waits
}

// processorTime is how much of a processor's time this thread has had.
func processorTime() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_THREAD, &u) // it cannot fail with these arguments
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rest returns when the thread sleeps in its call or is through, or when neither comes
// for a second, on a machine as busy as that. A call that wakes a sleeper makes it runnable before it returns (try_to_wake_up in
// kernel/sched/core.c), so that one that sleeps after a step was not woken by it.
func (t *waiter) rest() {
	// Where the kernel does not tell in what call a thread sleeps, it has to sleep for so long.
	const unsure = 5 * time.Millisecond
	since := time.Now()
	for start := since; time.Since(start) < time.Second; {
		select {
		case <-t.done:
			return
		default:
		}
		if t.entered.Load() {
			s := t.thread.look()
			switch {
			case s.inCall, s.asleep && time.Since(since) >= unsure:
				t.slept = true
				return
			case !s.asleep:
				since = time.Now()
			}
		}
		runtime.Gosched()
	}
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
	// One that slept may be charged for the time that an emulated processor stood still; so one
	// that sleeps first and is busy later is not told.
	if t.ran && !t.slept {
		t.a.info = "busy=yes "
	}
	t.a.info += fmt.Sprintf("ended=#%d", cmd)
	r.report(t.o, t.a)
}
