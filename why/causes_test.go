package why_test

import (
	"slices"
	"strconv"
	"strings"

	"sockprobe/scenario"
	"sockprobe/why"
)

// checks hold each cause against the kernel.
var checks = map[why.Cause]func(claim){
	why.Unknown: func(claim) {},
	why.Data: func(c claim) {
		if c.e.Got != "" {
			c.want("rcv", c.e.Got)
		}
		if got, _, _ := strings.Cut(c.last("que"), " "); got != "in="+strconv.Itoa(c.e.N) {
			c.Fatalf("%q: there is %s", c.e, got)
		}
		if c.e.N <= 1<<20 {
			if got := c.received(); got != c.e.N {
				c.Fatalf("%q: rcv takes %d bytes there", c.e, got)
			}
		}
	},
	why.SomeData: func(c claim) {
		if c.e.N > 0 {
			c.want("rcv:1048576", strconv.Itoa(c.e.N))
		} else if got := c.here("rcv:1048576")[0]; got.Ret <= 0 {
			c.Fatalf("%q: rcv answers %s", c.e, word(got))
		}
	},
	why.EmptyMessage: func(c claim) {
		c.want("rcv", "0")
		if c.last(strings.Repeat("rcv,", 30)+"rcv") == "0" { // no script sends as many
			c.Fatalf("%q: it is the end", c.e)
		}
	},
	why.End: func(c claim) {
		c.want("rcv", "0")
		c.want("rcv,rcv", "0") // not an empty message
	},
	why.ReadShut: func(c claim) {
		if c.e.Got != "" {
			c.want(c.e.Verb, c.e.Got)
		}
		if c.polled(len(c.obs)-1)&scenario.RDHup == 0 {
			c.Fatalf("%q: there is no RDHUP", c.e)
		}
		c.ends()
	},
	why.Waiting: func(c claim) {
		for i := range max(c.e.N, 1) {
			if got := c.last(strings.Repeat("acc,", i) + "acc"); got[0] == 'E' {
				c.Fatalf("%q: acc %d answers %s", c.e, i+1, got)
			}
		}
		if c.e.N > 0 {
			c.want(strings.Repeat("acc,", c.e.N)+"acc", "EAGAIN")
		}
	},
	why.Urgent: func(c claim) {
		c.want("rco", c.e.Got)
		if c.e.Got != "1" {
			c.urgent()
			return
		}
		if got := c.here("rco,pol:pri")[1]; got.Events&scenario.Pri != 0 {
			c.Fatalf("%q: it is still there", c.e)
		}
	},
	why.Room: func(c claim) {
		if c.e.Got != "" {
			c.want("snd", c.e.Got)
		} else if got := c.here("snd")[0]; got.Ret <= 0 {
			c.Fatalf("%q: snd answers %s", c.e, word(got))
		}
	},
	why.WriteShut: func(c claim) {
		c.want("snd", c.e.Got)
		c.want("err,snd", "EPIPE")
	},
	why.BothShut: func(c claim) {
		if c.e.Got != "" {
			c.want(c.e.Verb, c.e.Got)
		}
		// A UDP socket that holds data back takes more, shut or not, and one without an
		// address to send to says that first.
		if got := c.last("err,snd"); got != "EPIPE" && !c.script.Family.IsDatagram() && (got != "ENOTCONN" || c.side.Original() != scenario.Listener) {
			c.Fatalf("%q: snd answers %s", c.e, got)
		}
		c.ends()
		if c.polled(len(c.obs)-1)&(scenario.RDHup|scenario.Hup) != scenario.RDHup|scenario.Hup {
			c.Fatalf("%q: they are not", c.e)
		}
	},
	why.Gone: func(c claim) {
		if c.e.Got != "" {
			c.want(c.e.Verb, c.e.Got)
		}
		c.want("err,snd", "EPIPE")
		if state := c.tcp(len(c.obs) - 1); c.script.Family.TCPAt(c.side) && state != "CLOSE" {
			c.Fatalf("%q: the state is %s", c.e, state)
		}
		c.ends()
	},
	why.NotConnected: func(c claim) {
		if c.e.Got != "" {
			c.want(c.e.Verb, c.e.Got)
		}
		if state := c.tcp(len(c.obs) - 1); c.script.Family.TCPAt(c.side) && state != "CLOSE" {
			c.Fatalf("%q: the state is %s", c.e, state)
		}
		if o := c.side.Original(); o == scenario.Client || o == scenario.Client2 {
			if got := c.last("con:nb"); got == "EISCONN" {
				c.Fatalf("%q: con answers %s", c.e, got)
			}
		}
	},
	why.NotListening: func(c claim) {
		if c.script.Family.TCPAt(c.side) && c.tcp(len(c.obs)-1) != "CLOSE" {
			c.Fatalf("%q: it is one", c.e)
		}
		if c.side.Original() == scenario.Listener { // from which acc accepts
			c.want("acc", "EINVAL")
		}
	},
	why.Pending: func(c claim) {
		c.want("err", "err="+c.e.Err)
		if got := c.here("err,pol")[1]; got.Events&scenario.Err != 0 {
			c.Fatalf("%q: it is still there", c.e)
		}
		if len(c.e.Takes) == 0 { // not known
			return
		}
		for _, verb := range []string{"rcv", "snd"} {
			answers := c.here(verb + ",err")
			took := word(answers[0]) == c.e.Err && word(answers[1]) == "err=0"
			if took != slices.Contains(c.e.Takes, verb) {
				c.Fatalf("%q: %s answers %s, and then there is %s", c.e, verb, word(answers[0]), word(answers[1]))
			}
		}
	},
	why.Closed: func(c claim) {
		c.want("rcv", "EBADF")
	},
	why.CountedByBit: func(c claim) { // what is counted is held by itself
		if c.polled(len(c.obs)-1)&c.e.By.Bit == 0 {
			c.Fatalf("%q: there is no such bit", c.e)
		}
	},
}
