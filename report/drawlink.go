package report

import (
	"sockprobe/scenario"
)

// A link is a connection, by the sides that it connects.
type link struct {
	client      scenario.Side
	server      scenario.Side // 0 as long as it has not been accepted
	established bool
	deferred    bool // it may not be there to be accepted as long as the client has sent no data
	inherits    bool // the server's socket was made when the listener had SO_LINGER
	reset       bool // for certain: nothing is sent on it any more
	doubtful    bool // it may have been reset
	toClient    stream
	toServer    stream
}

// other is the other end: while nobody has accepted a connection, what is sent on it
// is kept with the listener.
func (l *link) other(side scenario.Side) scenario.Side {
	switch {
	case side != l.client:
		return l.client
	case l.server == 0:
		return scenario.Listener
	default:
		return l.server
	}
}

// to is the direction that ends at a side.
func (l *link) to(side scenario.Side) *stream {
	if side == l.client {
		return &l.toClient
	}
	return &l.toServer
}

// from is the direction that begins at a side.
func (l *link) from(side scenario.Side) *stream {
	if side == l.client {
		return &l.toServer
	}
	return &l.toClient
}

// An endpoint is one side's socket.
type endpoint struct {
	descriptors        int
	link               *link
	lingers, mayLinger bool // lin was made: a close resets, or may
	shutWrite, closed  bool
	refuses            bool // it is closed, or shut in both directions, for certain
	shutIn, shutOut    bool // this direction is shut, for certain
	deaf               bool // it was asked to shut its reading side: that holds even after ENOTCONN
	mayCork            bool // CORK holds data back, or may
	hurried            bool // an option may have the kernel reset the connection by itself
	narrow             bool // an option may have made the receive buffer small
	defers, delays     bool // DEFER_ACCEPT or QUICKACK=0 may have acknowledgements wait
}

// set notes an option that decides what the kernel sends, and when.
func (e *endpoint) set(name, value string, all bool) {
	on := func(was, is bool) bool { return is || was && !all }
	switch name {
	case "CORK":
		e.mayCork = on(e.mayCork, value != "0")
	case "DEFER_ACCEPT":
		e.defers = on(e.defers, value != "0")
	case "QUICKACK":
		e.delays = on(e.delays, value == "0")
	case "LINGER2", "USER_TIMEOUT", "KEEPALIVE":
		e.hurried = true
	case "RCVBUF", "RCVBUFFORCE":
		e.narrow = true
	}
}

// shut notes a shutdown that succeeded. The kernel collects the directions that are shut, by one
// call or by two (inet_shutdown in net/ipv4/af_inet.c).
func (e *endpoint) shut(verb string) {
	switch verb {
	case "shr":
		e.shutIn = true
	case "shw":
		e.shutOut = true
	case "shb":
		e.shutIn, e.shutOut = true, true
	default:
		return
	}
	e.refuses = e.refuses || e.shutIn && e.shutOut
}

func (e *endpoint) isDeaf() bool   { return e.deaf }
func (e *endpoint) isNarrow() bool { return e.narrow || e.delays }
func (e *endpoint) mayHold() bool  { return e.mayCork }
func (e *endpoint) mayReset() bool { return e.hurried || e.mayLinger }

// A stream is what is known of one direction of a connection, in bytes. It is in messages
// where a family keeps them apart.
type stream struct {
	sent     bounds
	received bounds
	arrived  int // at least so much has come into the receive queue
	sends    int
	urgent   int // of the bytes sent
	mark     int // at least so many bytes were sent before the last urgent one
	passed   int // at most so many urgent bytes were passed over by receives
	// Data may wait for an acknowledgement of those before (Nagle's algorithm, RFC 9293, 3.7.4).
	waits bool
}

// Bounds are the least and the most that a number may be.
type bounds struct{ least, most int }

func (b *bounds) add(c bounds) { b.least, b.most = b.least+c.least, b.most+c.most }

// unread tells whether data are in the receive queue for certain. A receive with MSG_OOB
// leaves the urgent byte there. Another receive that begins at the urgent byte passes over it
// (tcp_recvmsg_locked in net/ipv4/tcp.c), and so does the arrival of the next one (tcp_check_urg).
func (s *stream) unread() bool { return s.arrived > s.received.most+s.passed }

// read tells whether all that was sent has been received for certain.
func (s *stream) read() bool { return s.sent.most <= s.received.least }

// What arrives for certain.
const (
	sureRoom   = 16384 // bytes in a receive buffer of the default size (tcp(7), tcp_rmem)
	narrowRoom = 500   // bytes in one as small as RCVBUF can make it
	// A sender sends up to 10 segments before an acknowledgement (RFC 6928), and a receiver
	// acknowledges the first 16 at once (TCP_MAX_QUICKACKS in include/net/tcp.h).
	sureSends = 8
)

