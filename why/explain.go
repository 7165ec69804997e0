package why

import (
	"slices"

	"sockprobe/scenario"
)

// Explain says why each bit of the last observation is set, lowest bit first, and then why others
// are not. The observations need their states ([scenario.Observation.States]).
func Explain(script scenario.Script, obs []scenario.Observation, answers Answers, extent Extent) []Explanation {
	o := obs[len(obs)-1]
	if !o.Polled || o.Errno != 0 {
		return nil
	}
	h := newHistory(script, obs, answers)
	steady := h.steady()
	var out []Explanation
	for rest := o.Events; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		e := Explanation{}
		switch {
		case bit == scenario.Nval:
			e = h.closed(o.Side)
		case h.now() == nil || !steady:
		case script.Commands[o.Cmd-1].API == scenario.Select:
			e = h.selected(bit)
		default:
			e = h.explain(bit)
		}
		e.Bit = bit
		out = append(out, e)
	}
	return append(out, h.absents(extent)...)
}

// explain says why poll(2) answers a bit. One that was gone a moment later cannot be
// explained by how the socket stood then.
func (h *history) explain(bit scenario.Events) Explanation {
	if h.now().Ready&bit == 0 {
		return Explanation{}
	}
	e := Explanation{}
	switch bit {
	case scenario.In, scenario.RdNorm:
		e = h.in()
	case scenario.Pri:
		e = h.pri()
	case scenario.Out, scenario.WrNorm, scenario.WrBand:
		e = h.out()
	case scenario.Err:
		e = h.err()
	case scenario.Hup:
		e = h.hup()
	case scenario.RDHup:
		e = Explanation{Cause: ReadShut, Parts: []Part{h.readShut()}}
	}
	e.Bit = bit
	return e
}

// selected says why a descriptor is in one of the sets of select(2), which counts
// HUP and ERR for IN, and ERR for OUT (POLLIN_SET and POLLOUT_SET in fs/select.c).
func (h *history) selected(bit scenario.Events) Explanation {
	if h.now().Ready&bit != 0 {
		return h.explain(bit)
	}
	for _, counted := range []scenario.Events{scenario.Hup, scenario.Err} {
		if counted.AsSelect(bit)&bit != 0 && h.now().Ready&counted != 0 {
			by := h.explain(counted)
			return Explanation{Cause: CountedByBit, By: &by}
		}
	}
	return Explanation{}
}

// closed says which step has closed a descriptor.
func (h *history) closed(letter scenario.Side) Explanation {
	for _, o := range h.obs {
		if o.Side == letter && o.Verb == "clo" && o.Errno == 0 {
			return Explanation{Cause: Closed, Parts: []Part{{Kind: Own, Step: refOf(o), Verb: o.Verb}}}
		}
	}
	return Explanation{}
}

// pri says that there is an urgent byte. For TCP it is nothing else, even where rco cannot have it
// (tcp_poll), as with SO_OOBINLINE.
func (h *history) pri() Explanation {
	a, asked := h.answers["rco"]
	if !asked {
		return Explanation{}
	}
	if _, inline, known := h.option("OOBINLINE"); a.Ret != 1 && !h.isTCP() && (!known || inline != 1) {
		return Explanation{}
	}
	return Explanation{Cause: Urgent, Verb: a.Verb, Got: answered(a)}
}

// err names the pending error, and what has been found to take it, if that is known.
func (h *history) err() Explanation {
	name := h.pending()
	if name == "" {
		return Explanation{}
	}
	e := Explanation{Cause: Pending, Err: name}
	for _, verb := range []string{"rcv", "snd"} {
		a, asked := h.answers[verb]
		if !asked { // no twin went as this run did
			return Explanation{Cause: Pending, Err: name}
		}
		after, open := a.StateOf(h.side)
		if open && a.Errno.Name() == name && after.Ready&scenario.Err == 0 {
			e.Takes = append(e.Takes, verb)
		}
	}
	e.Takes = append(e.Takes, "err")
	return e
}

// in says what there is to be received: what waits, or else that nothing more
// will come, which sets IN, too (tcp_poll, unix_poll, datagram_poll and mptcp_poll).
func (h *history) in() Explanation {
	s := h.now()
	if a, asked := h.answers["acc"]; asked && a.Ret >= 0 {
		return Explanation{Cause: Waiting, N: max(s.Queue, 0)}
	}
	if s.TCP == "LISTEN" && s.Queue > 0 {
		return Explanation{Cause: Waiting, N: s.Queue}
	}
	take := "rcv"
	if h.listens() {
		take = "acc"
	}
	a, asked := h.answers[take]
	shut, urgent := s.Ready&scenario.RDHup != 0, s.Ready&scenario.Pri != 0
	switch {
	case !asked:
	case a.Ret > 0 && h.isMPTCP() && slices.ContainsFunc(h.obs, func(o scenario.Observation) bool { return o.Verb == "fil" && o.Ret > 0 }):
		return Explanation{Cause: SomeData} // how much of a fil MPTCP has delivered differs from run to run
	case a.Ret > 0 && a.Ret == s.Unread:
		return Explanation{Cause: Data, N: s.Unread}
	case a.Ret > 0: // SIOCINQ counts all messages of a queue, and an urgent byte, or ends before one
		return Explanation{Cause: SomeData, N: a.Ret}
	case a.Errno != 0 && s.Unread > 0 && !urgent && answered(a) == h.pending() && h.errorFirst():
		return Explanation{Cause: Data, N: s.Unread, Verb: "rcv", Got: answered(a)}
	case a.Errno != 0 && urgent && h.answers["rco"].Ret == 1 && !h.isTCP():
		return h.pri()
	case a.Errno != 0 && shut:
		return h.over(ReadShut, take, a)
	case a.Errno != 0:
	case h.mayBeEmpty():
		if shut && h.script.Family == scenario.UnixSeqpacket { // or the end
			return Explanation{}
		}
		return Explanation{Cause: EmptyMessage, Verb: "rcv", Got: "0"}
	case shut:
		return h.over(End, "rcv", a)
	}
	return Explanation{}
}

