package why

import (
	"slices"

	"sockprobe/scenario"
)

// This file is for sockets whose state cannot be read: what has happened to them is
// told by when it did. A direction that is found to be shut after a step of the other
// end, and was not before it, was shut by that step: unix_shutdown and
// unix_release_sock in net/unix/af_unix.c reach the peer at once.

// Steps of the other end that shut a direction of this one.
var (
	shutReading = []string{"shw", "shb", "clo"}
	shutWriting = []string{"shr", "shb", "clo"}
)

func (h *history) readShutOther(i int) Part {
	switch {
	case h.accepted(i):
		return Part{Kind: Earlier}
	case !h.acts(i) && slices.Contains(shutReading, h.obs[i].Verb) && h.obs[i].Errno == 0:
		return h.part(Other, i)
	default:
		return h.released(i)
	}
}

// writeShutOther looks for what shut the writing side, which no bit tells of alone.
func (h *history) writeShutOther() Part {
	hup := h.sinceReady(scenario.Hup)
	if hup >= 0 && h.accepted(hup) {
		return Part{Kind: Earlier}
	}
	both := h.since(func(s *scenario.State) bool { return s.Ready&scenario.Hup != 0 && s.Ready&scenario.RDHup != 0 })
	reached := false // the other end is connected, to what is to be accepted
	for i, o := range h.obs {
		ofPeer := h.script.Family.IsUnixStream() && h.isPeer(o.Side) && o.Errno == 0
		reached = reached || o.Verb == "con" && o.Errno == 0
		switch {
		case h.own(i, "dis") && o.Errno == 0 && h.isMPTCP():
			return Part{} // it may have made the socket new
		case h.own(i, "shw", "shb") && h.isMPTCP() && o.Errno != 0 && h.isConnected():
			return Part{} // before or after the connection
		case both >= 0 && both < i && h.connectedBefore(both): // it was shut by then
			return h.shutByOther(hup)
		case h.own(i, "shw", "shb") && shuts(o):
			return h.part(Own, i)
		case h.script.Family.IsUnixStream() && h.side != scenario.Listener && !h.isPeer(h.side.Peer()) && !h.acts(i) && o.Verb == "shr" && o.Errno == 0:
			// Which of two connections it was is not known, and unlike what shuts both
			// directions, it shows nowhere.
			return h.shutByOther(hup)
		case ofPeer && o.Verb == "clo" && i != both && len(h.holders(i)) > 0:
			if both >= 0 && !h.own(both, "shw", "shb") {
				return h.released(both)
			}
		case ofPeer && slices.Contains(shutWriting, o.Verb) && h.wasOpen(i):
			return h.part(Other, i)
		case ofPeer && slices.Contains([]string{"shr", "shb"}, o.Verb) && h.states[i] == nil && reached && h.isAccepted():
			return Part{Kind: Earlier}
		}
	}
	return h.shutByOther(hup)
}

// shutByOther is the step of another socket since which both sides are shut, if it is one
// that does that.
func (h *history) shutByOther(i int) Part {
	if i >= 0 && !h.acts(i) && h.obs[i].Errno == 0 && (h.obs[i].Verb == "clo" || h.obs[i].Verb == "shb") {
		return h.part(Other, i)
	}
	return h.released(i)
}

// released is the clo of the other end that took effect with a later step, as a wait had held the
// socket until then. With several waits it is not known which was the last.
func (h *history) released(i int) Part {
	if i < 0 || !h.script.Family.IsUnixStream() {
		return Part{}
	}
	for j, o := range h.obs[:i] {
		if waits := h.holders(j); h.isPeer(o.Side) && o.Verb == "clo" && o.Errno == 0 && len(waits) == 1 {
			p := h.part(Released, j)
			p.Wait, p.By = waits[0].step, waits[0].verb
			return p
		}
	}
	return Part{}
}

