package main

import (
	"os/exec"
	"strings"
	"testing"

	"sockprobe/internal/effort"
)

// TestLongScriptKeepsItsNumbers runs long enough for the garbage collector's
// scavenger to set a timer, which brings up the runtime's poller if nobody has.
// Its descriptors must not get the number of the closed client. It needs a
// process of its own, as this one's poller is up.
func TestLongScriptKeepsItsNumbers(t *testing.T) {
	effort.Same(t)
	if testing.Short() {
		t.Skip("-short: one goroutine does all of this: there is no race to find")
	}
	list := "clo" + strings.Repeat(",pol", 30_000)
	out, err := exec.Command("sockprobe", "-c", list, "-c", list, "-c", list).Output()
	if err != nil {
		t.Fatal(err)
	}
	polls := 0
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, ": pol(c=4): ") {
			continue
		}
		polls++
		if !strings.HasSuffix(line, "ret=1 ev=0x20 (NVAL)\n") {
			t.Fatalf("the closed client is polled as %s", line)
		}
	}
	if want := 90_000; polls != want {
		t.Errorf("%d polls, want %d: %.200s", polls, want, out)
	}
}
