package why_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sockprobe/scenario"
	"sockprobe/why"
)

// absences hold each cause of what is not set against the kernel.
var absences = map[why.Cause]func(claim){
	why.NothingToRead: func(c claim) {
		want := "EAGAIN"
		if c.e.Got != "" {
			want = c.e.Got
		}
		c.want("rcv:1048576", want)
	},
	why.BelowMark: func(c claim) {
		c.want("rcv:1048576", fmt.Sprint(c.e.N))
		if c.last("opt:RCVLOWAT=1,rcv:0,pol:in") != "1" {
			c.Fatalf("%q: with another mark there is none, too", c.e)
		}
	},
	why.NoConnection: func(c claim) {
		if c.side.Original() == scenario.Listener { // from which acc accepts
			c.want("nbl,acc", "EAGAIN")
		} else if state := c.tcp(len(c.obs) - 1); c.script.Family.TCPAt(c.side) && state != "LISTEN" {
			c.Fatalf("%q: the state is %s", c.e, state)
		}
	},
	why.NoUrgent: func(c claim) {
		if got := c.last("rco"); got == "1" {
			c.Fatalf("%q: rco takes one there", c.e)
		}
	},
	why.NoRoom: func(c claim) {
		full(c)
		if c.script.Family != scenario.MPTCP && c.roomBeyondLimit() {
			c.Fatalf("%q: it is NOTSENT_LOWAT", c.e)
		}
	},
	why.NoRoomThere: full,
	why.Unsent: func(c claim) {
		full(c)
		limit, _ := strconv.Atoi(strings.TrimPrefix(c.obs[c.find(c.e.Parts[0])].Arg, "NOTSENT_LOWAT="))
		_, text, _ := strings.Cut(c.last("inf"), "unsent=")
		if unsent, err := strconv.Atoi(text); err != nil || unsent < limit/2 {
			c.Fatalf("%q: of %d there is unsent: %s", c.e, limit, text)
		}
		if !strings.Contains(c.e.Text(), "half") {
			c.Fatalf("%q: it takes no more than half", c.e)
		}
		if !c.roomBeyondLimit() {
			c.Fatalf("%q: without the limit there is none, too", c.e)
		}
	},
	why.Connecting: func(c claim) { c.want("con:nb", "EALREADY") },
	why.Listening: func(c claim) {
		c.lacks()
		if c.side.Original() == scenario.Listener && c.last("nbl,acc") == "EINVAL" && c.polled(len(c.obs)-1)&scenario.RDHup == 0 {
			c.Fatalf("%q: it does not listen", c.e)
		}
	},
	why.NoError: func(c claim) { c.want("err", "err=0") },
	why.OnlyReadShut: func(c claim) {
		c.shut(scenario.RDHup)
		if got := c.here("shw,pol:none")[1]; got.Events&scenario.Hup == 0 {
			c.Fatalf("%q: with the other there is no HUP, too", c.e)
		}
	},
	why.OnlyWriteShut: func(c claim) {
		c.shut(0)
		if got := c.here("shr,pol:none")[1]; got.Events&scenario.Hup == 0 {
			c.Fatalf("%q: with the other there is no HUP, too", c.e)
		}
	},
	why.NeitherShut: func(c claim) {
		c.shut(0)
		if got := c.last("err,snd"); got == "EPIPE" && !c.script.Family.IsDatagram() {
			c.Fatalf("%q: snd answers %s", c.e, got)
		}
	},
	why.NoFIN:    readOpen,
	why.ReadOpen: readOpen,
	why.NoSocket: func(c claim) { c.want("snd", "EBADF") },
	why.NeverSet: func(c claim) { c.lacks() },
	why.NotAsked: func(c claim) { c.registered() },
	why.Told: func(c claim) {
		o := c.obs[c.find(c.e.Parts[0])]
		if o.Events&c.e.Bit != c.e.Bit {
			c.Fatalf("%q: it told %v", c.e, o.Events)
		}
		c.registered()
	},
	why.Disarmed: func(c claim) {
		if o := c.obs[c.find(c.e.Parts[0])]; o.Events == 0 {
			c.Fatalf("%q: it told nothing", c.e)
		}
		c.registered()
	},
	why.Unregistered: func(c claim) { c.asking("mod", "EBADF") },
}

