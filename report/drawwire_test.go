package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sockprobe/ops"
	"sockprobe/scenario"
)

// wireWords are what the scripts of TestWires are made of.
var wireWords = []string{
	"snd", "snd", "snd", "snd", "snd", "snd", "snd:700", "snd:0", "rcv", "rcv", "rcv", "rcv:1", "rcv:400", "pek", "drn",
	"clo", "clo", "shw", "shr", "shb", "con:nb", "con", "acc", "dis", "lin", "dup", "oob", "rco", "mor", "err", "fil", "lis:0", "lis",
	"opt:OOBINLINE=1", "opt:CORK=1", "opt:CORK=0", "opt:RCVBUF=2000", "opt:LINGER2=-1", "opt:DEFER_ACCEPT=5", "opt:NODELAY=1", "opt:QUICKACK=0",
}

// talkWords are what two ends say that are connected, before one of them closes.
var talkWords = []string{
	"snd", "snd", "snd", "rcv", "rcv", "rcv", "rcv:1", "rcv:400", "pek", "drn", "oob", "rco", "mor", "shr", "shw", "lin", "opt:CORK=1", "opt:RCVBUF=2000",
}

// drawWireScript makes a script of a family: anything, or a talk that ends with closes.
func drawWireScript(t *rapid.T, family scenario.Family) scenario.Script {
	line := []string{"--family", family.String()}
	if rapid.Bool().Draw(t, "talks") {
		for i := range rapid.IntRange(1, 6).Draw(t, "turns") {
			steps := rapid.SliceOfN(rapid.SampledFrom(talkWords), 1, 3).Draw(t, "steps")
			line = append(line, []string{"-c", "-s"}[i%2], strings.Join(steps, ","))
		}
		closing := rapid.SampledFrom([]string{"-s clo", "-c clo", "-s shb,clo -c clo", "-c clo -s clo", "-s clo -c snd,clo"}).Draw(t, "closing")
		return parseWireScript(t, append(line, strings.Fields(closing)...))
	}
	sides := []string{"c", "s", "c", "s", "c", "s", "C", "S"}
	if family.HasListener() {
		sides = append(sides, "l")
	}
	if rapid.IntRange(0, 5).Draw(t, "second") == 0 {
		sides = append(sides, "d", "t")
	}
	if rapid.IntRange(0, 4).Draw(t, "explicit") == 0 {
		line = append(line, "-n")
	}
	for range rapid.IntRange(1, 8).Draw(t, "commands") {
		side := rapid.SampledFrom(sides).Draw(t, "side")
		steps := strings.Join(rapid.SliceOfN(rapid.SampledFrom(wireWords), 1, 4).Draw(t, "steps"), ",")
		if lower := strings.ToLower(side); side != lower {
			line = append(line, "-"+lower, "dup")
		}
		line = append(line, "-"+side, steps)
	}
	return parseWireScript(t, line)
}

func parseWireScript(t *rapid.T, line []string) scenario.Script {
	script, err := scenario.Parse(line, ops.Verbs())
	if err != nil {
		t.Fatal(err)
	}
	return script
}

// A wireCount is how many closes have reset a connection, and how many of them were drawn so.
type wireCount struct{ resets, drawn int }

// TestWires holds arrows of random scripts against what the kernel says of the other end.
func TestWires(t *testing.T) {
	for _, family := range []scenario.Family{scenario.TCP4, scenario.TCP6, scenario.MPTCP, scenario.MPTCPListener, scenario.Unix, scenario.UnixSeqpacket, scenario.Socketpair} {
		t.Run(family.String(), func(t *testing.T) {
			if lack, lacks := ops.Lacks(ops.Run(scenario.Script{Family: family}, ops.Options{}, func(scenario.Observation) {})); lacks {
				t.Skip(lack)
			}
			var n wireCount
			if family == scenario.MPTCP { // each step waits until it has settled
				scripts := rapid.Custom(func(t *rapid.T) scenario.Script { return drawWireScript(t, family) })
				for seed := range 10 {
					n.hold(t, scripts.Example(seed))
				}
			} else {
				rapid.Check(t, func(t *rapid.T) { n.hold(t, drawWireScript(t, family)) })
			}
			t.Logf("%d of %d closes that reset are drawn as such", n.drawn, n.resets)
			if n.resets > 50 && n.drawn*2 < n.resets {
				t.Error("that is less than half")
			}
		})
	}
}

// TestCatalogueWires holds the arrows of the catalogue's scripts.
func TestCatalogueWires(t *testing.T) {
	paths, err := filepath.Glob("../testdata/golden/*.probe")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	var n wireCount
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := scenario.ParseFile(filepath.Base(path), data, ops.Verbs())
		if err != nil {
			t.Fatal(err)
		}
		n.hold(t, file.Script.With(scenario.Poll))
	}
	t.Logf("%d of %d closes that reset are drawn as such", n.drawn, n.resets)
}

