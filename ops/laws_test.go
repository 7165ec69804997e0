package ops

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"sockprobe/scenario"
)

// The laws are those of docs/laws.md, which has for each exception below the shortest
// script and where in the kernel it comes from.

// lawFamilies are the families that the laws are held on.
var lawFamilies = []scenario.Family{
	scenario.TCP4, scenario.TCP6, scenario.Unix, scenario.MPTCP,
	scenario.UnixSeqpacket, scenario.UDP4, scenario.Socketpair,
}

var (
	ends  = []scenario.Side{scenario.Client, scenario.Server}
	three = []scenario.Side{scenario.Client, scenario.Server, scenario.Listener}

	// memoryless are the ways to ask that keep nothing between two questions.
	memoryless = []scenario.API{scenario.Poll, scenario.PPoll, scenario.Select, scenario.Epoll, scenario.Uring}

	// timed are the verbs whose answers depend on the time that they take.
	timed = []string{"wai", "blk", "slp", "drn"}
	// counters are the verbs that answer with the state of the queues: what is not yet
	// acknowledged is, a delayed acknowledgement later.
	counters = []string{"inf", "que"}
)

// hold holds a law on random scripts of each family: two for each of -rapid.checks, and fewer on MPTCP, which
// settles before each step.
func hold(t *testing.T, law func(t *rapid.T, family scenario.Family)) {
	asked, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		asked /= 5
	}
	for _, family := range lawFamilies {
		t.Run(family.String(), func(t *testing.T) {
			if lack, lacks := Lacks(Run(scenario.Script{Family: family}, quickly, func(scenario.Observation) {})); lacks {
				t.Skip(lack)
			}
			n := 2 * asked
			if family == scenario.MPTCP {
				n = max(2, asked/20)
			}
			check(t, n, func(t *rapid.T) { law(t, family) })
		})
	}
}

// holds fails a test with the fault that find finds, if it does so each of several times: an
// answer that depends on timing breaks no law.
func holds(t *rapid.T, find func() string) {
	var fault string
	for range 10 {
		if fault = find(); fault == "" {
			return
		}
	}
	t.Fatal(fault)
}

// started draws a script's beginning, with its sides connected or not, and the moves after it.
func started(t *rapid.T, family scenario.Family, moves *rapid.Generator[[]move]) []move {
	var script []move
	if !rapid.Bool().Draw(t, "unconnected") {
		script = connecting(family, false)
	}
	return append(script, moves.Draw(t, "moves")...)
}

// mask is what a pol or wai without a registration asks for.
func (m move) mask() scenario.Events {
	mask := scenario.Interest
	switch {
	case m.step.Verb == "wai" && m.step.Arg.Mask == 0:
		mask = scenario.Awaited
	case m.step.Arg.Given():
		mask = m.step.Arg.Mask
	}
	if m.api == scenario.Select && m.asks() {
		mask = mask.InSelect()
	}
	return mask
}

// asks tells whether a move asks for readiness.
func (m move) asks() bool { return m.step.Verb == "pol" || m.step.Verb == "wai" }

func isTCP(f scenario.Family) bool { return f == scenario.TCP4 || f == scenario.TCP6 }

// overTCP tells whether a family's bytes go over TCP, by whichever name.
func overTCP(f scenario.Family) bool { return isTCP(f) || f == scenario.MPTCP }

// TestLawAsking: a question changes nothing later.
func TestLawAsking(t *testing.T) {
	moves := vocabulary{
		sides: three, apis: []scenario.API{scenario.Poll, scenario.EpollET, scenario.Epoll},
		verbs: allVerbs(append(timed, "inf")...), most: 12,
	}.moves()
	hold(t, func(t *rapid.T, family scenario.Family) {
		script := started(t, family, moves)
		at := rapid.IntRange(0, len(script)).Draw(t, "at")
		extra := question(rapid.SampledFrom(three).Draw(t, "side"), rapid.SampledFrom(memoryless).Draw(t, "api"), "pol")
		longer := slices.Insert(slices.Clone(script), at, extra)
		holds(t, func() string {
			without := outcomes(t, family, script)
			with := slices.Delete(outcomes(t, family, longer), at, at+1)
			for i, m := range script {
				if with[i] == without[i] || edgeForTheAsking(family, m, without[i], with[i]) || roomForTheAsking(family, m, without[i], with[i]) {
					continue
				}
				return fmt.Sprintf("%s\n%s\nmove %d: %v, with the question %v", written(family, script), written(family, longer), i+1, without[i], with[i])
			}
			return ""
		})
	})
}