// full holds that there is no room, for a send or only for OUT. MPTCP may have room again when a
// timer has sent an acknowledgement.
func full(c claim) {
	if c.script.Family == scenario.MPTCP {
		return
	}
	if c.polled(len(c.obs)-1)&scenario.Out != 0 {
		c.Fatalf("%q: there is room", c.e)
	}
	if c.e.Got != "" {
		c.want("snd", c.e.Got)
	} else if got := c.last("snd"); got != "EAGAIN" && got != "ENOBUFS" && !slices.ContainsFunc(c.obs, filled) {
		c.Fatalf("%q: snd answers %s", c.e, got)
	}
}

// roomBeyondLimit tells whether there is room when TCP_NOTSENT_LOWAT limits nothing.
func (c claim) roomBeyondLimit() bool {
	return c.here("opt:NOTSENT_LOWAT=2147483647,pol:out")[1].Events&scenario.Out != 0
}

// filled tells whether a step is a fil that sent something. A send after it may find room or not.
func filled(o scenario.Observation) bool { return o.Verb == "fil" && o.Ret > 0 }

// shut holds that HUP and RDHUP are as said.
func (c claim) shut(want scenario.Events) {
	const both = scenario.Hup | scenario.RDHup
	if got := c.polled(len(c.obs)-1) & both; got != want {
		c.Fatalf("%q: there is %v", c.e, got)
	}
}

// readOpen holds that no end has come, and that a shutdown of the reading side makes the
// difference.
func readOpen(c claim) {
	if c.polled(len(c.obs)-1)&scenario.RDHup != 0 {
		c.Fatalf("%q: it is not", c.e)
	}
	answers := c.here("shr,pol:rdhup")
	if shut := answers[0].Errno == 0; shut && answers[1].Events&(scenario.RDHup|scenario.Hup) == 0 {
		c.Fatalf("%q: a shr makes no difference", c.e)
	}
}

// lacks holds that the kernel does not set the bits, whoever asks.
func (c claim) lacks() {
	if got := c.here(fmt.Sprintf("pol:%#x", uint32(c.e.Bit)))[0]; got.Events&c.e.Bit != 0 {
		c.Fatalf("%q: there is %v", c.e, got.Events)
	}
}

// asking holds the answer to steps that ask as the pol did, of the same descriptor.
func (c claim) asking(steps, want string) {
	o := c.obs[len(c.obs)-1]
	c.side, c.api = o.Side, c.script.Commands[o.Cmd-1].API
	c.want(steps, want)
}

// registered holds that the bits are set and that the registration does not report them, and does
// after a mod.
func (c claim) registered() {
	o := c.obs[len(c.obs)-1]
	api := c.script.Commands[o.Cmd-1].API
	if got := c.here(fmt.Sprintf("pol:%#x", uint32(c.e.Bit)))[0]; got.Events&c.e.Bit != c.e.Bit {
		c.Fatalf("%q: there is %v", c.e, got.Events)
	}
	if _, open := o.StateOf(o.Side); !open || c.side != o.Side { // a closed one's cannot be changed
		return
	}
	c.api = api
	if got := c.here("pol")[0]; got.Events&c.e.Bit != 0 {
		c.Fatalf("%q: it tells %v", c.e, got.Events)
	}
	names := strings.ToLower(strings.Join(c.e.Bit.Names(), "+"))
	if got := c.here("mod:" + names + ",pol")[1]; got.Events&c.e.Bit != c.e.Bit {
		c.Fatalf("%q: made anew it tells %v", c.e, got.Events)
	}
}
