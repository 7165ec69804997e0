package fwd

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// laws is a renderer that renders nothing: it holds each call against what the
// notes on POLLHUP complain of in a relay's trace, and counts it.
type laws struct {
	mu      sync.Mutex
	faults  []string
	calls   map[string]int
	sockets map[int]*lawful
}

// A lawful is a socket as far as its calls and events tell.
type lawful struct {
	server    bool
	connected bool
	connects  int
	mask      int64 // -1: not registered
	events    uint32
	unasked   bool // the event has led to no call of its connection yet
	readable  bool // nothing has said yet that there is nothing to read
	blocked   bool // nothing has said since that more can be sent
	owesFIN   *lawful
	shut      bool
	peer      *lawful
}

func newLaws() *laws { return &laws{calls: map[string]int{}, sockets: map[int]*lawful{}} }

func (l *laws) unfinished(b []byte, _ *wait) []byte { return b }
func (l *laws) resumed(b []byte, s *sys, at time.Time, c *call) []byte {
	return l.call(b, s, at, c)
}

func (l *laws) call(b []byte, s *sys, _ time.Time, c *call) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[c.name]++
	broken := func(law string) {
		if len(l.faults) < 20 {
			l.faults = append(l.faults, fmt.Sprintf("%s: %s", law, strace{}.call(nil, s, time.Now(), c)))
		}
	}
	fd := c.fd
	if fd < 0 {
		broken("a call for no descriptor")
	}
	switch c.name {
	case "accept4":
		if c.errno == 0 {
			l.sockets[c.ret] = &lawful{connected: true, mask: -1, readable: true}
		}
		return b
	case "socket":
		if c.errno == 0 {
			k := &lawful{server: true, mask: -1, readable: true}
			if k.peer = l.sockets[s.client]; k.peer != nil {
				k.peer.peer = k
			}
			l.sockets[c.ret] = k
		}
		return b
	case waitName:
		l.wait(c, broken)
		return b
	case "epoll_ctl":
		fd = c.to
	case "splice":
		if l.sockets[fd] == nil {
			fd = c.to
		}
	}
	k := l.sockets[fd]
	if k == nil {
		return b
	}
	k.unasked = false
	if k.peer != nil {
		k.peer.unasked = false
	}
	switch c.name {
	case "connect":
		if k.connects++; k.connects > 1 {
			broken("a second connect tells what was known")
		}
		k.connected = c.errno == 0
	case "recvfrom":
		l.received(k, c, broken)
	case "sendto":
		l.sent(k, c, len(c.data), broken)
	case "splice":
		if fd == c.fd {
			l.received(k, c, broken)
		} else {
			l.sent(k, c, c.size, broken)
		}
	case "shutdown":
		if k.shut {
			broken("shut twice")
		}
		k.shut = true
	case "epoll_ctl":
		mask := int64(c.mask &^ maskEdge)
		if c.flags == unix.EPOLL_CTL_MOD && k.mask == mask || c.flags == unix.EPOLL_CTL_ADD && k.mask >= 0 {
			broken("an epoll_ctl that changes nothing")
		}
		if mask&unix.EPOLLOUT != 0 && !k.blocked && k.connected {
			broken("OUT is armed, and nothing waits to be sent")
		}
		k.mask = mask
	case "close":
		delete(l.sockets, fd)
	}
	return b
}

func (l *laws) received(k *lawful, c *call, broken func(string)) {
	switch {
	case !k.connected:
		broken("received from a socket that is not connected")
	case !k.readable:
		broken("received where nothing is to be had")
	}
	if c.errno != 0 || c.ret == 0 && c.name != "splice" { // of which 0 proves nothing
		k.readable = false
	}
	if c.name == "recvfrom" && c.errno == 0 && c.ret == 0 && k.peer != nil && k.peer.connected && !k.peer.shut {
		k.owesFIN = k.peer
	}
}

func (l *laws) sent(k *lawful, c *call, asked int, broken func(string)) {
	if k.blocked {
		broken("sent while the send buffer is known to be full")
	}
	switch c.errno {
	case 0:
		k.connected = true
	case unix.EAGAIN:
	default: // the connection is broken, and what came before that can be read
		k.readable = true
	}
	k.blocked = c.errno == unix.EAGAIN || c.errno == 0 && c.ret < asked && c.name == "sendto"
}

func (l *laws) wait(c *call, broken func(string)) {
	for _, k := range l.sockets {
		if to := k.owesFIN; to != nil && !to.shut && !to.blocked {
			broken("waited with a FIN that could have been passed on")
		}
		k.owesFIN = nil
	}
	for _, e := range c.events {
		k := l.sockets[int(e.Fd)]
		if k == nil {
			continue
		}
		if k.unasked && k.events == e.Events {
			broken("the same event twice, and nothing done about it")
		}
		k.events, k.unasked = e.Events, true
		if e.Events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			k.readable = true
		}
		if e.Events&unix.EPOLLOUT != 0 {
			k.blocked = false
			if e.Events&(unix.EPOLLERR|unix.EPOLLHUP) == 0 {
				k.connected = true
			}
		}
		if e.Events&unix.EPOLLERR != 0 {
			k.blocked, k.connected = false, true // what came before the error can be read
		}
	}
}

// relayHere starts a relay in this process, of one loop, that is held against the
// laws.
func relayHere(t *testing.T, spec string, o Options) (*Relay, *laws) {
	t.Helper()
	r, start := listenHere(t, spec, o)
	return r, start()
}

// listenHere is relayHere without the start, so that a connection can be made and
// spoken on before the relay looks.
func listenHere(t *testing.T, spec string, o Options) (_ *Relay, start func() *laws) {
	t.Helper()
	held := newLaws()
	trace := newTrace(discard{}, held)
	o.Loops = 1
	parsed, err := ParseSpec(spec)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Listen([]Spec{parsed}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Stop(0)
		if err := r.Wait(); err != nil {
			t.Error(err)
		}
		if err := trace.Close(); err != nil {
			t.Error(err)
		}
		for _, f := range held.faults {
			t.Error(f)
		}
	})
	return r, func() *laws {
		if err := r.Start(trace); err != nil {
			t.Fatal(err)
		}
		return held
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// TestLaws relays random exchanges and holds every call against the laws.
func TestLaws(t *testing.T) {
	s := newSink(t)
	r, held := relayHere(t, "0:"+s.ln.Addr().String(), Options{ConnectTimeout: 10 * time.Second})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	s.exchanges(t, r.Addr(), seed, soakSize()/5, nil)
	waitFor(t, "the last connections to end", func() bool { return r.Totals().Open == 0 })
	held.mu.Lock()
	defer held.mu.Unlock()
	t.Log(held.calls)
	if n := len(held.sockets); n > 0 {
		t.Errorf("%d sockets are still open", n)
	}
}