// edgeForTheAsking: a question that finds a TCP socket without room to send asks to be told
// (SOCK_NOSPACE), which an edge-triggered registration is, too.
func edgeForTheAsking(family scenario.Family, m move, without, with outcome) bool {
	return isTCP(family) && m.api == scenario.EpollET && m.step.Verb == "pol" && with.events == without.events|scenario.Out
}

// roomForTheAsking: that wake may make the send buffer larger, too (tcp_new_space). From
// 4096 on, goldens do not count bytes either.
func roomForTheAsking(family scenario.Family, m move, without, with outcome) bool {
	const many = 4096
	if !overTCP(family) || without.errno != with.errno || without.events != with.events {
		return false
	}
	return m.step.Verb == "que" || without.ret >= many && with.ret >= many
}

// TestLawAgreement: the ways to ask that keep nothing agree.
func TestLawAgreement(t *testing.T) {
	moves := vocabulary{
		sides: three, apis: []scenario.API{scenario.Poll},
		verbs: allVerbs(slices.Concat(timed, counters, []string{"add", "mod", "del"})...), most: 12,
	}.moves()
	hold(t, func(t *rapid.T, family scenario.Family) {
		script := started(t, family, moves)
		api := rapid.SampledFrom(memoryless[1:]).Draw(t, "api")
		other := slices.Clone(script)
		for i := range other {
			other[i].api = api
		}
		holds(t, func() string {
			byPoll, got := outcomes(t, family, script), outcomes(t, family, other)
			for i, m := range script {
				want := byPoll[i]
				if m.step.Verb == "pol" {
					if api == scenario.Select && selectAsksMore(m) {
						continue
					}
					want = asBy(api, want, m.mask(), got[i])
				}
				if want != got[i] {
					return fmt.Sprintf("%s\nmove %d: poll %v, and so %v: %v", written(family, other), i+1, byPoll[i], want, got[i])
				}
			}
			return ""
		})
	})
}

// asBy is what another way to ask answers where poll answers p.
func asBy(api scenario.API, p outcome, mask scenario.Events, got outcome) outcome {
	none := p == outcome{} && got == outcome{ret: -1, errno: ebadf}
	switch {
	case api == scenario.PPoll:
	case api == scenario.Select && mask.InSelect() == 0 && !none:
		return outcome{} // in none of its sets, it is not even looked at
	case p.events&scenario.Nval != 0, none:
		// What poll calls NVAL is an error of all others, and a number below 0, for a
		// side that has no descriptor yet, which poll passes over (poll(2)), too.
		return outcome{ret: -1, errno: ebadf}
	case api == scenario.Select:
		p.events = p.events.AsSelect(mask)
		p.ret = len(p.events.Names()) // in how many sets it is
	case api == scenario.Uring:
		// It adds RDHUP to every mask.
		p.events |= got.events & scenario.RDHup &^ mask
		if p.events != 0 {
			p.ret = 1
		}
	}
	return p
}

// selectAsksMore: a set of select counts events that this question does not ask poll for.
func selectAsksMore(m move) bool {
	mask := scenario.Interest
	if m.step.Arg.Given() {
		mask = m.step.Arg.Mask
	}
	const in, out = scenario.In | scenario.RdNorm, scenario.Out | scenario.WrNorm
	return mask&scenario.RdBand != 0 && mask&in == 0 || mask&scenario.WrBand != 0 && mask&out == 0
}

// TestLawSymmetry: what c and s have been through makes the difference between them, not who called.
func TestLawSymmetry(t *testing.T) {
	moves := vocabulary{
		sides: ends, apis: []scenario.API{scenario.Poll, scenario.EpollET},
		verbs: allVerbs(slices.Concat(timed, []string{"con", "acc", "lis"})...), most: 12,
	}.moves()
	hold(t, func(t *rapid.T, family scenario.Family) {
		script := moves.Draw(t, "moves")
		mirrored := slices.Clone(script)
		for i := range mirrored {
			mirrored[i].side = mirrored[i].side.Peer()
		}
		begin := connecting(family, false)
		holds(t, func() string {
			one := outcomes(t, family, slices.Concat(begin, script))[len(begin):]
			two := outcomes(t, family, slices.Concat(begin, mirrored))[len(begin):]
			for i, m := range script {
				if heldBack(family, m) || resetEarly(family, script[:i+1], one) {
					break
				}
				if two[i].opened != 0 { // a copy, of the other side
					two[i].opened = m.side.Copy()
				}
				if one[i] == two[i] || sizesDiffer(family, m, one[i], two[i]) {
					continue
				}
				return fmt.Sprintf("%s\n%s\nmove %d: %v, swapped %v", written(family, slices.Concat(begin, script)),
					written(family, slices.Concat(begin, mirrored)), len(begin)+i+1, one[i], two[i])
			}
			return ""
		})
	})
}

