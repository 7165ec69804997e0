package why_test

import (
	"slices"
	"strings"

	"sockprobe/scenario"
	"sockprobe/why"
)

// happened hold each kind of part against what was observed, and the kernel.
var happened = map[why.Kind]func(claim, why.Part){
	why.Unclear: func(claim, why.Part) {},
	why.Own: func(c claim, p why.Part) {
		o := c.obs[c.find(p)]
		if o.Side.Original() != c.side.Original() || o.Errno != 0 && o.Errno.Name() != "ENOTCONN" {
			c.Fatalf("%q: the step answered %s on %s", c.e, word(o), o.Side)
		}
		c.changes(p)
	},
	why.Began: func(c claim, p why.Part) {
		o := c.obs[c.find(p)]
		if n := strings.Count(c.e.Text(), p.String()); n > 1 {
			c.Fatalf("%q: it names the step %d times", c.e, n)
		}
		inherited := o.Verb == "opt" && o.Side.Original() == scenario.Listener // by what it accepts
		if by := c.script.Family.ActsOn(o.Verb, o.Side).Original(); by != c.side.Original() && !inherited {
			c.Fatalf("%q: the step was one on %s", c.e, by)
		}
	},
	why.Took: func(c claim, p why.Part) {
		i := c.find(p)
		if o := c.obs[i]; o.Side.Original() != c.side.Original() || o.Errno.Name() != p.Err && o.Info != "err="+p.Err {
			c.Fatalf("%q: the step answered %s on %s", c.e, word(o), o.Side)
		}
		if i > 0 && c.obs[i-1].Step > 0 && c.polled(i-1)&scenario.Err == 0 {
			c.Fatalf("%q: there was none before", c.e)
		}
		if c.polled(i)&scenario.Err != 0 {
			c.Fatalf("%q: there is one behind it", c.e)
		}
	},
	why.FIN: func(c claim, _ why.Part) {
		i := len(c.obs) - 1
		if state := c.tcp(i); !slices.Contains([]string{"CLOSE_WAIT", "LAST_ACK", "CLOSING", "CLOSE"}, state) {
			c.Fatalf("%q: the state is %s", c.e, state)
		}
		if !c.another("shw", "shb", "clo") {
			c.Fatalf("%q: nobody has sent one", c.e)
		}
	},
	why.RST: func(c claim, p why.Part) {
		if state := c.tcp(len(c.obs) - 1); state != "CLOSE" {
			c.Fatalf("%q: the state is %s", c.e, state)
		}
		if !c.another("clo", "dis", "shb", "shr") {
			c.Fatalf("%q: nobody has sent one", c.e)
		}
		if !c.hadError("ECONNRESET") && !c.hadError("EPIPE") {
			c.Fatalf("%q: there was no error", c.e)
		}
		if p.Step == (why.Ref{}) || p.By != "" { // then it was a clo that the wait had held back
			return
		}
		o := c.obs[c.find(p)]
		ends := o.Verb == "clo" || o.Verb == "dis" || o.Side.Original() == scenario.Listener && (o.Verb == "shr" || o.Verb == "shb")
		by := c.script.Family.ActsOn(o.Verb, o.Side).Original()
		answered := slices.ContainsFunc(c.obs, func(o scenario.Observation) bool { // what was held back here, and sent then
			return o.Side.Original() == c.side.Original() && slices.Contains([]string{"mor", "fil", "opt"}, o.Verb)
		})
		if by != c.side.Original() && !ends && !answered {
			c.Fatalf("%q: %s on %s sends none", c.e, o.Verb, o.Side)
		}
		c.changes(p)
	},
	why.Other: func(c claim, p why.Part) {
		if o := c.obs[c.find(p)]; o.Side.Original() == c.side.Original() || o.Errno != 0 {
			c.Fatalf("%q: the step answered %s on %s", c.e, word(o), o.Side)
		}
		c.changes(p)
	},
	why.Released: func(c claim, p why.Part) {
		i := c.find(p)
		if o := c.obs[i]; o.Side.Original() == c.side.Original() || o.Errno != 0 {
			c.Fatalf("%q: the step answered %s on %s", c.e, word(o), o.Side)
		}
		const shut = scenario.RDHup | scenario.Hup
		if c.polled(i)&shut == shut {
			c.Fatalf("%q: both directions were shut by then", c.e)
		}
		if c.without(p.Wait).polled(i)&shut != shut {
			c.Fatalf("%q: without the wait they are not", c.e)
		}
	},
	why.Earlier: func(c claim, _ why.Part) {
		i := slices.IndexFunc(c.obs, func(o scenario.Observation) bool { return o.Opened == c.side.Original() })
		if i < 0 {
			c.Fatalf("%q: there was no accept", c.e)
		}
		shutReading := func(o scenario.Observation) bool { return o.Verb == "shr" || o.Verb == "shb" }
		if s, _ := c.obs[i].StateOf(c.side); s.Ready&scenario.RDHup == 0 && !slices.ContainsFunc(c.obs[:i], shutReading) {
			c.Fatalf("%q: it was not so at the accept", c.e)
		}
	},
	why.Unwanted: func(c claim, p why.Part) {
		i := c.find(p)
		o := c.obs[i]
		held := slices.ContainsFunc(c.obs[:i], func(o scenario.Observation) bool { // and sent later
			return (o.Verb == "mor" || o.Verb == "snd" || o.Verb == "fil") && o.Ret > 0 && o.Side.Original() != c.side.Original()
		})
		if o.Side.Original() == c.side.Original() || o.Ret <= 0 && !held {
			c.Fatalf("%q: the step answered %s on %s", c.e, word(o), o.Side)
		}
		if !slices.ContainsFunc(c.obs, func(o scenario.Observation) bool {
			return o.Side.Original() == c.side.Original() && (o.Verb == "shr" || o.Verb == "shb")
		}) {
			c.Fatalf("%q: it was not shut", c.e)
		}
		c.changes(p)
	},
	why.Failed: func(c claim, p why.Part) {
		if !c.hadError(p.Err) {
			c.Fatalf("%q: there was no such error", c.e)
		}
	},
	why.Connect: func(c claim, p why.Part) {
		o := c.obs[c.find(p)]
		if o.Verb != "con" || o.Errno == 0 {
			c.Fatalf("%q: the step answered %s", c.e, word(o))
		}
		if p.Err != "" && !c.hadError(p.Err) {
			c.Fatalf("%q: there was no such error", c.e)
		}
	},
}
