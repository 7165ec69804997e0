package why

import (
	"slices"
	"strings"

	"sockprobe/scenario"
)

// finCame are TCP's states that nothing but a FIN leads to (RFC 9293, 3.3.2).
var finCame = []string{"CLOSE_WAIT", "LAST_ACK", "CLOSING"}

// finSent are those that nothing but a FIN of this end leads to.
var finSent = []string{"FIN_WAIT1", "FIN_WAIT2", "CLOSING", "LAST_ACK"}

// hupTCP follows tcp_poll in net/ipv4/tcp.c: HUP is that both directions are shut, or
// that the state is CLOSE.
func (h *history) hupTCP() Explanation {
	if h.now().TCP != "CLOSE" {
		return Explanation{Cause: BothShut, Parts: []Part{h.writeShut(), h.readShut()}}
	}
	i := h.sinceTCP("CLOSE")
	switch c := h.lastConnect(i); {
	case c < 0:
	case h.own(c, "dis"):
		return Explanation{Cause: NotConnected, Parts: []Part{h.part(Own, c)}}
	case h.obs[c].Errno == 0: // it came about, and ended with the same step
		return Explanation{Cause: Gone, Parts: []Part{h.ended(c)}}
	default:
		return Explanation{Cause: NotConnected, Parts: []Part{h.failedConnect(c)}}
	}
	switch was := h.before(i); was {
	case "CLOSE": // since the start
		return Explanation{Cause: NotConnected}
	case "LISTEN":
		if h.own(i, "shr", "shb", "dis") {
			return Explanation{Cause: NotListening, Parts: []Part{h.part(Own, i)}}
		}
	case "SYN_SENT":
		if h.own(i, "shr", "shw", "shb", "dis") {
			return Explanation{Cause: NotConnected, Parts: []Part{h.part(Own, i)}}
		}
		if c := h.connectBefore(i); c >= 0 {
			return Explanation{Cause: NotConnected, Parts: []Part{h.failedConnect(c)}}
		}
	default:
		switch p := h.ended(i); p.Kind {
		case Own:
			return Explanation{Cause: NotConnected, Parts: []Part{p}}
		case RST, Unwanted, Failed:
			return Explanation{Cause: Gone, Parts: []Part{p}}
		case FIN:
			return Explanation{Cause: BothShut, Parts: []Part{h.writeShut(), h.readShut()}}
		}
	}
	return Explanation{}
}

// ended says what has ended a connection with a step, after which its state is CLOSE.
func (h *history) ended(i int) Part {
	if h.own(i, "dis") && h.obs[i].Errno == 0 {
		return h.part(Own, i)
	}
	name, came := h.errorAt(i)
	switch {
	case name == "ECONNRESET" || name == "EPIPE": // which of them depends on whether a FIN came before (tcp_reset)
		return h.reset(i)
	case name != "":
		p := h.during(Failed, i)
		p.Err = name
		return p
	case came || h.hasBlocked():
		return Part{}
	case h.before(i) == "CLOSE_WAIT" && h.own(i, "shw", "shb"), slices.Contains(finSent, h.before(i)):
		// LAST_ACK lasts for no longer than the step, as the other end acknowledges at once. After FINs in both directions a socket that is still open has no state of its
		// own any more: TIME_WAIT is another's (tcp_time_wait in net/ipv4/tcp_minisocks.c).
		return Part{Kind: FIN}
	default:
		return Part{}
	}
}

// reset says what has reset a connection: a RST of the other end, or data of it when both
// directions were shut here, to which the kernel answers with a RST of its own
// (tcp_rcv_state_process in net/ipv4/tcp_input.c, RFC 9293, 3.6.1).
func (h *history) reset(i int) Part {
	p := h.during(RST, i)
	if h.accepted(i) {
		p.Step = Ref{}
		return p
	}
	was := h.before(i)
	waits := was == "FIN_WAIT1" || was == "FIN_WAIT2"
	shut := i > 0 && h.states[i-1].Ready&scenario.RDHup != 0
	switch {
	case h.own(i, "shb"), h.own(i, "shw") && shut && was != "CLOSE_WAIT": // the FIN may have made the other end send what it held back
		return Part{}
	case !waits || !shut:
		return p
	case h.acts(i), h.mayReset(i) && h.heldBack(i):
		return Part{}
	case h.mayReset(i):
		return p
	case h.obs[i].Ret > 0 && slices.Contains(sends, h.obs[i].Verb), h.heldBack(i):
		p.Kind = Unwanted
		return p
	default:
		return Part{}
	}
}

