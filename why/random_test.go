package why_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sockprobe/internal/effort"
	"sockprobe/ops"
	"sockprobe/scenario"
	"sockprobe/why"
)

// A count is how many bits were explained, and how many were not.
type count struct {
	bits, unknown int
	unheld        int // claims that no other run gave the chance to check
	causes        map[why.Cause]int
	scripts       map[string]string // with something unknown, and what
}

// holdScript runs a script and holds every explanation of it.
func (n *count) holdScript(t reporter, line string) {
	t.Helper()
	script, err := scenario.Parse(strings.Fields(line), ops.Verbs())
	if err != nil {
		t.Fatalf("%v", err)
	}
	var obs []scenario.Observation
	opts := brief
	opts.States = true
	err = ops.Run(script, opts, func(o scenario.Observation) { obs = append(obs, o) })
	if err != nil && !errors.Is(err, ops.ErrNoServer) {
		t.Fatalf("%v", err)
	}
	answers := map[question][]scenario.Observation{}
	for i, o := range obs {
		if !o.Polled {
			continue
		}
		seen := obs[:i+1]
		explained := why.Explain(script, seen, ops.Twins(script, opts, seen, why.All), why.All)
		var set, absent scenario.Events
		single := 0
		for _, e := range explained {
			if e.Absent {
				absent |= e.Bit
			} else {
				set |= e.Bit
				single++
			}
			n.add(line, o, e)
			side := o.Side // or its copy, which epoll may still tell of
			if s, open := o.StateOf(side); open && e.Cause != why.Closed {
				side = s.Side
			}
			if !(claim{reporter: t, script: script, obs: seen, side: side, e: e, answers: answers}).hold() {
				n.unheld++
			}
		}
		if o.Ret > 0 && set != o.Events || single != bits.OnesCount32(uint32(set)) {
			t.Fatalf("%s: %v is explained by %v", line, o.Events, explained)
		}
		cmd := script.Commands[o.Cmd-1]
		asked := scenario.MaskOf(o.Verb, cmd.Steps[o.Step-1].Arg) | scenario.Err | scenario.Hup
		if cmd.API == scenario.Poll && o.Errno == 0 && o.Events != scenario.Nval && absent != asked&^o.Events {
			t.Fatalf("%s: %v is explained by %v", line, asked&^o.Events, explained)
		}
	}
}

func (n *count) add(line string, o scenario.Observation, e why.Explanation) {
	count := bits.OnesCount32(uint32(e.Bit))
	n.bits += count
	n.causes[e.Cause] += count
	if !e.Known() {
		n.unknown += count
		n.scripts[line] += fmt.Sprintf("; #%d.%d %s", o.Cmd, o.Step, e)
	}
}

func newCount() *count { return &count{causes: map[why.Cause]int{}, scripts: map[string]string{}} }

// words are what random scripts are made of. What takes long is rare.
var words = []string{
	"snd", "snd", "snd:20", "snd:0", "rcv", "rcv", "pek", "shr", "shw", "shw", "shb", "lin", "clo", "err", "con:nb", "dis",
	"oob", "rco", "drn", "opt:RCVLOWAT=5", "opt:OOBINLINE=1", "opt:SNDBUF=4608", "mor", "lis:0", "dup",
	"opt:NOTSENT_LOWAT=1000", "fil", "mod", "mod:in", "add", "del", "wai:10ms", "wai:10ms/pri", "blk:10ms", "slp:25ms",
}

// drawScript makes a script of a family.
func drawScript(t *rapid.T, family scenario.Family) string {
	sides := []string{"c", "s", "c", "s"}
	if family.HasListener() {
		sides = append(sides, "l")
	}
	if rapid.IntRange(0, 5).Draw(t, "second") == 0 {
		sides = append(sides, "d", "t")
	}
	line := []string{"--family", family.String()}
	if rapid.IntRange(0, 5).Draw(t, "explicit") == 0 {
		line = append(line, "-n")
	}
	for range rapid.IntRange(1, 6).Draw(t, "commands") {
		switch rapid.IntRange(0, 15).Draw(t, "api") {
		case 0:
			line = append(line, "--api", "select")
		case 1:
			line = append(line, "--api", "epoll-et")
		case 2:
			line = append(line, "--api", "epoll-oneshot")
		case 3:
			line = append(line, "-e")
		case 4, 5:
			line = append(line, "--api", "poll")
		}
		steps := rapid.SliceOfN(rapid.SampledFrom(words), 1, 3).Draw(t, "steps")
		if rapid.IntRange(0, 3).Draw(t, "asks") != 0 {
			steps = append(steps, "pol")
		}
		line = append(line, "-"+rapid.SampledFrom(sides).Draw(t, "side"), strings.Join(steps, ","))
	}
	side := rapid.SampledFrom(sides).Draw(t, "asked")
	return strings.Join(append(line, "-"+side, rapid.SampledFrom([]string{"pol", "pol", "pol:0x2347"}).Draw(t, "pol")), " ")
}

// limitChecks sets the number of random scripts unless -rapid.checks is given, as each is run again
// for each of its claims. "make soak-why" runs thousands.
func limitChecks(t *testing.T, scripts int) {
	t.Helper()
	const checks = "rapid.checks"
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == checks })
	if given {
		return
	}
	if err := flag.Lookup(checks).Value.Set(strconv.Itoa(scripts)); err != nil { // flag.Set would make it one that was given
		t.Fatal(err)
	}
}

// TestRandomScripts holds every explanation of random scripts against what the kernel
// answers to those who ask, and counts what remains unknown.
func TestRandomScripts(t *testing.T) {
	tests := []struct {
		family      scenario.Family
		plain, long int     // scripts unless -rapid.checks says otherwise
		unknown     float64 // the most, in percent of bits
	}{
		{scenario.TCP4, 3, 40, 5},
		{scenario.TCP6, 3, 40, 5},
		{scenario.Unix, 3, 40, 5},
		{scenario.UnixSeqpacket, 3, 40, 8},
		{scenario.Socketpair, 3, 40, 5},
		{scenario.UDP4, 3, 40, 5},
		{scenario.UDP6, 3, 40, 5},
		{scenario.UnixDgram, 3, 40, 8},
		{scenario.MPTCPListener, 3, 40, 8},
		{scenario.MPTCP, 1, 5, 8},
	}
	total := newCount()
	for _, tt := range tests {
		t.Run(tt.family.String(), func(t *testing.T) {
			if lack, lacks := ops.Lacks(ops.Run(scenario.Script{Family: tt.family}, brief, func(scenario.Observation) {})); lacks {
				t.Skip(lack)
			}
			limitChecks(t, effort.Of(tt.plain, tt.long))
			n := newCount()
			rapid.Check(t, func(t *rapid.T) { n.holdScript(t, drawScript(t, tt.family)) })
			n.judge(t, tt.unknown)
			total.bits += n.bits
			total.unknown += n.unknown
			total.unheld += n.unheld
			for _, line := range slices.Sorted(maps.Keys(n.scripts)) {
				t.Log(line + n.scripts[line])
			}
		})
	}
	total.judge(t, 10) // a plain run has so few that one script counts for much
}

// judge holds that no more than some percent of the bits are unknown. Of few bits, one is much.
func (n *count) judge(t *testing.T, most float64) {
	t.Helper()
	percent := 100 * float64(n.unknown) / float64(max(n.bits, 1))
	t.Logf("%d of %d bits are unknown (%.2f %%), %d could not be checked", n.unknown, n.bits, percent, n.unheld)
	if percent > most && n.bits > 200 {
		t.Errorf("that is more than %v %%", most)
	}
}
