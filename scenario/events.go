package scenario

import (
	"fmt"
	"math/bits"
	"strings"
)

// Events is a set of readiness events: what poll(2) calls revents. The bits are
// those of the kernel's include/uapi/asm-generic/poll.h, which poll and epoll
// share.
type Events uint32

// The events that have names.
const (
	In     Events = 0x0001 // data, a pending connection or the end of the stream can be read
	Pri    Events = 0x0002 // urgent data
	Out    Events = 0x0004 // a write would not block; after SHUT_WR it fails at once
	Err    Events = 0x0008 // an error is pending; reported whatever the mask
	Hup    Events = 0x0010 // both directions are shut; reported whatever the mask
	Nval   Events = 0x0020 // not an open descriptor; poll only
	RdNorm Events = 0x0040 // as In, for what is not urgent
	RdBand Events = 0x0080 // data of a priority band; no socket of Linux has any
	WrNorm Events = 0x0100 // as Out
	WrBand Events = 0x0200 // as Out, for priority data
	Msg    Events = 0x0400 // no socket reports it
	RDHup  Events = 0x2000 // the peer has shut its writing side, or this side its reading one
)

// The masks that steps ask with unless told otherwise. ERR, HUP and NVAL are reported
// without being asked for (poll(2)).
const (
	Interest = In | Out | RDHup // of pol, add and mod
	Awaited  = In | RDHup       // of wai: OUT is there most of the time, and would end any wait
)

// MaskOf is the mask that a step asks with: the one that is given, or the verb's.
func MaskOf(verb string, arg Arg) Events {
	switch {
	case arg.Masked:
		return arg.Mask
	case verb == "wai":
		return Awaited
	default:
		return Interest
	}
}

// eventNames names each bit as the output shows it. Bits print lowest first,
// whatever their place here; a bit without a name prints as ???[0x…].
var eventNames = []eventName{
	{In, "IN"},
	{Pri, "PRI"},
	{Out, "OUT"},
	{Err, "ERR"},
	{Hup, "HUP"},
	{Nval, "NVAL"},
	{RdNorm, "RDNORM"},
	{RdBand, "RDBAND"},
	{WrNorm, "WRNORM"},
	{WrBand, "WRBAND"},
	{Msg, "MSG"},
	{RDHup, "RDHUP"},
}

type eventName struct {
	bit  Events
	name string
}

// Names holds the name of each bit that is set, lowest first.
func (e Events) Names() []string {
	names := make([]string, 0, bits.OnesCount32(uint32(e)))
	for rest := e; rest != 0; rest &= rest - 1 {
		names = append(names, (rest & -rest).bitName())
	}
	return names
}

// EventNamed finds an event by its name in either case, with or without the POLL
// or EPOLL that poll(2) and epoll_ctl(2) begin it with: "IN", "rdhup", "EPOLLHUP".
func EventNamed(word string) (Events, bool) {
	word = strings.ToUpper(word)
	for _, prefix := range []string{"EPOLL", "POLL"} {
		if rest, ok := strings.CutPrefix(word, prefix); ok {
			word = rest
			break
		}
	}
	for _, n := range eventNames {
		if n.name == word {
			return n.bit, true
		}
	}
	return 0, false
}

func (e Events) bitName() string {
	for _, n := range eventNames {
		if n.bit == e {
			return n.name
		}
	}
	return fmt.Sprintf("???[%#x]", uint32(e))
}

// String is the set as the original tool prints it: "0x5 (IN OUT)", or "0".
func (e Events) String() string {
	if e == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x (%s)", uint32(e), strings.Join(e.Names(), " "))
}
