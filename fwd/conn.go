package fwd

import "golang.org/x/sys/unix"

// A conn is a relayed connection: a client's socket and the one to its target.
// It belongs to one loop for all its life, and is used again after it.
type conn struct {
	client   end
	server   end
	target   *target
	attempt  int   // which of the target's addresses is tried
	tried    int64 // since when
	answered bool  // the client was sent something
	over     bool  // both descriptors are to be closed

	// The queue of the time limit that runs, and the neighbours there.
	queue         *queue
	since         int64
	before, after *conn
}

// An end is one socket of a connection, and what is to be sent on it.
type end struct {
	conn *conn
	peer *end
	fd   int
	unix bool

	// What is known of the socket. Registrations are edge-triggered, so that
	// what an event said holds until a call says otherwise.
	connecting bool
	readable   bool // there may be something to read: data, the end or an error
	fin        bool // the end is in the receive queue, behind what is left of the data
	ended      bool // the end was read: nothing will come
	shut       bool // SHUT_WR was done: nothing will be sent
	broken     bool // an error was reported
	urgent     bool // urgent data were reported

	watched bool   // it is registered with epoll,
	mask    uint32 // for these events
	muted   bool   // reading has to wait, and more to read is no news

	// What was read from the peer and is still to be sent here: in a buffer,
	// or in a pipe.
	buf      []byte
	off, len int
	pipe     pipe
	piped    int
	blocked  bool // the send buffer is full, and OUT will tell when it is not
	bulk     int  // full reads in a row
	moved    int  // bytes spliced since there was nothing to splice
	again    bool // its turn is to be continued
}

// A pipe holds what is spliced; without one, w is 0.
type pipe struct{ r, w int }

func (e *end) pending() bool { return e.len > 0 || e.piped > 0 }

// Interest masks. OUT is armed only while something waits to be sent, and IN, PRI and
// RDHUP as long as the end of the stream has not been read.
const (
	maskRead = unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLRDHUP
	maskEdge = unix.EPOLLET & 0xffffffff
)

// wanted is the interest mask that can bring e on. ERR and HUP are reported
// whatever it is.
func (e *end) wanted() uint32 {
	switch {
	case e.connecting && e.pending():
		return unix.EPOLLOUT
	case e.connecting:
		return unix.EPOLLOUT | maskRead
	}
	var mask uint32
	if !e.ended && !e.muted {
		mask |= maskRead
	}
	if e.blocked {
		mask |= unix.EPOLLOUT
	}
	return mask
}

// bulkReads is how many reads in a row have to fill the buffer before splice(2)
// takes over. Splicing costs two calls more to begin with and then half of
// copying (make bench-relay).
const bulkReads = 2

// turns bounds what one connection may move before the others have their turn.
const turns = 16

// carry moves what src has to dst until either has to wait.
func (l *loop) carry(src, dst *end) {
	if dst.fd < 0 || dst.connecting || dst.blocked || dst.pending() && !l.flush(dst) {
		return
	}
	for range turns {
		if src.ended {
			l.pass(dst)
			return
		}
		if !src.readable || !l.take(src, dst) || dst.pending() && !l.flush(dst) {
			return
		}
	}
	l.later(src)
}

// take reads once from src. It is false if there is nothing for now.
func (l *loop) take(src, dst *end) bool {
	if dst.bulk >= bulkReads && !src.urgent && l.pipeFor(dst) {
		return l.takeSpliced(src, dst)
	}
	n, errno := l.recv(src.fd, l.buf)
	switch {
	case errno == unix.EAGAIN:
		src.readable = false
		return false
	case errno == unix.ENOMEM || errno == unix.ENOBUFS:
		l.retrying.place(src.conn, l.now)
		return false
	case errno != 0:
		l.lostReading(src)
		return false
	case n == 0:
		src.ended = true
		return true
	case n == len(l.buf):
		dst.bulk++
	default:
		dst.bulk = 0
		l.drained(src)
	}
	dst.buf, dst.off, dst.len = l.buf, 0, n // lent: flush is next, and decides
	return true
}

// drained draws the conclusion from a read that got less than it asked for.
//
// With TCP the receive queue was empty then, and what comes later is a new
// edge (epoll(7), question 9). If the FIN was already reported, it is next, and
// the read that would answer 0 is not needed: RDHUP without ERR says that the
// FIN has been received in order, behind all data.
//
// Two things make a read stop early all the same: the mark of urgent data, of
// which PRI tells, and on a UNIX socket a border between two messages. There
// the next read decides.
func (l *loop) drained(src *end) {
	switch {
	case src.unix || src.urgent:
	case src.fin:
		src.ended = true
	default:
		src.readable = false
	}
}

