package fwd

import (
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A Trace writes down each system call of a relay and each event it was told,
// in the order in which they happened.
//
// For that, a call and the line for it are one under a lock, but for a wait: it
// may last, and has its line when it ends. If another thread has something to
// say before, the line is in two parts, as strace has it.
type Trace struct {
	mu      sync.Mutex
	out     []byte // what is not yet written
	render  renderer
	entered time.Time // into the call that holds the lock
	waits   []*wait   // what is under way, in the order of their beginning

	ended bool // nothing is kept any more

	w      io.Writer
	err    error         // of the writer
	begun  chan struct{} // there is something to write
	full   chan struct{} // there is much
	failed chan error
	stop   chan struct{}
	done   chan struct{}
}

// A call is a system call and its answer. Which fields mean something depends
// on the name, and is said in [sys], which fills them in.
type call struct {
	name   string
	fd     int
	to     int // the second descriptor
	addr   *address
	data   []byte
	size   int
	flags  int
	mask   uint32
	events []unix.EpollEvent
	ret    int
	errno  unix.Errno
}

// result is what the call returned, -1 on an error.
func (c *call) result() int {
	if c.errno != 0 {
		return -1
	}
	return c.ret
}

// A renderer writes a call as text behind b.
type renderer interface {
	call(b []byte, s *sys, at time.Time, c *call) []byte
	// unfinished and resumed are a wait in two parts.
	unfinished(b []byte, w *wait) []byte
	resumed(b []byte, s *sys, at time.Time, c *call) []byte
}

// A wait is a call that sleeps.
type wait struct {
	tid     int
	epfd    int
	entered time.Time
	shown   bool // as unfinished
}

const (
	// What is traced is written when there is so much of it, and else after a
	// moment.
	traceBatch = 64 << 10
	traceDelay = 50 * time.Millisecond
	// traceMost is how much may wait to be written. A relay does not wait for
	// its trace.
	traceMost = 32 << 20
	// closeTime bounds how long what is left may take to be written.
	closeTime = 2 * time.Second
)

// errSlow ends a trace that is not taken as fast as it comes.
var errSlow = errors.New("what it is written to does not take it fast enough")

// NewTrace makes a trace in strace's syntax, as strace -f -tt -o writes it.
func NewTrace(w io.Writer) *Trace { return newTrace(w, strace{}) }

// NewObservations makes a trace of observations, an object a line. The calls that have no verb, such as
// epoll_ctl, are not in it.
func NewObservations(w io.Writer) *Trace {
	return newTrace(w, &observer{ends: map[int]place{}, steps: map[int]int{}})
}

func newTrace(w io.Writer, r renderer) *Trace {
	_, _ = time.Now().Zone() // reads the time zone's file now, and not in a loop
	t := &Trace{
		w: w, render: r,
		begun: make(chan struct{}, 1), full: make(chan struct{}, 1), failed: make(chan error, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go t.write()
	return t
}

// write hands on what is traced, until the trace is closed.
func (t *Trace) write() {
	defer close(t.done)
	for {
		select {
		case <-t.begun:
			select {
			case <-time.After(traceDelay): // for more to come
			case <-t.full:
			case <-t.stop:
			}
			t.flush()
		case <-t.stop:
			t.flush()
			return
		}
	}
}

func (t *Trace) flush() {
	t.mu.Lock()
	out := t.out
	t.out = nil
	ended := t.ended
	t.mu.Unlock()
	if len(out) == 0 || ended {
		return
	}
	if _, err := t.w.Write(out); err != nil {
		t.mu.Lock()
		t.end(err)
		t.mu.Unlock()
	}
}

// end gives the trace up, with t.mu held.
func (t *Trace) end(err error) {
	if !t.ended {
		t.ended, t.err, t.out = true, err, nil
		t.failed <- err
	}
}

// Failed gives the error of the first write that fails. The relay goes on
// without a trace then.
func (t *Trace) Failed() <-chan error {
	if t == nil {
		return nil
	}
	return t.failed
}

// Close writes what is left, for a bounded time, and gives the first error of any
// write.
func (t *Trace) Close() error {
	close(t.stop)
	select {
	case <-t.done:
	case <-time.After(closeTime):
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.done:
	default:
		t.end(errSlow)
	}
	return t.err
}

// enter begins a call. Without a trace it does nothing.
func (t *Trace) enter() {
	if t != nil {
		t.mu.Lock()
		t.entered = time.Now()
	}
}

// leave ends what enter began.
func (t *Trace) leave(s *sys, c call) {
	t.interrupt()
	t.out = t.render.call(t.out, s, t.entered, &c)
	t.release()
}

// beginWait begins an epoll_wait.
func (t *Trace) beginWait(s *sys, epfd int) {
	t.enter()
	t.interrupt()
	s.waiting = wait{tid: s.tid, epfd: epfd, entered: t.entered}
	t.waits = append(t.waits, &s.waiting)
	t.release()
}

// endWait ends what beginWait began.
func (t *Trace) endWait(s *sys, epfd int, events []unix.EpollEvent, ms, n int, errno unix.Errno) {
	c := call{name: waitName, fd: epfd, events: events[:max(n, 0)], flags: len(events), size: ms, ret: n, errno: errno}
	t.enter()
	at := s.waiting.entered
	t.waits = slices.DeleteFunc(t.waits, func(w *wait) bool { return w == &s.waiting })
	t.interrupt()
	if s.waiting.shown {
		t.out = t.render.resumed(t.out, s, t.entered, &c)
	} else {
		t.out = t.render.call(t.out, s, at, &c)
	}
	t.release()
}

// interrupt shows the wait of another thread that began before what comes now.
// There is one at most, as each that begins interrupts the one before.
func (t *Trace) interrupt() {
	for _, w := range t.waits {
		if !w.shown {
			w.shown = true
			t.out = t.render.unfinished(t.out, w)
		}
	}
}

// release ends a call's hold of the trace.
func (t *Trace) release() {
	switch {
	case t.ended:
		t.out = nil
	case len(t.out) > traceMost:
		t.end(errSlow)
	}
	full := len(t.out) >= traceBatch
	t.mu.Unlock()
	tell(t.begun)
	if full {
		tell(t.full)
	}
}

// tell wakes whoever waits for c, once.
func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it has been told
	}
}
