package ops

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"sockprobe/internal/effort"
	"sockprobe/scenario"
)

// everyFamily is each family that there is.
func everyFamily() []scenario.Family {
	var families []scenario.Family
	for _, name := range scenario.FamilyNames() {
		f, _ := scenario.FamilyNamed(name)
		families = append(families, f)
	}
	return families
}

// everySide is each side, copies included.
func everySide() []scenario.Side {
	sides := []scenario.Side{scenario.Client, scenario.Server, scenario.Listener, scenario.Client2, scenario.Server2}
	for _, s := range sides[:5:5] {
		sides = append(sides, s.Copy())
	}
	return sides
}

// footprint is what a process holds of the system.
type footprint struct {
	descriptors, threads int
	heap, resident       int // bytes
}

func measure(t *testing.T) footprint {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	f := footprint{descriptors: openDescriptors(t)}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		switch name {
		case "Threads":
			f.threads = n
		case "VmRSS":
			f.resident = n << 10
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.heap = int(m.HeapAlloc)
	return f
}

// TestSoak runs random scripts of all verbs, sides, families and ways to ask in one process, and holds
// that each ends, with answers that a kernel can give, and that nothing is left of them.
// SOCKPROBE_SOAK says how many; "make soak-scripts" runs 100,000.
func TestSoak(t *testing.T) {
	total := effort.Of(600, 2500)
	if n, err := strconv.Atoi(os.Getenv("SOCKPROBE_SOAK")); err == nil {
		total = n
	}
	moves := vocabulary{sides: everySide(), apis: scenario.EachAPI(), verbs: allVerbs(), most: 12}.moves()
	families := everyFamily()

	ran, steps := 0, 0
	var first footprint
	var slowest time.Duration
	before := measure(t)
	script := func(t *rapid.T) {
		family := rapid.SampledFrom(families).Draw(t, "family")
		var begin []move
		explicit := rapid.Bool().Draw(t, "explicit")
		if explicit {
			begin = connecting(family, rapid.Bool().Draw(t, "second"))
		}
		script := grouped(family, explicit, append(begin, moves.Draw(t, "moves")...))
		start := time.Now()
		if err := runSanely(script); err != nil {
			t.Fatalf("%s\n%v", script, err)
		}
		if open := openDescriptors(t); open != before.descriptors {
			n := before.descriptors
			before.descriptors = open // for the scripts that this one is shrunk to
			t.Fatalf("%s\n%d descriptors before, %d after", script, n, open)
		}
		slowest = max(slowest, time.Since(start))
		ran++
		for _, c := range script.Commands {
			steps += len(c.Steps)
		}
	}
	// A tenth first, whose footprint the others' is held against.
	for _, part := range []int{total / 10, total - total/10} {
		check(t, part, script)
		if first == (footprint{}) {
			first = measure(t)
		}
	}
	last := measure(t)
	t.Logf("%d scripts of %d steps, the slowest %v; before %+v, after a tenth %+v, at the end %+v", ran, steps, slowest, before, first, last)
	switch {
	case last.threads > 64:
		t.Errorf("%d threads", last.threads)
	case last.heap > first.heap+1<<20:
		t.Errorf("the heap has grown from %d to %d bytes", first.heap, last.heap)
	case last.resident > first.resident+32<<20 && last.resident > 2*first.resident:
		t.Errorf("the resident memory has grown from %d to %d bytes", first.resident, last.resident)
	}
}

// FuzzScripts runs whatever is a script, with the same checks as TestSoak.
func FuzzScripts(f *testing.F) {
	const dir = "../testdata/golden"
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(dir + "/" + e.Name())
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range txtar.Parse(data).Files {
			if section.Name == "script" {
				f.Add(string(bytes.TrimSpace(section.Data)))
			}
		}
	}
	f.Fuzz(func(t *testing.T, in string) {
		script, err := scenario.Parse(strings.Fields(in), Verbs())
		if err != nil || !tame(&script) {
			t.Skip()
		}
		if err := runSanely(script); err != nil {
			t.Fatalf("%s\n%v", script, err)
		}
	})
}

// tame bounds what a script waits, sends and holds. A script that is too long cannot be tamed.
func tame(script *scenario.Script) bool {
	const (
		mostSteps  = 24
		mostWait   = int64(2 * time.Millisecond)
		mostBuffer = 1 << 20
		leastFill  = 1 << 10 // bytes of a send of fil: it makes up to 16 MiB of them
	)
	steps := 0
	*script = script.With(scenario.Poll)
	for _, c := range script.Commands {
		if steps += len(c.Steps); steps > mostSteps {
			return false
		}
		for i := range c.Steps {
			switch arg := &c.Steps[i].Arg; c.Steps[i].Verb {
			case "wai", "blk", "slp":
				arg.N = min(arg.N, mostWait)
			case "opt":
				arg.N = min(arg.N, mostBuffer)
			case "fil":
				if arg.Given() {
					arg.N = max(arg.N, leastFill)
				}
			}
		}
	}
	return true
}
