package report

import (
	"cmp"
	"slices"
	"strings"

	"sockprobe/scenario"
)

// What is on the wire is not observed. A drawing only shows what a step has asked of
// the kernel and got, and which connection that was for; where it says FIN or RST, TCP
// leaves the kernel no choice.

// A call is an answer and what is drawn for it.
type call struct {
	scenario.Counted
	side     scenario.Side // whose lifeline it is drawn at: no copy
	wire     *wire         // the arrow that it draws, or nil
	accepted scenario.Side // the server that it made, or 0
	closes   bool          // it closed the side's last descriptor
	begins   bool          // it is where a wait begins that is drawn where it ends
	ends     bool          // it is where that wait ends
	more     bool          // it is a further arrow of the step above
}

// A wire is an arrow, whose end is known when all has been followed.
type wire struct {
	from  scenario.Side
	link  *link
	label piece
	// connects goes to the listener where that is drawn, whoever is accepted later.
	connects bool
}

// A link is a connection, by the sides that it connects.
type link struct {
	client      scenario.Side
	server      scenario.Side // 0 as long as it has not been accepted
	established bool
	deferred    bool // the listener waits for its data, and has nothing to accept until then
	reset       bool // for certain: nothing is sent on it any more
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

// target is the end of an arrow where the listener is drawn, or not.
func (w wire) target(listens bool) scenario.Side {
	if w.connects && listens {
		return scenario.Listener
	}
	return w.link.other(w.from)
}

// A flow follows what has become of the sockets.
type flow struct {
	family   scenario.Family
	ends     map[scenario.Side]*endpoint
	pending  []*link // connections that wait to be accepted, in their order
	deferred bool    // the listener has DEFER_ACCEPT
	waits    []wait
	answered int // steps
}

// An endpoint is one side's socket.
type endpoint struct {
	descriptors                 int
	link                        *link
	lingers                     bool // lin was made: a close resets
	shutRead, shutWrite, closed bool
}

// A wait is a wai or blk: the steps, by their places in the tally, from the first that was
// answered beside it to the one before which it ended.
type wait struct {
	side       scenario.Side
	begin, end int
	holds      bool // it keeps the socket open when its last descriptor is closed
}

// follow gives the calls in the order in which they are drawn.
func follow(script scenario.Script, t *scenario.Tally) []call {
	f := flow{family: script.Family, ends: map[scenario.Side]*endpoint{}, waits: waitsOf(script, t)}
	var calls []call
	for i, answers := range t.Steps {
		for _, w := range f.waits {
			if w.begin == i && w.end > i {
				calls = append(calls, call{Counted: t.Steps[w.end][0], side: w.side, begins: true})
			}
		}
		before := len(calls)
		calls = append(calls, f.step(answers)...)
		for _, w := range f.waits {
			if w.end == i && w.begin < i && len(calls) > before {
				calls[len(calls)-1].ends = true
			}
		}
		f.answered++
	}
	return calls
}

// waitsOf finds the waits. An observation is made when a wait ends, so that it stands behind
// those of later steps.
func waitsOf(script scenario.Script, t *scenario.Tally) []wait {
	var waits []wait
	for end, answers := range t.Steps {
		if len(answers) == 0 || answers[0].Verb != "wai" && answers[0].Verb != "blk" {
			continue
		}
		o := answers[0]
		begin := slices.IndexFunc(t.Steps[:end], func(other []scenario.Counted) bool {
			return len(other) > 0 && cmp.Or(cmp.Compare(other[0].Cmd, o.Cmd), cmp.Compare(other[0].Step, o.Step)) > 0
		})
		if begin < 0 {
			begin = end
		}
		side := o.Side.Original()
		// A descriptor of epoll's own holds none of those that it watches (epoll(7)), and a receive
		// on a listener ends at once.
		byEpoll := slices.Contains([]scenario.API{scenario.Epoll, scenario.EpollET, scenario.EpollOneshot, scenario.All}, script.Commands[o.Cmd-1].API)
		holds := o.Verb == "blk" && side != scenario.Listener || o.Verb == "wai" && !byEpoll
		waits = append(waits, wait{side: side, begin: begin, end: end, holds: holds})
	}
	return waits
}

// isHeld tells whether a wait on a side is under way that keeps the socket open even when
// its last descriptor is closed: what the close does comes later, and is not drawn.
func (f *flow) isHeld(side scenario.Side) bool {
	return slices.ContainsFunc(f.waits, func(w wait) bool {
		return w.holds && w.side == side && w.begin <= f.answered && f.answered < w.end
	})
}

// at is a side's socket.
func (f *flow) at(side scenario.Side) *endpoint {
	e := f.ends[side]
	if e == nil {
		e = &endpoint{descriptors: 1}
		if !f.family.HasListener() && side.Peer() != 0 { // both ends are there from the start
			e.link = &link{client: min(side, side.Peer()), server: max(side, side.Peer()), established: true}
		}
		f.ends[side] = e
	}
	return e
}

// actor is the side whose socket a step acts on.
func (f *flow) actor(o scenario.Observation) scenario.Side {
	return f.family.ActsOn(o.Verb, o.Side).Original()
}

func succeeded(o scenario.Counted) bool { return o.Ret >= 0 && o.Errno == 0 }

// step follows one step, whose answers may differ. What ends something has then
// happened if it did in any of the runs, and is only said to be certain if in all.
func (f *flow) step(answers []scenario.Counted) []call {
	if len(answers) == 0 {
		return nil
	}
	some, all := false, true
	for _, a := range answers {
		some = some || succeeded(a)
		all = all && succeeded(a)
	}
	o := answers[0]
	side := f.actor(o.Observation)
	e := f.at(side)
	last := o.Verb == "clo" && some && e.descriptors == 1
	label, connects := piece{}, false
	switch {
	case o.Verb == "con" && f.family.HasListener():
		f.connect(side, answers)
		label, connects = piece{text: "connect"}, true
	case o.Verb == "clo" && last && f.connected(side):
		label = piece{text: "close"}
		if e.lingers && all && !f.isHeld(side) && f.resets(side) {
			label, e.link.reset = piece{"close, RST", alarming}, true
		}
	case o.Verb == "dis" && f.connected(side):
		label = piece{text: "dissolve"}
		if all && f.resets(side) {
			label, e.link.reset = piece{"dissolve, RST", alarming}, true
		}
	case (o.Verb == "shw" || o.Verb == "shb") && f.connected(side) && !e.shutWrite:
		label = piece{"SHUT_WR", ending}
		if f.family.IsTCP() && e.link.established {
			label.text = "FIN"
		}
	}
	calls := make([]call, len(answers))
	for i, a := range answers {
		calls[i] = call{Counted: a, side: side, closes: last && succeeded(a)}
		text := label
		if sends(a.Verb) && (a.Ret > 0 || a.Ret == 0 && a.Errno == 0 && keepsMessages(f.family)) {
			text = sentLabel(a)
		} else if !succeeded(a) {
			continue
		}
		if text.text != "" && e.link != nil && f.mutual(side) {
			calls[i].wire = &wire{from: side, link: e.link, label: text, connects: connects}
		}
		calls[i].accepted = f.accept(a, all)
	}
	if side == scenario.Listener && all && len(calls) == 1 {
		calls = f.stop(calls[0])
	}
	f.become(e, o.Verb, some, all)
	if value, found := strings.CutPrefix(o.Arg, "DEFER_ACCEPT="); found && some && side == scenario.Listener {
		f.deferred = value != "0"
	}
	return calls
}

// stop draws an arrow to each client that a listener has not accepted and now never will:
// the kernel resets their connections (inet_csk_listen_stop in net/ipv4/inet_connection_sock.c,
// unix_release_sock in net/unix/af_unix.c).
func (f *flow) stop(c call) []call {
	closes, label := c.closes && !f.isHeld(scenario.Listener), "RST"
	switch {
	case f.family.IsTCP() && (closes || c.Verb == "shr" || c.Verb == "shb" || c.Verb == "dis"):
	case f.family.IsUnixStream() && closes:
		label = "reset"
	default:
		return []call{c}
	}
	var calls []call
	for _, l := range f.pending {
		if !l.established || l.deferred || l.reset || f.at(l.client).closed || f.at(l.client).link != l {
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

// become notes what a step has made of a side's socket.
func (f *flow) become(e *endpoint, verb string, some, all bool) {
	if !some {
		return
	}
	switch verb {
	case "lin":
		e.lingers = all
	case "shr":
		e.shutRead = true
	case "shw":
		e.shutWrite = true
	case "shb":
		e.shutRead, e.shutWrite = true, true
	case "lis":
		e.shutRead, e.shutWrite = false, false
	case "dup":
		e.descriptors++
	case "clo":
		e.descriptors--
		e.closed = e.descriptors == 0
	case "dis":
		if f.family.HasListener() {
			e.link = nil
		}
	}
}

// connect notes the connection that a con has made, or has begun to make: that is
// one and the same, which a second con completes.
func (f *flow) connect(side scenario.Side, answers []scenario.Counted) {
	e := f.at(side)
	all := true
	for _, a := range answers {
		all = all && succeeded(a)
		switch name := a.Errno.Name(); {
		case succeeded(a) && (e.link == nil || e.link.established), name == "EINPROGRESS" && e.link == nil:
			e.link = &link{client: side, deferred: f.deferred}
			e.shutRead, e.shutWrite = false, false
			f.pending = append(f.pending, e.link)
		case !succeeded(a) && name != "EINPROGRESS" && name != "EALREADY" && e.link != nil && !e.link.established:
			f.pending = slices.DeleteFunc(f.pending, func(l *link) bool { return l == e.link })
			e.link = nil // what had begun has failed
		}
	}
	if e.link != nil && all {
		e.link.established = true
	}
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
		f.at(a.Opened).link = l
	}
	return a.Opened
}

// uncertain tells whether connections may be accepted in another order than that in which
// they were begun: each has its place when its handshake is through, or its data are there.
func (f *flow) uncertain() bool {
	return slices.ContainsFunc(f.pending, func(l *link) bool { return !l.established || l.deferred })
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

// resets tells whether TCP must send a reset when it drops a side's connection: in
// the states of tcp_need_reset (net/ipv4/tcp.c), which are all those in which not both sides
// have sent a FIN. Where the other side may have reset it before, by a close, or by an
// answer to data after SHUT_RDWR (tcp_rcv_state_process), that is not known.
func (f *flow) resets(side scenario.Side) bool {
	l := f.at(side).link
	if !f.family.IsTCP() || l == nil || !l.established || !f.mutual(side) {
		return false
	}
	other := l.other(side)
	e, peer := f.at(side), f.at(other)
	switch {
	case peer.closed, e.shutWrite && peer.shutWrite:
		return false
	case other == scenario.Listener: // which resets what it has not accepted when it no longer listens
		return !peer.shutRead
	default:
		return !peer.shutRead || !peer.shutWrite
	}
}

// keepsMessages tells whether a family's messages may be empty.
func keepsMessages(family scenario.Family) bool {
	return family.IsDatagram() || family == scenario.UnixSeqpacket
}

func sends(verb string) bool {
	return verb == "snd" || verb == "mor" || verb == "oob" || verb == "fil"
}

func receives(verb string) bool {
	return verb == "rcv" || verb == "pek" || verb == "rco" || verb == "drn" || verb == "blk"
}

// sentLabel is what a step gave the kernel to send.
func sentLabel(a scenario.Counted) piece {
	switch text := size(a.Ret); a.Verb {
	case "mor":
		return piece{text: text + ", MSG_MORE"}
	case "oob":
		return piece{text: text + " urgent"}
	default:
		return piece{text: text}
	}
}
