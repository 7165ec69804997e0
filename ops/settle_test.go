package ops

import (
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// TestSettleMPTCP holds that the end of the data is there after a step, however
// busy the processors are, and that the probe may use them all again.
func TestSettleMPTCP(t *testing.T) {
	script, err := scenario.Parse([]string{"--family", "mptcp", "-s", "clo", "-c", "pol"}, Verbs())
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}

	var stop atomic.Bool
	defer stop.Store(true)
	for range 2 * runtime.NumCPU() {
		go func() {
			for !stop.Load() { // keep a processor busy
			}
		}()
	}
	const want = scenario.In | scenario.Out | scenario.RDHup
	for range 20 {
		err := Run(script, Options{Settle: SettleAuto}, func(o scenario.Observation) {
			if o.Polled && o.Events != want {
				t.Errorf("events %v, want %v", o.Events, want)
			}
		})
		if _, lacks := Lacks(err); lacks {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.SchedGetaffinity(0, &after); err != nil || after != before {
		t.Errorf("processors %v before, %v after: %v", before, after, err)
	}
}

// TestBacklogCanary holds that the canary of old kernels works on every kernel, and lets
// the probe use all processors again.
func TestBacklogCanary(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	c := newBacklogCanary()
	if c == nil {
		t.Fatal("there is none")
	}
	for range 100 {
		if !c.sing(patience) {
			t.Fatal("it is not heard")
		}
	}
	c.close()
	if err := unix.SchedGetaffinity(0, &after); err != nil || after != before {
		t.Errorf("processors %v before, %v after: %v", before, after, err)
	}
}