// heldBack: what a client of TCP holds back goes out with the answer to the first data, and what its
// server does, does not.
func heldBack(family scenario.Family, m move) bool {
	return isTCP(family) && (m.step.Verb == "mor" || m.step.Arg.Name == "CORK")
}

// resetEarly: a client of MPTCP that is reset before the server has sent it anything has
// no end of the data to read.
func resetEarly(family scenario.Family, script []move, answers []outcome) bool {
	last := script[len(script)-1]
	if family != scenario.MPTCP || !slices.Contains([]string{"dis", "lin", "clo"}, last.step.Verb) {
		return false
	}
	sent := map[scenario.Side]bool{}
	for i, m := range script {
		if sends(m) && answers[i].ret > 0 {
			sent[m.side] = true
		}
	}
	return !sent[scenario.Client] || !sent[scenario.Server]
}

// sends tells whether a move sends, which may bring an error about.
func sends(m move) bool { return slices.Contains([]string{"snd", "mor", "oob", "fil"}, m.step.Verb) }

// sizesDiffer: the buffers of the two ends of a TCP connection, MPTCP's among them, differ in their sizes.
func sizesDiffer(family scenario.Family, m move, one, two outcome) bool {
	if !overTCP(family) {
		return false
	}
	if slices.Contains(counters, m.step.Verb) {
		return one.errno == two.errno
	}
	return one.ret > 0 && two.ret > 0 && one.errno == two.errno && one.events == two.events
}

// TestLawError: a pending error is what ERR says, and is reported once.
func TestLawError(t *testing.T) {
	moves := vocabulary{sides: three, apis: []scenario.API{scenario.Poll}, verbs: allVerbs(timed...), most: 12}.moves()
	takers := rapid.SampledFrom([]string{"rcv", "snd", "pek", "err", "rcv:0", "snd:0", "mor", "rco", "oob"})
	hold(t, func(t *rapid.T, family scenario.Family) {
		script := started(t, family, moves)
		side, taker := rapid.SampledFrom(three).Draw(t, "side"), takers.Draw(t, "taker")
		n := len(script)
		looked := append(slices.Clone(script), question(side, 0, "pol"), question(side, 0, "err"))
		taken := append(slices.Clone(script), question(side, 0, taker), question(side, 0, "err"), question(side, 0, "pol"), question(side, 0, "err"))
		holds(t, func() string {
			before, after := outcomes(t, family, looked)[n:], outcomes(t, family, taken)[n:]
			fault := func(what string) string {
				return fmt.Sprintf("%s\n%s %v\n%s %v", what, written(family, looked), before, written(family, taken), after)
			}
			pending, ok := before[1].pending()
			if !ok { // no open socket
				return ""
			}
			shown := before[0].events&scenario.Err != 0
			if shown != (pending != 0) && (!isTCP(family) || !listens(script, side)) {
				return fault("ERR and the pending error differ")
			}
			if again, _ := after[3].pending(); again != 0 || after[2].events&scenario.Err != 0 {
				return fault("an error is still pending after err")
			}
			left, _ := after[1].pending()
			took := after[0].errno
			if taker == "err" {
				took, _ = after[0].pending()
			}
			switch {
			case pending == 0 && left != 0 && !sends(taken[n]):
				return fault("an error that was not there")
			case pending != 0 && took == pending && left == pending:
				return fault("reported twice")
			case pending != 0 && took != pending && left != pending:
				return fault("not reported")
			}
			return ""
		})
	})
}

// pending is the error that an err has taken.
func (o outcome) pending() (scenario.Errno, bool) {
	if o.errno != 0 {
		return 0, false
	}
	name := o.info[len("err="):]
	if name == "0" {
		return 0, true
	}
	e, ok := scenario.ErrnoNamed(name)
	return e, ok
}

// listens: a listener of TCP is asked for pending connections only, so that its error is not seen.
func listens(script []move, side scenario.Side) bool {
	return side == scenario.Listener || slices.ContainsFunc(script, func(m move) bool { return m.side == side && m.step.Verb == "lis" })
}

