package why_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sockprobe/ops"
	"sockprobe/scenario"
	"sockprobe/why"
)

var brief = ops.Options{Timeout: 20 * time.Millisecond, Settle: ops.SettleAuto}

// A reporter is a *testing.T or a *rapid.T.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
}

// A claim is one explanation, and where it was made.
type claim struct {
	reporter
	script scenario.Script
	obs    []scenario.Observation // up to the pol
	side   scenario.Side
	e      why.Explanation
	api    scenario.API // how what is asked beside the script asks
	// altered tells that the script is not the one that was observed.
	altered bool
}

// An unheld is what a check ends with that no run of the script gave the chance to: a wait ended sooner or later
// than in the run that the claim is about.
type unheld struct{}

// A fault is what a check ends with that the kernel does not agree to, in words.
type fault string

// Fatalf ends a check, and says of which script it is.
func (c claim) Fatalf(format string, args ...any) {
	panic(fault(c.script.String() + "\n" + fmt.Sprintf(format, args...)))
}

// after runs the script again on fresh sockets, up to and with observation i, and makes more steps there: the words of a
// command for the claim's side, by its own letter or by that of a copy. What it gives is the answers to these.
func (c claim) after(i int, steps string) []scenario.Observation {
	c.Helper()
	o := c.obs[i]
	step := o.Step
	if step == 0 {
		c.Fatalf("step 0 is no place to stop at")
	}
	s := c.script.UpTo(o)
	words := []string{"--family", c.script.Family.String()}
	side := c.side
	if open, ok := o.StateOf(side); ok && c.e.Cause != why.Closed {
		side = open.Side
	}
	if side.IsCopy() {
		words = append(words, "-"+side.Original().String(), "dup")
	}
	words = append(words, "-"+side.String(), steps)
	more, err := scenario.Parse(words, ops.Verbs())
	if err != nil {
		c.Fatalf("%s: %v", steps, err)
	}
	last := more.Commands[len(more.Commands)-1]
	last.API = c.api
	s.Commands = append(s.Commands, last)
	obs := c.run(s, i)
	obs = slices.DeleteFunc(obs, func(o scenario.Observation) bool { return o.Cmd < len(s.Commands) || o.Step == 0 })
	return obs
}

// run runs a script that begins as the claim's does, up to and with observation i. It may go otherwise,
// on a busy machine or with a wait, and is run again then.
func (c claim) run(script scenario.Script, i int) []scenario.Observation {
	c.Helper()
	opts, waits := brief, script.Does("wai") || script.Does("blk")
	opts.States = waits
	for range 8 {
		var obs []scenario.Observation
		err := ops.Run(script, opts, func(o scenario.Observation) { obs = append(obs, o) })
		if err != nil && !errors.Is(err, ops.ErrNoServer) {
			c.reporter.Fatalf("%s: %v", c.script, err)
		}
		same := len(obs) > i && why.SameAnswers(c.obs[:i+1], obs[:i+1])
		if c.altered || same && (!waits || why.Same(c.obs[:i+1], obs)) {
			return obs
		}
	}
	panic(unheld{})
}

// here makes steps in the place after the pol.
func (c claim) here(steps string) []scenario.Observation {
	c.Helper()
	return c.after(len(c.obs)-1, steps)
}

// last is the answer to the last of some steps there, in a word.
func (c claim) last(steps string) string {
	c.Helper()
	answers := c.here(steps)
	return word(answers[len(answers)-1])
}

func (c claim) want(steps, want string) {
	c.Helper()
	if got := c.last(steps); got != want {
		c.Fatalf("%q: %s there answers %s, want %s", c.e, steps, got, want)
	}
}

// word is an error's name, what a step found out, or what it returned.
func word(o scenario.Observation) string {
	switch {
	case o.Errno != 0 && o.Verb != "drn":
		return o.Errno.Name()
	case o.Verb == "drn" && o.Errno != 0:
		return strconv.Itoa(max(o.Ret, 0)) + " and " + o.Errno.Name()
	case o.Info != "":
		return o.Info
	default:
		return strconv.Itoa(o.Ret)
	}
}

// urgent holds that the other end has sent an urgent byte that rco has not taken.
func (c claim) urgent() {
	c.Helper()
	if !c.another("oob") {
		c.Fatalf("%q: nobody has sent one", c.e)
	}
	if got := c.polled(len(c.obs) - 1); got&scenario.Pri == 0 {
		c.Fatalf("%q: there is %v", c.e, got)
	}
}

// ends holds that nothing more comes: a receive that may wait does not have to. A datagram socket
// has no end.
func (c claim) ends() {
	c.Helper()
	if got := c.here("err,drn")[1]; !c.script.Family.IsDatagram() && got.Errno.Name() == "EAGAIN" {
		c.Fatalf("%q: no end comes: drn answers %s", c.e, word(got))
	}
}

// received is how many bytes are there: a receive takes all, but of records one, and no script
// sends as many as are asked for here.
func (c claim) received() (n int) {
	c.Helper()
	steps := "err,rcv:1048576"
	if c.script.Family == scenario.UnixSeqpacket {
		steps += strings.Repeat(",rcv:1048576", 30)
	}
	for _, o := range c.here(steps) {
		if o.Verb == "rcv" {
			n += max(o.Ret, 0)
		}
	}
	return n
}