// hold runs a script and holds its arrows. On a busy machine the kernel may deliver a segment after
// the step that sent it. So what does not hold at once is run again, and looked at when it has settled.
func (n *wireCount) hold(t rapid.TB, script scenario.Script) {
	for _, settle := range []time.Duration{ops.SettleAuto, 5 * time.Millisecond, 50 * time.Millisecond} {
		once := *n
		fault := once.run(t, script, settle)
		if fault == "" {
			*n = once
			return
		}
		if settle == 50*time.Millisecond {
			t.Fatalf("%s: %s", script, fault)
		}
	}
}

// run runs a script and gives what does not hold.
func (n *wireCount) run(t rapid.TB, script scenario.Script, settle time.Duration) (fault string) {
	var obs []scenario.Observation
	opts := ops.Options{Timeout: time.Millisecond + max(settle, 0), Settle: settle, States: true}
	err := ops.Run(script, opts, func(o scenario.Observation) { obs = append(obs, o) })
	if _, lacks := ops.Lacks(err); lacks {
		return ""
	}
	if err != nil && !errors.Is(err, ops.ErrNoServer) {
		t.Fatalf("%s: %v", script, err)
	}
	tally := &scenario.Tally{}
	tally.Add(obs)
	w := wires{script: script, obs: obs, late: settle > 0, count: n, connected: map[*link]bool{}, ended: map[*link]bool{}}
	for _, c := range follow(script, tally) {
		if c.wire == nil {
			continue
		}
		if fault := w.fault(c); fault != "" {
			return fmt.Sprintf("#%d.%d %s: %s", c.Cmd, c.Step, c.wire.label.text, fault)
		}
	}
	return ""
}

// wires are the arrows of one script.
type wires struct {
	script           scenario.Script
	obs              []scenario.Observation
	late             bool // what a step has done may be seen after the next one
	count            *wireCount
	connected, ended map[*link]bool
}

// fault tells what is wrong with an arrow.
func (w *wires) fault(c call) string {
	l, label := c.wire.link, c.wire.label.text
	switch {
	case !w.script.Family.HasListener() || l.client == 0:
	case c.wire.connects && w.connected[l]:
		return "the connection had begun"
	case !c.wire.connects && !w.connected[l]:
		return "no connection had begun"
	case c.wire.connects:
		w.connected[l] = true
	}
	if w.ended[l] {
		return "the connection has been reset"
	}
	i := slices.IndexFunc(w.obs, func(o scenario.Observation) bool {
		return o.Cmd == c.Cmd && o.Step == c.Step && o.Verb == c.Verb && o.Side == c.Side && o.Opened == c.Opened
	})
	ended, news := w.peer(i, l.other(c.wire.from))
	resets := c.wire.label.ink == alarming
	w.ended[l] = resets
	switch {
	case resets && !ended:
		return fmt.Sprintf("the other end has no error: %+v", w.obs[i].States)
	case label == "FIN" && news && !w.holdsBack():
		return fmt.Sprintf("the other end has an error: %+v", w.obs[i].States)
	case c.Verb != "clo" || c.side == scenario.Listener || !news:
		return ""
	case !resets && w.mustEnd(i, c):
		return fmt.Sprintf("the other end has an error: %+v", w.obs[i].States)
	}
	w.count.resets++
	if resets {
		w.count.drawn++
	}
	return ""
}

// peer tells whether a side's connection is reset after a step, and whether that is new. Of a
// closed side nothing is known. A server that has not been accepted is looked at when it is.
func (w *wires) peer(i int, side scenario.Side) (ended, news bool) {
	if side == scenario.Listener || side == 0 {
		return true, false
	}
	is := func(s scenario.State) bool {
		if s.TCP != "" {
			return s.TCP == "CLOSE"
		}
		return s.Ready&scenario.Hup != 0
	}
	before, open := scenario.State{}, false
	if i > 0 {
		before, open = w.obs[i-1].StateOf(side)
	}
	for j, o := range w.obs[i:] {
		s, there := o.StateOf(side)
		switch {
		case there && !is(s) && w.late && j == 0 && i+1 < len(w.obs):
		case there:
			return is(s), open && is(s) && !is(before) && s.Ready&scenario.Err != 0
		case open:
			return true, false
		}
	}
	return true, false
}

// holdsBack tells whether data may have come with a FIN that were held back until then.
func (w *wires) holdsBack() bool {
	return slices.ContainsFunc([]string{"mor", "fil", "opt", "snd"}, w.script.Does)
}

// mustEnd tells whether a close could not but send a FIN.
func (w *wires) mustEnd(i int, c call) bool {
	s, open := w.obs[i-1].StateOf(c.side)
	return open && s.Unread == 0 && !w.holdsBack() && !w.script.Does("lin") && !w.script.Does("oob")
}
