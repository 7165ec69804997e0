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
	waits    []wait
	answered int // steps

	listening frequency // in how many of the runs the listener listens
	mayBeFull bool      // lis was made, and may have made its backlog small
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
	f := flow{family: script.Family, ends: map[scenario.Side]*endpoint{}, waits: waitsOf(script, t), listening: always}
	var calls []call
	for i, answers := range t.Steps {
		for _, w := range f.waits {
			if w.begin == i && w.end > i {
				calls = append(calls, call{Counted: t.Steps[w.end][0], side: w.side, begins: true})
			}
			if w.begin == i && t.Steps[w.end][0].Verb == "blk" { // it may take what comes from here on
				f.receive(w.side, "blk", f.amounts(t.Steps[w.end]))
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
		f.ends[side] = e
		if !f.family.HasListener() && side.Peer() != 0 { // both ends are there from the start
			e.link = &link{client: min(side, side.Peer()), server: max(side, side.Peer()), established: true}
			f.ends[side.Peer()] = &endpoint{descriptors: 1, link: e.link}
		}
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
	var begun *link
	var begins []bool
	switch {
	case o.Verb == "con" && f.family.HasListener():
		begun, begins = f.connect(side, answers)
		label, connects = piece{text: "connect"}, true
	case o.Verb == "clo" && last && f.connected(side):
		label = f.close(side, all)
	case o.Verb == "dis" && f.connected(side):
		label = f.dissolve(side, all)
	case (o.Verb == "shw" || o.Verb == "shb") && f.connected(side) && !e.shutWrite:
		label = piece{"SHUT_WR", ending}
		if f.family.TCPAt(side) && e.link.established {
			label.text = "FIN"
		}
	}
	calls := make([]call, len(answers))
	for i, a := range answers {
		calls[i] = call{Counted: a, side: side, closes: last && succeeded(a)}
		text := label
		switch {
		case sends(a.Verb) && (a.Ret > 0 || a.Ret == 0 && a.Errno == 0 && keepsMessages(f.family)):
			text = sentLabel(a)
		case connects && begins[i]:
			calls[i].wire = &wire{from: side, link: begun, label: text, connects: true}
			continue
		case connects, !succeeded(a):
			continue
		}
		if text.text != "" && e.link != nil && f.mutual(side) {
			calls[i].wire = &wire{from: side, link: e.link, label: text}
		}
		calls[i].accepted = f.accept(a, all)
	}
	if len(calls) == 1 {
		switch {
		case connects:
			calls = f.refuse(calls[0])
		case side == scenario.Listener && all:
			calls = f.stop(calls[0])
		}
	}
	refused := len(calls) == 1 && sends(o.Verb) && f.alive(side) && f.refuses(e.link.other(side))
	arrived := 0
	if refused {
		arrived = e.link.from(side).arrived
	}
	f.become(side, answers, some, all)
	if refused && e.link.from(side).arrived > arrived {
		calls = f.answer(calls[0])
	}
	return calls
}

// close says what a close of a side's last descriptor is for its connection.
func (f *flow) close(side scenario.Side, all bool) piece {
	l := f.at(side).link
	certain, possible := f.closing(side)
	switch {
	case !certain || !all:
		l.doubtful = l.doubtful || possible
		return piece{text: "close"}
	case f.family.TCPAt(side):
		l.reset = true
		return piece{"close, RST", alarming}
	default:
		l.reset = true
		return piece{"close, reset", alarming}
	}
}

// dissolve says what a connect to AF_UNSPEC is for a side's connection.
func (f *flow) dissolve(side scenario.Side, all bool) piece {
	l := f.at(side).link
	if !all || !f.alive(side) {
		l.doubtful = true
		return piece{text: "dissolve"}
	}
	l.reset = true
	return piece{"dissolve, RST", alarming}
}

// become notes what a step has made of a side's socket.
func (f *flow) become(side scenario.Side, answers []scenario.Counted, some, all bool) {
	e, o := f.at(side), answers[0]
	switch {
	case o.Verb == "shr" || o.Verb == "shb":
		e.deaf = true
	case sends(o.Verb):
		f.send(side, o.Verb, f.amounts(answers))
	case o.Verb == "rcv" || o.Verb == "drn" || o.Verb == "rco" && f.family.IsUnixStream():
		f.receive(side, o.Verb, f.amounts(answers))
	}
	if all {
		e.shut(o.Verb)
	}
	if !some {
		return
	}
	switch o.Verb {
	case "lin":
		e.lingers, e.mayLinger = e.lingers || all, true
	case "opt":
		name, value, _ := strings.Cut(o.Arg, "=")
		e.set(name, value, all)
	case "shw", "shb":
		e.shutWrite = true
	case "lis":
		e.shutWrite = false
	case "dup":
		e.descriptors++
	case "clo":
		e.descriptors--
		e.closed = e.descriptors == 0
		e.refuses = e.refuses || all && e.closed && !f.isHeld(side)
	case "dis":
		if f.family.HasListener() {
			e.link = nil
		}
	}
	if l := e.link; l != nil && e.shutWrite && e.deaf && l.to(side).sent.most > l.to(side).arrived {
		l.doubtful = true // what comes now is answered with a RST
	}
	if side == scenario.Listener {
		f.listen(e, o.Verb, all)
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
