package fwd

import (
	"fmt"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// A target is what connections are connected to, as one loop sees it.
type target struct {
	addresses []address // tried in order
	// hasty is whether the last client to end its stream did so before it was
	// answered. Where clients do so (one request, then SHUT_WR) a second read
	// behind the first finds the FIN and saves an event; where they do not, it
	// is the read that could be left out.
	hasty bool

	reported int64 // the wait that last reported the listener
	batch    int   // how many connections were taken then
}

// dial connects c to the first address of its target that takes it, beginning
// with the one whose turn it is.
func (l *loop) dial(c *conn) {
	s := &c.server
	for c.attempt < len(c.target.addresses) {
		to := &c.target.addresses[c.attempt]
		fd, errno := l.dialOne(to)
		switch errno {
		case 0, unix.EINPROGRESS:
			s.fd, s.unix, s.connecting, s.blocked = fd, to.file != nil, true, false
			l.adopt(s)
			if errno == 0 {
				l.established(s)
			} else {
				l.connecting.place(c, l.now)
			}
			l.greet(c)
			return
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			l.pause()
			l.retry(c, errno)
			return
		case unix.EAGAIN: // the backlog of a UNIX socket is full, and no event tells when it is not (connect(2))
			l.retry(c, errno)
			return
		}
		l.next(c, errno)
	}
	l.giveUp(c)
}

// dialOne makes a socket and connects it. It gives its descriptor if the error is
// none, or EINPROGRESS.
func (l *loop) dialOne(to *address) (int, unix.Errno) {
	fd, errno := l.socket(to.family())
	if errno != 0 {
		return -1, errno
	}
	if to.file == nil {
		l.enable(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY)
		errno = l.connect(fd, to)
	} else {
		errno = l.connectFile(fd, to)
	}
	if errno != 0 && errno != unix.EINPROGRESS {
		l.close(fd)
	}
	return fd, errno
}

// connectFile connects to a UNIX socket whose path does not end in a symbolic
// link: whoever may write the directory could else lead the connection
// elsewhere. Connect(2) itself always follows one.
func (l *loop) connectFile(fd int, to *address) unix.Errno {
	file, errno := l.openSocketFile(to.file)
	if errno != 0 {
		return errno
	}
	l.scratch.setDescriptorPath(file)
	errno = l.connect(fd, &l.scratch)
	l.close(file)
	return errno
}

// retry tries c's address again in a moment, as long as its time to connect
// lasts.
func (l *loop) retry(c *conn, errno unix.Errno) {
	if c.tried+l.connecting.limit <= l.now && l.connecting.limit != 0 {
		l.next(c, errno)
		l.dial(c)
		return
	}
	l.retrying.place(c, l.now)
}

// greet sends what the client has already said: a new connection often has its
// first bytes waiting, and loopback is connected by the time connect(2) answers
// EINPROGRESS.
func (l *loop) greet(c *conn) {
	client, server := &c.client, &c.server
	if !server.pending() && client.readable && l.take(client, server) && server.pending() && !client.readable && c.target.hasty {
		l.takeEnd(client, server)
	}
	if c.over || server.pending() && !l.flush(server) {
		return
	}
	l.carry(client, server)
}

// takeEnd looks for the end of src's stream right behind what was just read.
func (l *loop) takeEnd(src, dst *end) {
	switch n, errno := l.recv(src.fd, dst.buf[dst.len:]); {
	case errno == unix.EAGAIN:
	case errno != 0:
		l.lostReading(src)
	case n == 0:
		src.ended = true
	default:
		dst.len += n
		src.readable = true // there may be more
	}
}

// connected deals with the events of a socket that was being connected.
//
// OUT alone is success, and no second connect(2) is needed to say so. ERR or
// HUP, which come whatever the mask is, are a failure, and SO_ERROR says which.
func (l *loop) connected(s *end, events uint32) {
	c := s.conn
	var errno unix.Errno
	switch {
	case events&(unix.EPOLLERR|unix.EPOLLHUP) != 0:
		errno = l.socketError(s.fd)
	case events&unix.EPOLLOUT == 0:
		return
	}
	switch errno {
	case 0, unix.ECONNRESET, unix.EPIPE: // the kernel's word for a reset before the handshake is ECONNREFUSED
	default:
		l.failed(c, errno)
		return
	}
	l.established(s)
	l.note(s, events)
	if errno != 0 {
		l.lost(s)
		return
	}
	l.carry(&c.client, s)
	if s.readable && !c.over {
		l.carry(s, &c.client)
	}
}

// established begins the time limits of a connection that transfers data.
func (l *loop) established(s *end) {
	s.connecting, s.blocked = false, false
	l.idle.place(s.conn, l.now)
}

// failed goes on to the next address after one did not take the connection.
func (l *loop) failed(c *conn, errno unix.Errno) {
	s := &c.server
	if c.client.broken {
		return // and is being dealt with
	}
	l.sockets[s.fd] = nil
	l.close(s.fd) // now, as no other event of this socket is under way: one was all it could have
	s.fd, s.connecting, s.watched, s.mask = -1, false, false, 0
	l.next(c, errno)
	l.dial(c)
}

// next notes why an address did not take the connection, and goes on to the one
// behind it.
func (l *loop) next(c *conn, errno unix.Errno) {
	l.totals.LastFailure, l.totals.failedWhen = errno, l.now
	l.failedAt = &c.target.addresses[c.attempt]
	c.attempt++
	c.tried = l.now
}

// giveUp ends a connection that no address takes. The client gets a reset, as
// far as it can be told what it would have got without a relay.
func (l *loop) giveUp(c *conn) {
	l.totals.Refused++
	select {
	case l.relay.failures <- fmt.Errorf("connect to %s: %s", l.failedAt, scenario.Errno(l.totals.LastFailure).Message()):
	default: // one is enough until it is read
	}
	l.abort(c)
}