// over says what a receive or an accept meets where the reading side is shut. After a con that
// failed there never was a stream.
func (h *history) over(cause Cause, verb string, a scenario.Observation) Explanation {
	p := h.readShut()
	if p.Kind == Connect {
		cause = NotConnected
	}
	return Explanation{Cause: cause, Parts: []Part{p}, Verb: verb, Got: answered(a)}
}

// errorFirst tells whether a receive takes the pending error before the data, as it does from
// datagram and record sockets (__skb_try_recv_datagram in net/core/datagram.c). From a stream the
// data come first. What SIOCINQ counts behind an error there is no data: MPTCP counts the end
// (mptcp_inq_hint in net/mptcp/protocol.c).
func (h *history) errorFirst() bool {
	f := h.script.Family
	return f.IsDatagram() || f == scenario.UnixSeqpacket
}

// mayBeEmpty tells whether a receive's 0 may be a message without bytes. Of sockets without connections
// it is nothing else: there, a receive from one that is shut answers EAGAIN.
func (h *history) mayBeEmpty() bool {
	f := h.script.Family
	return f.IsDatagram() ||
		f == scenario.UnixSeqpacket && slices.ContainsFunc(h.obs, func(o scenario.Observation) bool {
			return (o.Verb == "snd" || o.Verb == "mor") && o.Arg == "0"
		})
}

// out says what sending meets.
func (h *history) out() Explanation {
	a, asked := h.answers["snd"]
	if !asked {
		return Explanation{}
	}
	var e Explanation
	switch name := answered(a); {
	case a.Errno == 0:
		return Explanation{Cause: Room}
	case name == "EAGAIN" || name == "ENOBUFS":
		return Explanation{}
	case h.isTCP():
		e = h.outTCP(name)
	case h.isMPTCP():
		e = h.outMPTCP(name)
	default:
		// UNIX and datagram sockets report OUT for room in the buffer alone, shut or
		// not (unix_writable in net/unix/af_unix.c, datagram_poll in net/core/datagram.c).
		e = Explanation{Cause: Room}
		if p := h.refused(); name == "EPIPE" && p.Kind != Unclear {
			e.Parts = []Part{p}
		}
	}
	if e.Cause != Unknown {
		e.Verb, e.Got = "snd", answered(a)
	}
	return e
}

// refused says why a send from a UNIX or datagram socket is EPIPE: its writing side is shut, or the
// reading side of the socket that a datagram is for (unix_dgram_sendmsg in net/unix/af_unix.c).
func (h *history) refused() Part {
	p := h.writeShut()
	if p.Kind != Unclear || h.script.Family != scenario.UnixDgram {
		return p
	}
	for i, o := range h.obs {
		if h.isPeer(o.Side) && (o.Verb == "shr" || o.Verb == "shb") && o.Errno == 0 {
			return h.part(Other, i)
		}
	}
	return p
}

// hup says what has ended both directions.
func (h *history) hup() Explanation {
	if h.isTCP() {
		return h.hupTCP()
	}
	return h.hupOther()
}

// readShut says what has shut the reading side, if that is so.
func (h *history) readShut() Part {
	i := h.sinceReady(scenario.RDHup)
	switch {
	case i < 0:
		return Part{}
	case h.own(i, "shr", "shb") && shuts(h.obs[i]):
		return h.part(Own, i)
	case h.isTCP():
		return h.readShutTCP(i)
	default:
		return h.readShutOther(i)
	}
}

// writeShut says what has shut the writing side, if that is so.
func (h *history) writeShut() Part {
	if h.isTCP() {
		return h.writeShutTCP()
	}
	return h.writeShutOther()
}

// part is a step as a part.
func (h *history) part(kind Kind, i int) Part {
	return Part{Kind: kind, Step: refOf(h.obs[i]), Verb: h.obs[i].Verb}
}

// during is what happened from one step to the next, or when a wait had ended.
func (h *history) during(kind Kind, i int) Part {
	p := Part{Kind: kind, Step: refOf(h.obs[i])}
	if isWait(h.obs[i].Verb) {
		p.Wait, p.By = p.Step, h.obs[i].Verb
	}
	return p
}

// shuts tells whether a shutdown(2) took effect. On an Internet socket that is not
// connected it answers ENOTCONN, and does (inet_shutdown in net/ipv4/af_inet.c).
func shuts(o scenario.Observation) bool {
	return o.Errno == 0 || o.Errno.Name() == "ENOTCONN"
}