// isPeer tells whether a side is this one's other end for certain: with two
// connections through a listener the accepts may have come in another order.
func (h *history) isPeer(side scenario.Side) bool {
	if h.script.Family.HasListener() && h.script.HasSecond() {
		return false
	}
	return side.Original() == h.side.Peer()
}

// mayBePeer tells whether a side may be this one's other end: a server's is a client.
func (h *history) mayBePeer(side scenario.Side) bool {
	servers := []scenario.Side{scenario.Server, scenario.Server2}
	side = side.Original()
	return side != scenario.Listener && slices.Contains(servers, side) != slices.Contains(servers, h.side)
}

// wasOpen tells whether this socket was there when a step was made, and the other end is closed
// by it, if it is a clo: not if a copy of it is still open.
func (h *history) wasOpen(i int) bool {
	if h.states[i] == nil {
		return false
	}
	if h.obs[i].Verb != "clo" {
		return true
	}
	_, open := h.obs[i].StateOf(h.obs[i].Side)
	return !open
}

// isConnected tells whether the socket has been connected, or may have been since a con
// that did not wait for it.
func (h *history) isConnected() bool {
	return h.connectedBefore(len(h.obs))
}

// connectedBefore tells whether it was by a con before a step, or by none.
func (h *history) connectedBefore(end int) bool {
	if h.script.Family == scenario.Socketpair || h.isAccepted() {
		return true
	}
	for i := range end {
		if h.own(i, "con") && (h.obs[i].Errno == 0 || h.obs[i].Errno.Name() == "EINPROGRESS") {
			return true
		}
	}
	return false
}

// hupOther follows unix_poll, datagram_poll and mptcp_poll: HUP is that both directions are shut, or
// with what needs a connection, that there is none.
func (h *history) hupOther() Explanation {
	f, shut := h.script.Family, h.now().Ready&scenario.RDHup != 0
	both := Explanation{Cause: BothShut, Parts: []Part{h.writeShut(), h.readShut()}}
	switch {
	case f.IsDatagram():
		return both
	case h.side == scenario.Listener && !shut: // an MPTCP one; a UNIX one stays in its state
		if i := h.sinceReady(scenario.Hup); i >= 0 && h.own(i, "shr", "shb", "dis") && h.obs[i].Errno == 0 {
			return Explanation{Cause: NotListening, Parts: []Part{h.part(Own, i)}}
		}
		return Explanation{}
	case !h.isConnected() && h.side != scenario.Listener:
		e := Explanation{Cause: NotConnected}
		if c := h.lastConnect(0); c >= 0 && h.connects(c) {
			e.Parts = []Part{h.failedConnect(c)}
		}
		return e
	case h.isMPTCP() && !shut:
		// The state is CLOSE. With the error that came with it, that is an end of the
		// connection and not its absence.
		i := h.sinceReady(scenario.Hup)
		if h.own(i, "dis") && h.obs[i].Errno == 0 {
			return Explanation{Cause: NotConnected, Parts: []Part{h.part(Own, i)}}
		}
		if name, _ := h.errorAt(i); name == "ECONNRESET" && !h.acts(i) && h.obs[i].Verb == "clo" {
			return Explanation{Cause: Gone, Parts: []Part{h.part(Other, i)}}
		}
		return Explanation{}
	case h.isMPTCP() && both.Parts[0].Kind == Unclear, !shut: // it may be the state
		return Explanation{}
	}
	return both
}

// outMPTCP follows mptcp_poll, which is made as tcp_poll.
func (h *history) outMPTCP(name string) Explanation {
	hup := h.now().Ready&scenario.Hup != 0
	switch p := h.writeShut(); {
	case hup && !h.isConnected():
		return h.hupOther()
	case name == "EPIPE" && p.Kind == Own:
		return Explanation{Cause: WriteShut, Parts: []Part{p}}
	case hup:
		return h.hupOther()
	default:
		return Explanation{}
	}
}
