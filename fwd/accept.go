package fwd

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// listen registers the listeners. They are level-triggered, so that none has to
// be emptied, and EPOLLEXCLUSIVE wakes one waiting loop, not all
// (epoll_ctl(2)).
func (l *loop) listen() error {
	mask := uint32(unix.EPOLLIN)
	if len(l.relay.loops) > 1 {
		mask = exclusively
	}
	for _, ln := range l.relay.listeners {
		if errno := l.epollCtl(l.epfd, unix.EPOLL_CTL_ADD, ln.fd, mask); errno != 0 {
			return fmt.Errorf("watch %s: %w", ln.name, errno)
		}
	}
	l.paused = false
	return nil
}

// pause stops accepting for a moment. Connections wait in the backlog meanwhile.
func (l *loop) pause() {
	l.resumeAt = l.now + resumeAfter
	if l.paused || l.draining {
		return
	}
	if !l.starved {
		l.starved = true
		l.totals.Pauses++
	}
	l.unlisten()
}

func (l *loop) unlisten() {
	for _, ln := range l.relay.listeners {
		l.epollCtl(l.epfd, unix.EPOLL_CTL_DEL, ln.fd, 0)
	}
	l.paused = true
}

func (l *loop) resume() {
	if l.listen() != nil {
		l.unlisten() // there is no memory for it; what was registered is not
		l.resumeAt = l.now + resumeAfter
	}
}

// acceptSome takes connections from a listener that was reported: one, as a rule, so
// that no accept4(2) is made only to hear EAGAIN, and no loop takes what another
// is free for. While a listener is reported wait after wait, more and more.
func (l *loop) acceptSome(listener int) {
	t := l.targets[listener]
	if t.reported == l.waits-1 {
		t.batch = min(2*t.batch, maxBatch)
	} else {
		t.batch = 1
	}
	t.reported = l.waits
	for n := range t.batch {
		if !l.accept(listener) {
			t.batch = max(n, 1)
			return
		}
	}
}

// maxBatch bounds how long connections that are open wait for new ones.
const maxBatch = 32

// accept takes one connection from a listener. It is false if there was none.
func (l *loop) accept(listener int) bool {
	if !l.relay.admit() {
		l.pause()
		return false
	}
	ln := l.relay.listeners[listener]
	fd, errno := l.accept4(ln.fd, &l.scratch)
	if errno != 0 {
		l.relay.open.Add(-1)
		switch errno {
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			l.pause()
		}
		// EAGAIN: another loop has taken it. All else is what the network did
		// to a connection before it was accepted (accept(2), "Error handling").
		return false
	}
	l.starved = false
	l.totals.Accepted++
	l.totals.Open++
	c := l.newConn()
	c.target, c.tried = l.targets[listener], l.now
	c.client.fd, c.client.unix, c.client.readable = fd, l.scratch.family() == unix.AF_UNIX, true
	l.adopt(&c.client)
	l.idle.place(c, l.now)
	l.client = fd
	l.dial(c)
	l.settle(c)
	return true
}

// adopt enters e's descriptor into the table.
func (l *loop) adopt(e *end) {
	if e.fd >= len(l.sockets) {
		l.sockets = slices.Grow(l.sockets, e.fd+1-len(l.sockets))
		l.sockets = l.sockets[:cap(l.sockets)]
	}
	l.sockets[e.fd] = e
}

// drain stops accepting for good, after what is in the backlog, and gives the connections that
// are open until cutAt.
func (l *loop) drain(cutAt int64) {
	if l.draining || l.orders.ended {
		l.cutAt = min(l.cutAt, cutAt)
		return
	}
	l.now = l.relay.elapsed()
	for i := range l.relay.listeners {
		for l.accept(i) {
		}
	}
	if !l.paused {
		l.unlisten()
	}
	l.draining, l.cutAt = true, cutAt
}