// TestLawReadable: IN is there until somebody takes what it stands for.
func TestLawReadable(t *testing.T) {
	moves := vocabulary{sides: three, apis: []scenario.API{scenario.Poll}, verbs: allVerbs(append(timed, counters...)...), most: 12}.moves()
	hold(t, func(t *rapid.T, family scenario.Family) {
		script := started(t, family, moves)
		var asking []move
		for _, m := range script {
			asking = append(asking, m)
			for _, side := range three {
				asking = append(asking, question(side, 0, "pol"))
			}
		}
		const each = 1 + 3
		holds(t, func() string {
			out := outcomes(t, family, asking)
			for i := 1; i < len(script); i++ {
				for j, side := range three {
					before, after := out[(i-1)*each+1+j], out[i*each+1+j]
					if before.events&scenario.In == 0 || after.events&scenario.In != 0 || takesIn(family, script[:i+1], side, out[i*each]) {
						continue
					}
					return fmt.Sprintf("%s\nmove %d (-%v %v): %v, then -%v pol: %v", written(family, script[:i+1]), i+1, script[i].side, script[i].step, before, side, after)
				}
			}
			return ""
		})
	})
}

// takesIn tells whether a move may take IN from a side.
func takesIn(family scenario.Family, script []move, side scenario.Side, answer outcome) bool {
	m := script[len(script)-1]
	switch m.step.Verb {
	case "rcv", "dis", "clo":
		return m.side == side
	case "rco": // UDP and MPTCP have no urgent data, and receive all the same
		return m.side == side && (family == scenario.UDP4 || family == scenario.MPTCP)
	case "acc": // whichever side it is written for
		return side == scenario.Listener
	}
	switch {
	case m.step.Verb == "con": // it tells of the reset that an earlier one has met
		return overTCP(family) && side == scenario.Client && answer.errno != 0
	case m.side != side:
		return false
	case slices.Contains([]string{"shr", "shb", "lis"}, m.step.Verb): // a listener loses what has not been accepted
		return overTCP(family) && listens(script, side)
	}
	return overTCP(family) && m.step.Arg.Name == "RCVLOWAT" || isTCP(family) && m.step.Arg.Name == "OOBINLINE"
}

// TestLawMask: events are those asked for, beside ERR, HUP and NVAL.
func TestLawMask(t *testing.T) {
	moves := vocabulary{sides: three, apis: scenario.EachAPI(), verbs: allVerbs("blk", "slp", "drn"), most: 12}.moves()
	hold(t, func(t *rapid.T, family scenario.Family) {
		script := started(t, family, moves)
		holds(t, func() string {
			var kept registrations
			for i, o := range outcomes(t, family, script) {
				m := script[i]
				mask := kept.follow(m, o)
				if !m.asks() {
					continue
				}
				if m.step.Verb == "wai" { // what it waits with may be modified meanwhile
					for _, n := range script[i+1:] {
						if n.side == m.side && triggerOf(n.api) == triggerOf(m.api) {
							mask |= n.mask()
						}
					}
				}
				extra := o.events &^ (mask | scenario.Err | scenario.Hup | scenario.Nval)
				if m.api == scenario.Uring {
					extra &^= scenario.RDHup // which it adds to every mask
				}
				if extra != 0 {
					return fmt.Sprintf("%s\nmove %d: %v, beyond %v", written(family, script), i+1, o, mask)
				}
			}
			return ""
		})
	})
}

// registrations are the masks that epoll has been given.
type registrations map[registrationKey]scenario.Events

type registrationKey struct {
	side scenario.Side
	trigger
}

// follow takes in a move and gives the mask that it asks for.
func (r *registrations) follow(m move, o outcome) scenario.Events {
	if *r == nil {
		*r = registrations{}
	}
	key := registrationKey{m.side, triggerOf(m.api)}
	mask := m.mask()
	kept, made := (*r)[key]
	switch m.step.Verb {
	case "add", "mod":
		if o.errno == 0 {
			(*r)[key] = mask
		}
	case "del":
		if o.errno == 0 {
			delete(*r, key)
		}
	case "pol", "wai":
		switch m.api {
		case scenario.Epoll, scenario.EpollET, scenario.EpollOneshot:
		default:
			return mask
		}
		inWords := m.step.Arg.Mask != 0 || m.step.Verb == "pol" && m.step.Arg.Given()
		switch {
		case made && !inWords:
			return kept
		case o.errno == 0 && (made || key.flag != 0):
			(*r)[key] = mask
		}
	}
	return mask
}
