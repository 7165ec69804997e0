package report

import (
	"slices"

	"sockprobe/scenario"
)

// A frequency is in how many runs something is so.
type frequency uint8

const (
	never frequency = iota
	sometimes
	always
)

// listen notes whether the listener listens after a step that succeeded. A shutdown of its
// reading side has a TCP socket no longer listen (inet_shutdown in net/ipv4/af_inet.c).
func (f *flow) listen(e *endpoint, verb string, all bool) {
	switch verb {
	case "lis":
		f.mayBeFull = true
		f.listening = max(f.listening, sometimes)
		if all {
			f.listening = always
		}
		return
	case "clo":
		if !e.closed {
			return
		}
		all = all && !f.isHeld(scenario.Listener)
	case "dis", "shr", "shb":
		if f.family.IsUnixStream() { // a connection can still be accepted
			return
		}
	default:
		return
	}
	f.listening = min(f.listening, sometimes)
	if all {
		f.listening = never
	}
	for _, l := range f.pending { // stop has left none where it is certain what became of them
		l.doubtful = true
	}
}

// connect notes and returns the connection that a con has begun, and tells for each answer whether
// this con began one. EINPROGRESS says so. A con that finds a connection under way returns EALREADY,
// or 0 when that one is through (__inet_stream_connect in net/ipv4/af_inet.c).
func (f *flow) connect(side scenario.Side, answers []scenario.Counted) (begun *link, by []bool) {
	e := f.at(side)
	by = make([]bool, len(answers))
	lasts, all, fails, failsAll := false, true, false, true
	for i, a := range answers {
		name := a.Errno.Name()
		answered := !f.family.IsUnixStream() && (name == "ECONNREFUSED" || name == "ETIMEDOUT")
		by[i] = name == "EINPROGRESS" || e.link == nil && (succeeded(a) || answered)
		lasts = lasts || by[i] && !answered
		all = all && succeeded(a)
		failed := !succeeded(a) && !slices.Contains([]string{"EINPROGRESS", "EALREADY", "EISCONN", "EBADF"}, name)
		fails, failsAll = fails || failed, failsAll && failed
	}
	if slices.Contains(by, true) {
		// A client with one of these options delays the last ACK of the handshake, too
		// (tcp_rcv_synsent_state_process in net/ipv4/tcp_input.c).
		listener := f.at(scenario.Listener)
		begun = &link{client: side, deferred: listener.defers || e.defers || e.delays, inherits: listener.lingers}
	}
	switch {
	case lasts:
		f.forget(e.link)
		e.link, e.shutWrite, e.refuses, e.shutIn, e.shutOut = begun, false, false, false, false
		f.pending = append(f.pending, begun)
	case e.link != nil && failsAll:
		f.forget(e.link)
		e.link = nil // what had begun has failed
	}
	if e.link != nil {
		// Over the loopback the handshake is through at once if the listener has room.
		through := lasts && !fails && f.listening == always && !f.mayBeFull
		e.link.established = e.link.established || all || through
		e.link.doubtful = e.link.doubtful || fails
	}
	return begun, by
}

// forget takes a connection from those that wait to be accepted.
func (f *flow) forget(l *link) {
	f.pending = slices.DeleteFunc(f.pending, func(other *link) bool { return other == l })
}

// accept notes the connection that an acc has given, which is the first of those that
// wait, and tells whose socket it is. Where not all answers were one, it is not certain
// to be established.
func (f *flow) accept(a scenario.Counted, all bool) scenario.Side {
	if a.Verb != "acc" || !succeeded(a) || !f.family.HasListener() {
		return 0
	}
	if a.Opened != scenario.Server && a.Opened != scenario.Server2 {
		f.pending = f.pending[min(1, len(f.pending)):]
		return 0
	}
	if f.ends[a.Opened] == nil || f.at(a.Opened).link == nil {
		l := &link{}
		switch {
		case len(f.pending) > 1 && f.uncertain():
			f.pending = nil // whose connection this is, and the next, is not known
		case len(f.pending) > 0:
			l, f.pending = f.pending[0], f.pending[1:]
		}
		l.server, l.established = a.Opened, l.established || all
		f.at(a.Opened).link, f.at(a.Opened).lingers = l, l.inherits
	}
	return a.Opened
}

// uncertain tells whether connections may be accepted in another order than that in which
// they were begun: each has its place when its handshake is through, or its data are there.
func (f *flow) uncertain() bool {
	return slices.ContainsFunc(f.pending, func(l *link) bool { return !l.established || l.deferred })
}

// refuse draws the RST that TCP answers a SYN with where nobody listens (RFC 9293, 3.10.7.1).
func (f *flow) refuse(c call) []call {
	refused := c.Errno.Name() == "ECONNREFUSED" || c.Errno != 0 && f.listening == never
	if c.wire == nil || !refused || !f.family.TCPAt(c.side) {
		return []call{c}
	}
	l := c.wire.link
	l.reset = true
	f.forget(l)
	return []call{c, reset(c, scenario.Listener)}
}

// answer draws the RST that TCP sends when data arrive that no call can receive any more
// (tcp_rcv_state_process in net/ipv4/tcp_input.c, tcp_timewait_state_process in
// net/ipv4/tcp_minisocks.c; RFC 9293, 3.6.1).
func (f *flow) answer(c call) []call {
	l := c.wire.link
	l.reset = true
	return []call{c, reset(c, l.other(c.side))}
}

// reset is the RST that the other end of a call's arrow answers it with.
func reset(c call, from scenario.Side) call {
	c.side, c.more = from, true
	c.wire = &wire{from: from, link: c.wire.link, label: piece{"RST", alarming}}
	return c
}

// stop draws an arrow to each client that a listener has not accepted and now never will:
// the kernel resets their connections (inet_csk_listen_stop in net/ipv4/inet_connection_sock.c,
// which is also what Multipath TCP's listener comes to, and unix_release_sock in net/unix/af_unix.c).
func (f *flow) stop(c call) []call {
	closes, label := c.closes && !f.isHeld(scenario.Listener), "RST"
	switch {
	case f.family.TCPAt(scenario.Client) && (closes || c.Verb == "shr" || c.Verb == "shb" || c.Verb == "dis"):
	case f.family.IsUnixStream() && closes:
		label = "reset"
	default:
		return []call{c}
	}
	var calls []call
	for _, l := range f.pending {
		if !l.established || l.deferred || l.reset || l.doubtful || f.at(l.client).closed || f.at(l.client).link != l {
			continue
		}
		l.reset = true
		next := c
		next.wire, next.closes, next.more = &wire{from: scenario.Listener, link: l, label: piece{label, alarming}}, false, len(calls) > 0
		calls = append(calls, next)
	}
	f.pending = nil
	if calls == nil {
		return []call{c}
	}
	calls[len(calls)-1].closes = c.closes
	return calls
}
