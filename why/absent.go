package why

import (
	"slices"
	"strconv"
	"strings"

	"sockprobe/scenario"
)

// An Extent is which bits are explained.
type Extent uint8

// The extents.
const (
	// Reported are the bits that are set, and where a registration with epoll reports nothing,
	// those that it could have reported.
	Reported Extent = iota
	// All are also those that were asked for and are not set, ERR and HUP among them.
	All
)

const (
	reading = scenario.In | scenario.RdNorm
	writing = scenario.Out | scenario.WrNorm | scenario.WrBand
	always  = scenario.Err | scenario.Hup // reported without being asked for
)

// absents says why bits are not set. Those with the same reason are in one explanation.
func (h *history) absents(extent Extent) (out []Explanation) {
	o := h.obs[len(h.obs)-1]
	g, known := h.registration()
	if o.Events == scenario.Nval || extent == Reported && (o.Events != 0 || !g.added) {
		return nil
	}
	wanted, beyond := h.wanted(g)
	steady := h.steady()
	for rest := (wanted | beyond) &^ o.Events; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		e := Explanation{}
		switch {
		case o.FD < 0:
			e.Cause = NoSocket
		case h.now() == nil && h.seen() && known:
			e = h.unregistered(g)
		case h.now() == nil || !steady:
		case h.now().Ready&bit != 0 && known:
			e = h.silent(bit, g)
		case h.now().Ready&bit == 0 && beyond&bit == 0:
			e = h.absent(bit)
		}
		silence := e.Cause == NotAsked || e.Cause == Told || e.Cause == Disarmed || e.Cause == Unregistered
		if beyond&bit != 0 && e.Cause != NotAsked || extent == Reported && !silence {
			continue
		}
		e.Bit, e.Absent = bit, true
		same := func(other Explanation) bool { return other.Text() == e.Text() }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].Bit |= bit
			continue
		}
		out = append(out, e)
	}
	return out
}

// wanted gives the bits that the last observation asked for. Beyond are those that a pol asks for
// and that its registration does not.
func (h *history) wanted(g registration) (wanted, beyond scenario.Events) {
	o := h.obs[len(h.obs)-1]
	arg := h.script.Commands[o.Cmd-1].Steps[o.Step-1].Arg
	mask := scenario.MaskOf(o.Verb, arg)
	switch {
	case h.api(o) == scenario.Select: // which reports nothing else
		return mask.InSelect(), 0
	case g.added:
		return g.mask | always, mask &^ (g.mask | always)
	default:
		return mask&^scenario.Nval | always, 0
	}
}

// seen tells whether the observations have states at all.
func (h *history) seen() bool {
	return slices.ContainsFunc(h.obs, func(o scenario.Observation) bool { return len(o.States) > 0 })
}

// absent says why poll(2) does not answer a bit.
func (h *history) absent(bit scenario.Events) Explanation {
	switch {
	// inet_csk_listen_poll has IN alone, and a UNIX listener is not writable (unix_writable).
	case h.listens() && (bit&writing != 0 || bit&reading == 0 && (h.isTCP() || h.isMPTCP())):
		return Explanation{Cause: Listening}
	case h.neverSet(bit):
		return Explanation{Cause: NeverSet}
	case bit&reading != 0:
		return h.noIn()
	case bit == scenario.Pri:
		return Explanation{Cause: NoUrgent}
	case bit&writing != 0:
		return h.noOut()
	case bit == scenario.Err:
		return h.noErr()
	case bit == scenario.Hup:
		return h.noHup()
	case bit == scenario.RDHup:
		return h.noRDHup()
	}
	return Explanation{}
}

// neverSet tells whether no socket of the family reports a bit. Only unix_poll and datagram_poll
// set WRBAND. Only tcp_poll and unix_poll, which is that of UNIX streams, set PRI where there is no
// error queue.
func (h *history) neverSet(bit scenario.Events) bool {
	f := h.script.Family
	switch bit {
	case scenario.WrBand:
		return h.isTCP() || h.isMPTCP()
	case scenario.Pri:
		return !h.isTCP() && f != scenario.Unix && f != scenario.Socketpair
	default:
		return bit&(reading|writing|always|scenario.RDHup) == 0
	}
}

