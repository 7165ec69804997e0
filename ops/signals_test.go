package ops

import (
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// TestSignalsWhileWaiting holds that no signal gets into the answer of a wait of its own thread,
// in whichever way it waits.
func TestSignalsWhileWaiting(t *testing.T) {
	for _, api := range scenario.EachAPI() {
		for _, word := range []string{"wai:20ms", "blk:20ms"} {
			moves := append(movesOf("-l con,acc"), move{scenario.Client, api, stepOf(word)}, question(scenario.Server, api, "pol"))
			out := underSignalsToAll(t, func() []outcome { return outcomes(t, scenario.TCP4, moves) })
			if e := out[2].errno; e == interrupted {
				t.Errorf("%s by %v is answered %v", word, api, out[2])
			}
		}
	}
}

// underSignalsToAll runs f while the process's threads get signals.
func underSignalsToAll(t *testing.T, f func() []outcome) []outcome {
	t.Helper()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				for _, thread := range threads(t) {
					_ = unix.Tgkill(unix.Getpid(), thread, unix.SIGURG) // one that has ended gets none
				}
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	return f()
}

// threads lists the threads of this process.
func threads(t *testing.T) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Error(err)
	}
	var ids []int
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
