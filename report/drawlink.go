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
	deaf               bool // a shutdown of the reading side was asked for, even in vain: inet_shutdown may note it
	mayCork            bool // CORK holds data back, or may
	hurried            bool // an option may have the kernel reset the connection by itself
	narrow             bool // an option may have made the receive buffer small
	defers, delays     bool // DEFER_ACCEPT or QUICKACK=0: acknowledgements may wait, and a client's last one of the handshake
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

func (e *endpoint) isDeaf() bool   { return e.deaf }
func (e *endpoint) isNarrow() bool { return e.narrow || e.delays }
func (e *endpoint) mayHold() bool  { return e.mayCork }
func (e *endpoint) mayReset() bool { return e.hurried || e.mayLinger }

// A stream is one direction of a connection: between which bounds lies what has been sent,
// what has arrived and what has been received, in bytes. Where a family keeps messages apart
// it is in messages.
type stream struct {
	sent     bounds
	received bounds
	arrived  int // at least so much is, or was, in the receive queue
	sends    int
	urgent   int  // urgent bytes of those sent
	mark     int  // at least so many bytes were sent before the last of them
	passed   int  // at most so many urgent bytes were passed over by receives
	waits    bool // data may wait for an acknowledgement of those before (Nagle's algorithm, RFC 9293, 3.7.4)
}

type bounds struct{ least, most int }

func (b *bounds) add(c bounds) { b.least, b.most = b.least+c.least, b.most+c.most }

// unread tells whether there are for certain data in the receive queue. A receive with
// MSG_OOB leaves the urgent byte there, and one that comes to it passes over it
// (tcp_recvmsg_locked in net/ipv4/tcp.c); so does the next urgent byte (tcp_check_urg).
func (s *stream) unread() bool { return s.arrived > s.received.most+s.passed }

// read tells whether there are for certain none, and none under way.
func (s *stream) read() bool { return s.sent.most <= s.received.least }

// What a receive buffer takes for certain, in bytes: as it is by default (tcp_rmem), and as
// small as RCVBUF can make it. A sender sends up to 10 segments at once (RFC 6928), and a
// receiver acknowledges the first 16 at once (TCP_MAX_QUICKACKS in include/net/tcp.h).
const (
	sureRoom   = 16384
	narrowRoom = 500
	sureSends  = 8
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
	if peer.closed || peer.shutWrite && f.has(other, (*endpoint).isDeaf) { // a RST answers (tcp_rcv_state_process in net/ipv4/tcp_input.c)
		l.doubtful = true
	}
	if f.family.IsUnixStream() {
		s.arrived = s.sent.least
		return
	}
	if amount.least > 0 && f.family.TCPAt(side) {
		l.established = true // before, send(2) takes nothing
	}
	if verb == "mor" || amount.least == 0 || l.deferred || l.doubtful || f.has(side, (*endpoint).mayHold) {
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
	s.waits = back.sends > 0 || narrow // a receiver that sends, too, waits with its acknowledgement for data to send
	if back.arrived == back.sent.most {
		back.waits = false // this one acknowledges them
	}
}

// receive notes what a side has received. A receive ends before an urgent byte, unless it begins there.
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

// alive tells whether a connection has for certain not been reset, so that a side that drops it
// must send a RST: in TCP's states in which not both sides have sent a FIN (tcp_need_reset
// in net/ipv4/tcp.c).
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

// closing tells whether a close of a side's last descriptor resets its connection for certain,
// because it was told to or because there are data to be read (tcp_close in net/ipv4/tcp.c, RFC 2525, 2.17;
// unix_release_sock in net/unix/af_unix.c), and whether it may.
func (f *flow) closing(side scenario.Side) (certain, possible bool) {
	e := f.at(side)
	l := e.link
	unread := l.to(side).unread()
	switch held := f.isHeld(side); {
	case f.family.IsUnixStream():
		return unread && !held && f.mutual(side), held || !l.to(side).read()
	case f.family.TCPAt(side):
		return (e.lingers || unread) && !held && f.alive(side),
			held || !l.to(side).read() || f.has(side, (*endpoint).mayReset)
	default:
		return false, true
	}
}