// tcp is TCP's state there.
func (c claim) tcp(i int) string {
	c.Helper()
	if f := c.script.Family; strings.HasPrefix(f.String(), "mptcp") && !f.TCPAt(c.side) {
		return ""
	}
	state, _, _ := strings.Cut(word(c.after(i, "inf")[0]), " ")
	return strings.TrimPrefix(state, "state=")
}

// polled is what a pol for everything answers there.
func (c claim) polled(i int) scenario.Events {
	c.Helper()
	return c.after(i, "pol:in+out+rdhup+pri")[0].Events
}

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
	why.SomeData: func(c claim) { c.want("rcv:1048576", strconv.Itoa(c.e.N)) },
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
		if by := c.script.Family.ActsOn(o.Verb, o.Side).Original(); by != c.side.Original() {
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
		if p.Step == (why.Ref{}) {
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

// hold holds a claim and its parts, and tells whether they could be held. What a busy machine delivers late
// fails a check once: a claim is wrong if it fails each time.
func (c claim) hold() (held bool) {
	c.Helper()
	var wrong fault
	for range 4 {
		switch end := c.checked().(type) {
		case nil:
			return true
		case unheld:
			return false
		case fault:
			wrong = end
		}
	}
	c.reporter.Fatalf("%s", wrong)
	return false
}

// checked is what a check ends with, nil if all is as claimed.
func (c claim) checked() (end any) {
	defer func() {
		switch r := recover().(type) {
		case nil, unheld, fault:
			end = r
		default:
			panic(r)
		}
	}()
	c.check()
	return nil
}

func (c claim) check() {
	c.Helper()
	check, ok := checks[c.e.Cause]
	if !ok {
		check, ok = absences[c.e.Cause]
	}
	if !ok {
		c.Fatalf("%q: cause %d has no check", c.e, c.e.Cause)
	}
	check(c)
	if c.e.By != nil {
		by := c
		by.e = *c.e.By
		by.check()
	}
	for _, p := range c.e.Parts {
		check, ok := happened[p.Kind]
		if !ok {
			c.Fatalf("%q: kind %d has no check", c.e, p.Kind)
		}
		check(c, p)
	}
}

// find is the place of a part's step among the observations.
func (c claim) find(p why.Part) int {
	c.Helper()
	i := slices.IndexFunc(c.obs, func(o scenario.Observation) bool {
		return o.Cmd == p.Step.Cmd && o.Step == p.Step.Step && (p.Verb == "" || o.Verb == p.Verb)
	})
	if i < 0 {
		c.Fatalf("%q: there is no such step", c.e)
	}
	return i
}

// another tells whether a step of another socket was one of some verbs, with success.
func (c claim) another(verbs ...string) bool {
	return slices.ContainsFunc(c.obs, func(o scenario.Observation) bool {
		return o.Side.Original() != c.side.Original() && slices.Contains(verbs, o.Verb) && o.Errno == 0
	})
}

// hadError tells whether a step on this socket answered an error, or would now.
func (c claim) hadError(name string) bool {
	c.Helper()
	for _, o := range c.obs {
		if (o.Errno.Name() == name || o.Info == "err="+name) && (o.Verb == "con" || o.Side.Original() == c.side.Original()) {
			return true
		}
	}
	return c.last("err") == "err="+name
}

// changes holds that a step made a difference, by running the script up to before it and up to it. Where
// the step before is an implied one it cannot be left out.
func (c claim) changes(p why.Part) {
	c.Helper()
	i := c.find(p)
	if i == 0 || c.obs[i].Step == 0 || c.obs[i-1].Step == 0 || c.e.Cause == why.Closed || p.Woken {
		return
	}
	if _, open := c.obs[i-1].StateOf(c.side); !open {
		return
	}
	var seen [2]string
	for n, at := range []int{i - 1, i} {
		seen[n] = c.polled(at).String() + " " + c.tcp(at)
		for _, steps := range []string{"err,snd", "rcv"} {
			for _, o := range c.after(at, steps) {
				seen[n] += " " + word(o)
			}
		}
	}
	switch {
	case seen[0] != seen[1]:
	case c.script.Family.IsDatagram() && strings.Contains(seen[0], "EPIPE"): // the other end is shut, too
	case c.obs[i].Side.Original() == c.side.Original(): // it was not connected yet, and shows only when it is
		c.matters(i)
	default:
		c.Fatalf("%q: the step changed nothing: %s", c.e, seen[0])
	}
}

// without is the claim about the script without a step.
func (c claim) without(step why.Ref) claim {
	c.altered = true
	c.script.Commands = slices.Clone(c.script.Commands)
	cmd := &c.script.Commands[step.Cmd-1]
	cmd.Steps = slices.Clone(cmd.Steps)
	cmd.Steps[step.Step-1] = scenario.Step{Verb: "nbl"} // of no influence here
	return c
}

// matters holds that a shutdown made a difference, by leaving it out. Another one may
// have done the same.
func (c claim) matters(i int) {
	c.Helper()
	for j, o := range c.obs {
		if j != i && o.Side.Original() == c.side.Original() && strings.HasPrefix(o.Verb, "sh") {
			return
		}
	}
	o := c.obs[i]
	var seen [2]string
	for n, c := range []claim{c, c.without(why.Ref{Cmd: o.Cmd, Step: o.Step})} {
		at := len(c.obs) - 1
		seen[n] = c.polled(at).String() + " " + c.last("err,snd") + " " + c.last("rcv")
	}
	if seen[0] == seen[1] {
		c.Fatalf("%q: without the step there is %s, too", c.e, seen[1])
	}
}
