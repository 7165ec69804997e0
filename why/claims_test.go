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
	// answers are what steps after an observation have answered already.
	answers map[question][]scenario.Observation
}

// A question is a place among the observations, and the steps that are made there.
type question struct {
	i     int
	side  scenario.Side
	api   scenario.API
	steps string
}

// An unheld ends a check that could not be made: no run of the script went as the one that the
// claim is about.
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
	q := question{i, side, c.api, steps}
	if obs, ok := c.answers[q]; ok && !c.altered {
		return obs
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
	if !c.altered {
		c.answers[q] = obs
	}
	return obs
}

// run runs a script that begins as the claim's does, up to and with observation i. It may go
// otherwise, on a busy machine or with a wait, and is run again then.
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

// hold holds a claim and its parts, and tells whether they could be held. What a busy machine
// delivers late fails a check once: a claim is wrong if it fails each time.
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
			clear(c.answers)
		}
	}
	if !c.repeats() {
		return false
	}
	c.reporter.Fatalf("%s", wrong)
	return false
}

// repeats tells whether another run leaves the socket as the run did that the claim is about. On a
// busy machine that run may have been the only one of its kind.
func (c claim) repeats() bool {
	opts := brief
	opts.States = true
	o := c.obs[len(c.obs)-1]
	for range 8 {
		var obs []scenario.Observation
		_ = ops.Run(c.script.UpTo(o), opts, func(o scenario.Observation) { obs = append(obs, o) })
		if why.Same(c.obs, obs) {
			return true
		}
	}
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
	if i == 0 || c.obs[i].Step == 0 || c.obs[i-1].Step == 0 || c.e.Cause == why.Closed || p.By != "" {
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
	case c.script.Family.IsDatagram(), c.obs[i].Side.Original() == c.side.Original(): // it was not connected yet, and shows only when it is
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
		mayShut := o.Side.Original() == c.side.Original() || o.Side.Original() == c.obs[i].Side.Original()
		if j != i && mayShut && strings.HasPrefix(o.Verb, "sh") {
			return
		}
	}
	o := c.obs[i]
	var seen [2]string
	for n, c := range []claim{c, c.without(why.Ref{Cmd: o.Cmd, Step: o.Step})} {
		at := len(c.obs) - 1
		seen[n] = c.polled(at).String() + " " + c.last("err,snd") + " " + c.last("rcv") + " " + c.last("shr,pol:none")
	}
	if seen[0] == seen[1] {
		c.Fatalf("%q: without the step there is %s, too", c.e, seen[1])
	}
}
