// Package fwd relays TCP and UNIX stream connections, with raw epoll and no more
// system calls than the connection needs, and writes down what the kernel told
// it.
//
// Each loop has a thread of its own and all that its connections need, so that
// no lock, no allocation and no goroutine stands between two bytes.
package fwd

import (
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// Options say how to relay. A time limit of 0 is none.
type Options struct {
	Loops             int           // threads; 0 is GOMAXPROCS
	MaxConns          int           // open at the same time; 0 is as many as there may be descriptors for
	ConnectTimeout    time.Duration // for each address of the target
	IdleTimeout       time.Duration // without data in either direction
	HalfClosedTimeout time.Duration // the same, where one direction has ended
}

// A Relay accepts connections and relays each to its target.
type Relay struct {
	options   Options
	maxConns  int64
	listeners []*listener
	loops     []*loop
	began     time.Time

	open     atomic.Int64 // connections
	failures chan error

	running sync.WaitGroup // loops
	mu      sync.Mutex
	err     error
	drained sync.Once
}

var (
	anyIPv4 = netip.IPv4Unspecified()
	anyIPv6 = netip.IPv6Unspecified()
)

// Listen begins to listen, as all specs say or not at all. Connections are
// accepted from [Relay.Start] on.
func Listen(specs []Spec, options Options) (*Relay, error) {
	r := &Relay{options: options, began: time.Now(), failures: make(chan error, 1)}
	for _, spec := range specs {
		open, err := openListeners(spec)
		if err != nil {
			r.closeListeners()
			return nil, err
		}
		r.listeners = append(r.listeners, open...)
	}
	if err := r.checkCircle(); err != nil {
		r.closeListeners()
		return nil, err
	}
	loops := options.Loops
	if loops == 0 {
		loops = runtime.GOMAXPROCS(0)
	}
	r.maxConns = int64(options.MaxConns)
	if r.maxConns == 0 {
		r.maxConns = roomForConns(loops)
	}
	for range loops {
		r.loops = append(r.loops, newLoop(r))
	}
	return r, nil
}

// Lines tell for each listener where it listens, and for what.
func (r *Relay) Lines() []string {
	lines := make([]string, len(r.listeners))
	for i, ln := range r.listeners {
		lines[i] = "relaying " + ln.name + " to " + ln.to
	}
	return lines
}

// Failures tells of a client that was reset because its target took no
// connection: of one of them, while nobody reads.
func (r *Relay) Failures() <-chan error { return r.failures }

// Addr is what the first listener of a spec listens on.
func (r *Relay) Addr() string { return r.listeners[0].name }

// Start begins to relay, in threads of its own. The trace may be nil.
func (r *Relay) Start(trace *Trace) error {
	ready := make(chan error)
	for _, l := range r.loops {
		r.running.Go(func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the loop
			l.trace = trace
			err := l.prepare()
			ready <- err
			if err != nil {
				l.release()
				return
			}
			if err := l.run(); err != nil {
				r.fail(err)
			}
		})
	}
	var first error // the others are for the same reason
	for range r.loops {
		if err := <-ready; first == nil {
			first = err
		}
	}
	if first != nil {
		r.Stop(0)
		_ = r.Wait()
	}
	return first
}

func (r *Relay) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
}

// Stop stops accepting and gives open connections as long as grace to end. After
// that they are reset. A second Stop can only shorten that.
func (r *Relay) Stop(grace time.Duration) {
	cutAt := r.elapsed() + int64(grace)
	r.each(func(l *loop) { l.drain(cutAt) })
	r.drained.Do(r.closeListeners)
}

// Wait waits for the end of all connections after a Stop. The error is nil unless a loop could
// not go on.
func (r *Relay) Wait() error {
	r.running.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Totals are what all loops have done so far.
func (r *Relay) Totals() Totals {
	var t Totals
	var mu sync.Mutex
	r.each(func(l *loop) {
		mu.Lock()
		defer mu.Unlock()
		t.add(l.snapshot())
	})
	return t
}

func (l *loop) snapshot() Totals {
	if l.failedAt != nil {
		l.totals.FailedAt = l.failedAt.String()
	}
	return l.totals
}

// each has every loop do something, on its own thread or, if it has ended, on
// this one, and waits for it.
func (r *Relay) each(do func(*loop)) {
	var done sync.WaitGroup
	for _, l := range r.loops {
		done.Add(1)
		l.order(func(l *loop) {
			defer done.Done()
			do(l)
		})
	}
	done.Wait()
}

// admit counts one more connection, if the limit allows it.
func (r *Relay) admit() bool {
	if r.open.Add(1) <= r.maxConns {
		return true
	}
	r.open.Add(-1)
	return false
}

func (r *Relay) closeListeners() {
	for _, ln := range r.listeners {
		ln.close()
	}
}

// elapsed is the time since the relay began, in nanoseconds.
func (r *Relay) elapsed() int64 { return int64(time.Since(r.began)) }

// roomForConns is how many connections there are descriptors for: two for each,
// beside those of the loops and a few pipes.
func roomForConns(loops int) int64 {
	const otherFiles = 32
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<40 {
		return 1 << 40
	}
	own := otherFiles + int64(loops)*(2+2*spares)
	return max((int64(limit.Cur)-own)/2, (int64(limit.Cur)-otherFiles)/4, 1)
}

// checkCircle refuses a relay that would be its own client, directly or through
// another of its specs, and take all descriptors there are for the first connection.
func (r *Relay) checkCircle() error {
	for _, ln := range r.listeners {
		if r.leadsTo(ln, ln, len(r.listeners)) {
			return &scenario.Error{
				Where: ln.to, Problem: "the relay itself listens there, and connections would go in a circle",
				Hint: "give the target's own address",
			}
		}
	}
	return nil
}

// leadsTo is whether connections to from may come to to within so many steps.
func (r *Relay) leadsTo(from, to *listener, steps int) bool {
	return steps > 0 && slices.ContainsFunc(r.listeners, func(next *listener) bool {
		isNext := slices.ContainsFunc(from.target, func(a address) bool { return next.takes(&a) })
		return isNext && (next == to || r.leadsTo(next, to, steps-1))
	})
}