// mayReset tells whether a step of another socket may have sent a RST: at the other end of
// the connection, or on a listener that had not accepted it (inet_csk_listen_stop in
// net/ipv4/inet_connection_sock.c). A shutdown of a connection sends none.
func (h *history) mayReset(i int) bool {
	o := h.obs[i]
	switch o.Verb {
	case "clo", "dis":
		return true
	case "shr", "shb":
		return o.Side.Original() == scenario.Listener
	default:
		return false
	}
}

// heldBack tells whether the other end may have had data that it had not sent before a step:
// a shutdown, an option, an acknowledgement or a timer sends them.
func (h *history) heldBack(i int) bool {
	return slices.ContainsFunc(h.obs[:i], func(o scenario.Observation) bool {
		return h.mayBePeer(o.Side) && (o.Verb == "mor" || o.Verb == "fil" || o.Verb == "opt" && strings.HasPrefix(o.Arg, "CORK"))
	})
}

// lastConnect is the last con or dis of this socket from a step on, or -1. A socket whose state has been CLOSE
// since has not been connected by it. A dis makes new what had ended otherwise, too.
func (h *history) lastConnect(from int) int {
	for i := len(h.obs) - 1; i >= from; i-- {
		if h.own(i, "dis") && h.obs[i].Errno == 0 && i > 0 && h.before(i) == "CLOSE" && h.states[i-1].Ready&scenario.RDHup != 0 {
			return i
		}
		if h.connects(i) {
			return i
		}
	}
	return -1
}

// connectBefore is the last con of this socket up to a step, or -1.
func (h *history) connectBefore(i int) int {
	for ; i >= 0 && !h.connects(i); i-- {
	}
	return i
}

// connects tells whether a step is a con of this socket that made a difference, if only by its
// failure. One that is answered so left the socket as it was (connect(2)).
func (h *history) connects(i int) bool {
	return h.own(i, "con") && !slices.Contains([]string{"EBADF", "EISCONN", "EALREADY"}, h.obs[i].Errno.Name())
}

// failedConnect is a con that has made no connection, with the error that says so.
func (h *history) failedConnect(i int) Part {
	p := h.part(Connect, i)
	if name := h.obs[i].Errno.Name(); h.obs[i].Errno != 0 && name != "EINPROGRESS" && name != "EAGAIN" {
		p.Err = name
		return p
	}
	for j := i; j < len(h.obs); j++ {
		if h.states[j] != nil && h.states[j].Ready&scenario.Err != 0 {
			p.Err, _ = h.errorAt(j)
			break
		}
	}
	return p
}

// readShutTCP says what has shut the reading side at a step, if not the step itself.
func (h *history) readShutTCP(i int) Part {
	state, was := h.states[i].TCP, h.before(i)
	switch {
	case slices.Contains(finCame, state):
		return Part{Kind: FIN}
	case state != "CLOSE" || was == "LISTEN":
		return Part{}
	case was == "CLOSE" || was == "SYN_SENT":
		c := h.connectBefore(i)
		if c >= 0 && h.obs[c].Errno == 0 {
			return h.ended(c)
		}
		if c >= 0 {
			if p := h.failedConnect(c); p.Err != "" {
				return p
			}
		}
		return Part{}
	default:
		return h.ended(i)
	}
}

// writeShutTCP is the first shutdown of the writing side since the socket last
// became as new, which tcp_disconnect makes it (net/ipv4/tcp.c).
func (h *history) writeShutTCP() Part {
	first := Part{}
	for i, o := range h.obs {
		was := h.before(i)
		switch {
		case h.own(i, "dis") && o.Errno == 0, h.own(i, "con") && renews(o):
			first = Part{}
		case !h.own(i, "shr", "shw", "shb") || !shuts(o):
		case was == "SYN_SENT", was == "LISTEN" && o.Verb != "shw":
			first = Part{}
		case was == "LISTEN" || o.Verb == "shr" || first.Kind == Own:
		default:
			first = h.part(Own, i)
		}
	}
	return first
}

// renews tells whether a con may have failed in such a way that the socket was made new
// (__inet_stream_connect in net/ipv4/af_inet.c).
func renews(o scenario.Observation) bool {
	switch o.Errno.Name() {
	case "EINPROGRESS", "EALREADY", "EISCONN", "EBADF":
		return false
	default:
		return o.Errno != 0
	}
}

// outTCP follows tcp_poll: once the writing side is shut OUT is always there, and it
// is when the connection has ended, with which that is shut, too.
func (h *history) outTCP(name string) Explanation {
	s := h.now()
	switch {
	case s.TCP == "CLOSE":
		return h.hupTCP()
	case slices.Contains(finSent, s.TCP), s.Ready&scenario.Hup != 0, name == "EPIPE" && s.Ready&scenario.Err == 0:
		return Explanation{Cause: WriteShut, Parts: []Part{h.writeShut()}}
	default:
		return Explanation{}
	}
}