// noIn says why there is nothing to receive or to accept.
func (h *history) noIn() Explanation {
	if h.listens() {
		return Explanation{Cause: NoConnection}
	}
	a, asked := h.answers["rcv"]
	if e, ended := h.unconnected(); ended {
		if asked {
			e.Verb, e.Got = "rcv", answered(a)
		}
		return e
	}
	switch {
	case !asked:
	case a.Ret > 0:
		if o, least, known := h.option("RCVLOWAT"); known && o >= 0 && least > a.Ret {
			return Explanation{Cause: BelowMark, N: a.Ret, Parts: []Part{h.part(Began, o)}}
		}
	case a.Errno.Name() == "EAGAIN":
		if c := h.connecting(); c >= 0 {
			return Explanation{Cause: Connecting, Parts: []Part{h.part(Began, c)}}
		}
		return Explanation{Cause: NothingToRead}
	case a.Errno != 0 && h.now().Ready&scenario.Err != 0:
		return Explanation{Cause: NothingToRead, Verb: "rcv", Got: answered(a)}
	}
	return Explanation{}
}

// unconnected is why there is no connection, if HUP says so and not that both directions are shut.
func (h *history) unconnected() (e Explanation, is bool) {
	if h.now().Ready&scenario.Hup == 0 {
		return e, false
	}
	e = h.hup()
	return e, e.Cause == NotConnected || e.Cause == NotListening || e.Cause == Gone
}

// connecting is the con that is under way, or -1.
func (h *history) connecting() int {
	c := h.connectBefore(len(h.obs) - 1)
	switch {
	case c < 0:
	case h.isTCP() && h.now().TCP == "SYN_SENT":
		return c
	case h.isMPTCP() && h.obs[c].Errno.Name() == "EINPROGRESS" && h.now().Ready == 0 && !slices.ContainsFunc(h.obs[c:], h.sent):
		return c
	}
	return -1
}

// sends are the steps that fill a send buffer.
var sends = []string{"snd", "mor", "oob", "fil"}

// sent tells whether a step has sent something from this socket.
func (h *history) sent(o scenario.Observation) bool {
	return o.Side.Original() == h.side && slices.Contains(sends, o.Verb) && o.Ret > 0
}

// option is the opt that has set an option of this socket last, or -1, and its value. It is not
// known where a listener's opt may have come before or after the handshake.
func (h *history) option(name string) (step, value int, known bool) {
	step, known = -1, true
	for i, o := range h.obs {
		switch {
		case o.Opened == h.side && (h.isTCP() || h.isMPTCP()):
			step, value, known = h.inherited(name, i)
		case h.own(i, "opt"):
			if v, set := setTo(o, name); set {
				step, value, known = i, v, true
			}
		}
	}
	return step, value, known
}

// inherited is the listener's opt that has set an option of the socket that a step accepts. The
// kernel copies the options when the handshake ends (inet_csk_clone_lock in
// net/ipv4/inet_connection_sock.c, mptcp_sk_clone_init in net/mptcp/protocol.c). With one
// connection, that is at the con after which the listener has it in its queue.
func (h *history) inherited(name string, acc int) (step, value int, known bool) {
	step, known = -1, true
	if h.script.Family == scenario.MPTCPListener { // what its TCP clients connect to gets neither
		return step, 0, known
	}
	isCon := func(o scenario.Observation) bool { return o.Verb == "con" }
	first := slices.IndexFunc(h.obs[:acc], isCon)
	sure := false // the first con is the only one, and the handshake was over with it
	if first >= 0 && !slices.ContainsFunc(h.obs[first+1:acc], isCon) {
		l, _ := h.obs[first].StateOf(scenario.Listener)
		sure = l.Queue == 1
	}
	for i, o := range h.obs[:acc] {
		after := first >= 0 && first < i
		v, set := setTo(o, name)
		switch {
		case !set || o.Side.Original() != scenario.Listener || after && sure:
		case after:
			known = false
		default:
			step, value = i, v
		}
	}
	return step, value, known
}

// setTo is the value that a step has given to an option.
func setTo(o scenario.Observation, name string) (value int, set bool) {
	v, set := strings.CutPrefix(o.Arg, name+"=")
	if !set || o.Verb != "opt" || o.Errno != 0 {
		return 0, false
	}
	value, _ = strconv.Atoi(v) // an argument is a number
	return value, true
}

