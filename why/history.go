package why

import (
	"slices"

	"sockprobe/scenario"
)

// A history is what is known of one socket, from the start of a run to an observation of it.
type history struct {
	script  scenario.Script
	obs     []scenario.Observation
	side    scenario.Side // by its own letter
	states  []*scenario.State
	answers Answers
}

func newHistory(script scenario.Script, obs []scenario.Observation, answers Answers) *history {
	h := &history{script: script, obs: obs, side: obs[len(obs)-1].Side.Original(), answers: answers}
	h.states = make([]*scenario.State, len(obs))
	for i, o := range obs {
		if s, ok := o.StateOf(h.side); ok {
			h.states[i] = &s
		}
	}
	return h
}

// now is how the socket stands, and nil if it is closed.
func (h *history) now() *scenario.State { return h.states[len(h.states)-1] }

// isTCP tells whether the socket is TCP's own, so that its state can be read.
func (h *history) isTCP() bool { return h.script.Family.TCPAt(h.side) }

// isMPTCP tells whether it is one of Multipath TCP.
func (h *history) isMPTCP() bool {
	f := h.script.Family
	return f == scenario.MPTCP || f == scenario.MPTCPListener && !h.isTCP()
}

// listens tells whether the socket is a listener. A UNIX listener stays one. The steps that begin
// and end it for MPTCP are those of TCP (mptcp_listen, mptcp_shutdown in net/mptcp/protocol.c).
func (h *history) listens() bool {
	switch {
	case h.isTCP():
		return h.now().TCP == "LISTEN"
	case !h.isMPTCP():
		return h.side == scenario.Listener
	}
	is := h.side == scenario.Listener
	for i, o := range h.obs {
		if h.own(i, "lis", "shr", "shb", "dis") && o.Errno == 0 {
			is = o.Verb == "lis"
		}
	}
	return is && h.now().Ready&scenario.Hup == 0
}

// acts tells whether a step acted on this socket.
func (h *history) acts(i int) bool {
	o := h.obs[i]
	return h.script.Family.ActsOn(o.Verb, o.Side).Original() == h.side
}

// own tells whether a step was one of some verbs on this socket.
func (h *history) own(i int, verbs ...string) bool {
	return h.acts(i) && slices.Contains(verbs, h.obs[i].Verb)
}

// since is the first step after which something held and has held ever since, or -1.
func (h *history) since(holds func(*scenario.State) bool) int {
	first := -1
	for i := len(h.states) - 1; i >= 0 && h.states[i] != nil && holds(h.states[i]); i-- {
		first = i
	}
	return first
}

func (h *history) sinceReady(bit scenario.Events) int {
	return h.since(func(s *scenario.State) bool { return s.Ready&bit != 0 })
}

func (h *history) sinceTCP(state string) int {
	return h.since(func(s *scenario.State) bool { return s.TCP == state })
}

// before is TCP's state before a step: "" if there was no socket.
func (h *history) before(i int) string {
	switch {
	case i > 0 && h.states[i-1] != nil:
		return h.states[i-1].TCP
	case i > 0:
		return ""
	case h.side == scenario.Listener:
		return "LISTEN"
	default:
		return "CLOSE"
	}
}

// accepted tells whether the socket came into being by a step.
func (h *history) accepted(i int) bool {
	return h.obs[i].Opened == h.side
}

// isAccepted tells whether it came into being by any.
func (h *history) isAccepted() bool {
	return slices.ContainsFunc(h.obs, func(o scenario.Observation) bool { return o.Opened == h.side })
}

// errorAt names the error that came with a step, and tells whether one has come at
// all: it was pending after it, or the step itself took it.
func (h *history) errorAt(i int) (name string, came bool) {
	if h.states[i].Ready&scenario.Err == 0 {
		if name, came = h.taken(i); !came {
			name, came = h.takenByWait(i)
		}
		return name, came
	}
	for j := i + 1; j < len(h.obs); j++ {
		if h.states[j] == nil {
			return "", true
		}
		if h.states[j].Ready&scenario.Err == 0 {
			var took bool
			if name, took = h.taken(j); !took {
				name, _ = h.takenByWait(i)
			}
			return name, true
		}
	}
	return h.pending(), true
}

// taken names the error that a step on this socket answered and so took.
func (h *history) taken(i int) (name string, took bool) {
	o := h.obs[i]
	switch {
	case !h.acts(i), o.Verb == "blk":
		return "", false
	case o.Verb == "err":
		name = answered(o)
		return name, name != "0" && name != ""
	}
	switch name = o.Errno.Name(); name {
	case "ECONNRESET", "ECONNREFUSED", "ETIMEDOUT":
		return name, true
	case "EPIPE": // what a send answers to SHUT_WR, too, where it takes nothing
		before := h.before(i)
		return name, i > 0 && h.states[i-1] != nil && h.states[i-1].Ready&scenario.Err != 0 ||
			before == "CLOSE_WAIT" && h.states[i].TCP == "CLOSE"
	default:
		return "", false
	}
}

// takenByWait names the error that a blk answered after the connection had ended with a step. TCP's
// state becomes CLOSE with the error (tcp_reset in net/ipv4/tcp_input.c), and as long as it stays
// so there is no other reset.
func (h *history) takenByWait(i int) (name string, took bool) {
	for ; i < len(h.obs) && h.isTCP() && h.states[i] != nil && h.states[i].TCP == "CLOSE"; i++ {
		if o := h.obs[i]; o.Verb == "blk" && h.acts(i) && o.Errno.Name() == "ECONNRESET" {
			return o.Errno.Name(), true
		}
	}
	return "", false
}

// pending names the error that is pending, as the twin was told.
func (h *history) pending() string {
	a, ok := h.answers["err"]
	if !ok {
		return ""
	}
	after, open := a.StateOf(h.side)
	name := answered(a)
	if !open || after.Ready&scenario.Err != 0 || name == "0" {
		return ""
	}
	return name
}