// send notes what a side has given the kernel to send, and what of it has arrived for certain.
func (f *flow) send(side scenario.Side, verb string, amount bounds) {
	e := f.at(side)
	l := e.link
	if amount.most == 0 || l == nil {
		return
	}
	s, other := l.from(side), l.other(side)
	peer := f.at(other)
	if verb == "oob" {
		s.mark, s.passed = s.sent.least, s.urgent
		s.urgent++
	}
	s.sent.add(amount)
	s.sends++
	doubtful := l.doubtful
	if peer.closed || peer.shutWrite && f.has(other, (*endpoint).isDeaf) {
		l.doubtful = true // TCP answers with a RST (tcp_rcv_state_process in net/ipv4/tcp_input.c)
	}
	if f.family.IsUnixStream() {
		s.arrived = s.sent.least
		return
	}
	if amount.least > 0 && f.family.TCPAt(side) {
		l.established = true // send(2) takes nothing before
	}
	if verb == "mor" || amount.least == 0 || l.deferred || doubtful || f.has(side, (*endpoint).mayHold) {
		return
	}
	narrow := f.has(other, (*endpoint).isNarrow)
	if s.waits || narrow && s.sends > 1 || s.sends > sureSends {
		return
	}
	room := sureRoom
	if narrow {
		room = narrowRoom
	}
	s.arrived = max(s.arrived, min(s.sent.least, room))
	back := l.to(side)
	s.waits = back.sends > 0 || narrow // a receiver that has sent may delay its acknowledgements
	if back.arrived == back.sent.most {
		back.waits = false // this one acknowledges them
	}
}

// refuses tells whether a side has no use for data any more, for certain. What is sent before an
// accept is kept with the listener.
func (f *flow) refuses(side scenario.Side) bool {
	return side != scenario.Listener && f.at(side).refuses
}

// receive notes what a side has received. A receive ends before an urgent byte, unless it begins
// there.
func (f *flow) receive(side scenario.Side, verb string, amount bounds) {
	l := f.at(side).link
	if l == nil {
		return
	}
	s := l.to(side)
	if verb == "drn" || s.received.most+s.passed >= s.mark || f.family.IsUnixStream() {
		s.passed = s.urgent
	}
	s.received.add(bounds{amount.least, min(amount.most, s.sent.most)})
}

// has tells whether something holds of a side's socket, or was inherited from the listener.
func (f *flow) has(side scenario.Side, holds func(*endpoint) bool) bool {
	inherits := f.family.HasListener() && (side == scenario.Server || side == scenario.Server2)
	return holds(f.at(side)) || inherits && holds(f.at(scenario.Listener))
}

// amounts are the bounds of what a step sent or received.
func (f *flow) amounts(answers []scenario.Counted) bounds {
	var b bounds
	for i, a := range answers {
		one := bounds{max(a.Ret, 0), max(a.Ret, 0)}
		if f.family == scenario.UnixSeqpacket {
			one = messages(a)
		}
		if i == 0 {
			b = one
			continue
		}
		b = bounds{min(b.least, one.least), max(b.most, one.most)}
	}
	return b
}

// messages are the bounds of how many a step sent or received.
func messages(a scenario.Counted) bounds {
	const many = 1 << 14 // sends of fil, which also receives of drn are no more than
	switch {
	case a.Ret < 0 || a.Ret == 0 && a.Errno != 0:
		return bounds{}
	case a.Verb == "fil" || a.Verb == "drn":
		return bounds{min(a.Ret, 1), many}
	case receives(a.Verb) && a.Ret == 0: // an empty one, or the end
		return bounds{0, 1}
	default:
		return bounds{1, 1}
	}
}

// connected tells whether a side has a connection whose other end may learn that this
// one ends: UDP and UNIX datagrams have none, and one with a UNIX socket is gone when that is.
func (f *flow) connected(side scenario.Side) bool {
	l := f.at(side).link
	if l == nil || l.reset || f.family.IsDatagram() {
		return false
	}
	return !f.family.IsUnixStream() || !f.at(l.other(side)).closed
}

// mutual tells whether the other end of a side's connection is still on it: a client
// may have left for another.
func (f *flow) mutual(side scenario.Side) bool {
	l := f.at(side).link
	other := l.client
	if side == l.client {
		return true // whoever accepts it
	}
	return other != 0 && f.at(other).link != nil && (f.at(other).link == l || !f.family.HasListener())
}

// alive tells whether a side that drops its connection must send a RST. The connection must not
// have been reset before, and not both sides may have sent a FIN (tcp_need_reset in
// net/ipv4/tcp.c).
func (f *flow) alive(side scenario.Side) bool {
	e := f.at(side)
	l := e.link
	if l == nil || !f.family.TCPAt(side) || !l.established || l.reset || l.doubtful || !f.mutual(side) {
		return false
	}
	other := l.other(side)
	peer := f.at(other)
	if other == scenario.Listener { // which resets what it has not accepted when it no longer listens
		return f.listening == always
	}
	return !e.shutWrite || !peer.shutWrite && !peer.closed
}

// closing tells whether a close of a side's last descriptor resets the connection for certain,
// and whether it may. Unread data have TCP do so (tcp_close in net/ipv4/tcp.c; RFC 2525, 2.17), UNIX
// sockets (unix_release_sock in net/unix/af_unix.c) and Multipath TCP (__mptcp_close in
// net/mptcp/protocol.c), and SO_LINGER {1,0} has TCP do so.
func (f *flow) closing(side scenario.Side) (certain, possible bool) {
	l := f.at(side).link
	unread, held := l.to(side).unread(), f.isHeld(side)
	if f.family.TCPAt(side) {
		possible = held || !l.to(side).read() || f.has(side, (*endpoint).mayReset)
		return (f.at(side).lingers || unread) && !held && f.alive(side), possible
	}
	possible = held || !l.to(side).read() || f.family == scenario.MPTCP
	return unread && !held && l.established && !l.doubtful && f.mutual(side), possible
}
