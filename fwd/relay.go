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
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Options say how to relay. A time limit of 0 is none.
type Options struct {
	Loops             int           // threads; 0 is one for each CPU
	MaxConns          int           // open at the same time; 0 is as many as there may be descriptors for
	ConnectTimeout    time.Duration // for each address of the target
	IdleTimeout       time.Duration // without data in either direction
	HalfClosedTimeout time.Duration // the same, where one direction has ended
	Trace             *Trace        // nil for none
}

// A Relay accepts connections and relays each to its target.
type Relay struct {
	options   Options
	maxConns  int64
	listeners []*listener
	loops     []*loop
	began     time.Time

	open atomic.Int64 // connections

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
	r := &Relay{options: options, began: time.Now()}
	for _, spec := range specs {
		open, err := openListeners(spec)
		if err != nil {
			r.closeListeners()
			return nil, err
		}
		r.listeners = append(r.listeners, open...)
	}
	loops := options.Loops
	if loops == 0 {
		loops = runtime.NumCPU()
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

// String tells where the relay listens, and for what.
func (r *Relay) String() string {
	parts := make([]string, len(r.listeners))
	for i, ln := range r.listeners {
		parts[i] = ln.name + " to " + ln.to
	}
	return "relaying " + strings.Join(parts, ", ")
}

// Addr is what the first listener of a spec listens on.
func (r *Relay) Addr() string { return r.listeners[0].name }

// Start begins to relay, in threads of its own.
func (r *Relay) Start() error {
	ready := make(chan error)
	for _, l := range r.loops {
		r.running.Go(func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the loop
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
	var errs []error
	for range r.loops {
		errs = append(errs, <-ready)
	}
	if err := errors.Join(errs...); err != nil {
		r.Stop(0)
		_ = r.Wait()
		return err
	}
	return nil
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