// noOut says why the send buffer has no room that counts. For OUT a third of it must be free with
// TCP (sk_stream_is_writeable in include/net/sock.h), and three quarters with UNIX sockets
// (unix_writable in net/unix/af_unix.c). Of TCP_NOTSENT_LOWAT half must be free: poll(2) doubles
// what is unsent, where a send does not (__sk_stream_is_writeable in include/net/sock.h).
func (h *history) noOut() Explanation {
	if c := h.connecting(); c >= 0 {
		return Explanation{Cause: Connecting, Parts: []Part{h.part(Began, c)}}
	}
	a, asked := h.answers["snd"]
	if !asked {
		return Explanation{}
	}
	var e Explanation
	i := h.since(func(s *scenario.State) bool { return s.Ready&scenario.Out == 0 })
	switch o, most, known := h.option("NOTSENT_LOWAT"); {
	case !known:
		return Explanation{}
	case o < 0 || i >= 0 && i < o && h.onlyAsked(o): // a buffer that was full before stays so
		e = h.full(i)
	case o > i:
		return Explanation{}
	default:
		text, _ := h.answers["inf"].Found("unsent")
		if unsent, err := strconv.Atoi(text); err != nil || 2*unsent < most {
			return Explanation{}
		}
		e = Explanation{Cause: Unsent, Parts: []Part{h.part(Began, o)}}
	}
	// A fil leaves another amount free in each run: a twin's send may find room that this run has
	// not.
	filled := slices.ContainsFunc(h.obs, func(o scenario.Observation) bool { return o.Verb == "fil" && h.sent(o) })
	if name := a.Errno.Name(); name != "EAGAIN" && name != "ENOBUFS" && (a.Errno != 0 || !filled) {
		e.Verb, e.Got = "snd", answered(a)
	}
	return e
}

// full says that the send buffer has been full since a step, -1 for one that is not known.
func (h *history) full(since int) Explanation {
	switch {
	case h.script.Family == scenario.UnixDgram:
		return Explanation{Cause: NoRoomThere}
	case since >= 0 && h.sent(h.obs[since]):
		return Explanation{Cause: NoRoom, Parts: []Part{h.part(Began, since)}}
	default:
		return Explanation{Cause: NoRoom}
	}
}

// onlyAsked tells whether the steps after one have changed nothing.
func (h *history) onlyAsked(i int) bool {
	return !slices.ContainsFunc(h.obs[i+1:], func(o scenario.Observation) bool { return o.Verb != "pol" && o.Verb != "inf" })
}

// noErr says that no error is pending, and which step took the last that was.
func (h *history) noErr() Explanation {
	e := Explanation{Cause: NoError}
	for i := len(h.obs) - 1; i > 0; i-- {
		if h.states[i] == nil || h.states[i-1] == nil || h.states[i-1].Ready&scenario.Err == 0 {
			continue
		}
		if name, took := h.taken(i); took {
			p := h.part(Took, i)
			p.Err = name
			e.Parts = []Part{p}
		}
		break
	}
	return e
}

// noHup says which directions are shut. TCP's state and the steps tell about the writing side, and
// a twin's send does.
func (h *history) noHup() Explanation {
	if c := h.connecting(); c >= 0 {
		return Explanation{Cause: Connecting, Parts: []Part{h.part(Began, c)}}
	}
	write := h.writeShut()
	writeShut := write.Kind != Unclear || slices.Contains(finSent, h.now().TCP)
	a, asked := h.answers["snd"]
	switch name := answered(a); {
	case h.script.Family.IsDatagram(), h.listens():
	case asked && (a.Errno == 0 || name == "EAGAIN" || name == "EPIPE"):
		if writeShut != (name == "EPIPE") {
			writeShut, write = name == "EPIPE", Part{}
		}
	case !h.isTCP() || asked:
		return Explanation{}
	}
	switch readShut := h.now().Ready&scenario.RDHup != 0; {
	case readShut && writeShut:
		return Explanation{}
	case readShut:
		return Explanation{Cause: OnlyReadShut, Parts: []Part{h.readShut()}}
	case writeShut:
		return Explanation{Cause: OnlyWriteShut, Parts: []Part{write}}
	}
	return Explanation{Cause: NeitherShut}
}

// noRDHup says that the reading side is open.
func (h *history) noRDHup() Explanation {
	if e, ended := h.unconnected(); ended {
		return e
	}
	if c := h.connecting(); c >= 0 {
		return Explanation{Cause: Connecting, Parts: []Part{h.part(Began, c)}}
	}
	if h.isTCP() {
		return Explanation{Cause: NoFIN}
	}
	return Explanation{Cause: ReadOpen}
}