// takeSpliced moves what src has into dst's pipe.
//
// A splice stops at the mark of urgent data, and answers EAGAIN there, or 0 if a
// FIN has come (tcp_splice_read in net/ipv4/tcp.c). EAGAIN does no harm: PRI is
// reported after it, and then there is no splicing. But 0 is the end only if the
// FIN was reported without PRI; else a receive has to say so.
func (l *loop) takeSpliced(src, dst *end) bool {
	n, errno := l.splice(src.fd, dst.pipe.w, pipeSize)
	switch {
	case errno == unix.EAGAIN: // the pipe is empty, so it is the socket that has nothing
		src.readable = false
		if dst.moved < bufferSize {
			dst.bulk = 0 // too little to be worth it
		}
		dst.moved = 0
		l.dropPipe(dst)
		return false
	case errno != 0:
		l.lostReading(src)
		return false
	case n == 0:
		src.ended = src.fin
		dst.bulk = 0
		l.dropPipe(dst)
		return true
	}
	dst.piped = n
	dst.moved += n
	return true
}

// flush sends what is pending on dst. It is false if something is left, or the
// connection is over.
func (l *loop) flush(dst *end) bool {
	last := dst.peer.ended && !dst.peer.broken && !dst.unix // a FIN follows
	for dst.len > 0 {
		n, errno := l.send(dst.fd, dst.buf[dst.off:dst.off+dst.len], last)
		if errno != 0 {
			return l.unsent(dst, errno)
		}
		l.sent(dst, n)
		short := n < dst.len
		dst.off += n
		dst.len -= n
		if short {
			l.keepBuffer(dst)
			dst.blocked = true // the send buffer is full, and the next send would only say so
			return false
		}
	}
	l.releaseBuffer(dst)
	for dst.piped > 0 {
		n, errno := l.splice(dst.pipe.r, dst.fd, dst.piped)
		if errno != 0 {
			return l.unsent(dst, errno)
		}
		l.sent(dst, n)
		dst.piped -= n
	}
	return true
}

// unsent deals with a send that failed, and is always false.
func (l *loop) unsent(dst *end, errno unix.Errno) bool {
	l.keepBuffer(dst)
	switch {
	case errno == unix.EAGAIN:
		dst.blocked = true
	case errno == unix.ENOBUFS || errno == unix.ENOMEM:
		l.retrying.place(dst.conn, l.now) // no event tells when there is memory
	case dst.connecting:
		l.failed(dst.conn, errno)
	default:
		l.lost(dst)
	}
	return false
}

// sent counts what was delivered. The first bytes that go out also say that the
// connection is established.
func (l *loop) sent(dst *end, n int) {
	if dst == &dst.conn.server {
		l.totals.Sent += int64(n)
		if dst.connecting {
			l.established(dst)
		}
	} else {
		l.totals.Returned += int64(n)
		dst.conn.answered = true
	}
}

// pass hands on the end of the stream: what came before it has been sent on
// dst.
func (l *loop) pass(dst *end) {
	switch {
	case dst.shut || dst.connecting:
		return
	case dst.peer.shut: // the other direction has ended, too; close sends the FIN
		l.end(dst.conn)
		return
	}
	if errno := l.shutdown(dst.fd); errno != 0 {
		l.lost(dst) // ENOTCONN: the peer has reset it
		return
	}
	dst.shut = true
	c := dst.conn
	c.target.hasty = dst == &c.server && !c.answered
	l.limit(c)
}

// limit begins the time limit of what state c is in, once it is established. One
// that waits for memory goes on waiting.
func (l *loop) limit(c *conn) {
	if c.queue == &l.retrying {
		return
	}
	q := &l.idle
	if c.client.shut || c.server.shut {
		q = &l.halfClosed
		if !c.client.watched || !c.server.watched {
			q = &l.halfClosing
		}
	}
	q.place(c, l.now)
}

// lostReading is lost for an end that a read found broken: an error comes behind the
// last data, so that there are none to be read.
func (l *loop) lostReading(e *end) {
	e.ended = true
	l.lost(e)
}

// lost ends a connection one end of which is broken. What that end had received
// before can still be read, and is delivered if that takes no wait; then the
// reset is passed on.
func (l *loop) lost(e *end) {
	c := e.conn
	if c.over || e.broken {
		return
	}
	e.broken = true
	if !e.peer.broken {
		l.totals.Reset++
	}
	e.readable = true
	for peer := e.peer; peer.fd >= 0 && !peer.broken && !peer.blocked && !c.over; {
		if peer.pending() && !l.flush(peer) || e.ended || !l.take(e, peer) {
			break
		}
	}
	l.abort(c)
}
