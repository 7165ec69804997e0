package ops

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

// TestBacklogCanary holds that the canary works on every kernel, and lets the probe use all
// processors again.
func TestBacklogCanary(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	descriptors := openDescriptors(t)
	for _, steered := range []map[int]bool{nil, {0: true}, {0: true, 1: true}} {
		c, err := newBacklogCanary(steered)
		if err != nil {
			t.Fatalf("%v: %v", steered, err)
		}
		for range 100 {
			if heard, err := c.sing(soon()); !heard || err != nil {
				t.Fatalf("%v: it is not heard: %v", steered, err)
			}
		}
		c.close()
	}
	if err := unix.SchedGetaffinity(0, &after); err != nil || after != before {
		t.Errorf("processors %v before, %v after: %v", before, after, err)
	}
	if n := openDescriptors(t); n != descriptors {
		t.Errorf("%d descriptors before, %d after", descriptors, n)
	}
}

// soon is a deadline that a machine with other things to do keeps, too.
func soon() time.Time { return time.Now().Add(patience) }

// TestBacklogCanaryIsNotFooled holds that a packet that comes late passes for no later one, nor
// makes one pass for late, and that more than one backlog is waited for.
func TestBacklogCanaryIsNotFooled(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := &backlogCanary{}
	defer c.close()
	if err := c.make(nil); err != nil {
		t.Fatal(err)
	}
	stale := func() {
		c.number--
		c.send(c.sockets[0])
		c.number++
	}
	stale()
	for range 3 {
		if heard, _ := c.sing(soon()); !heard {
			t.Fatal("it is not heard")
		}
		if in := unread(t, c.sockets[0]); in != 0 {
			t.Fatalf("%d bytes are left over", in)
		}
		stale()
	}
	if _, err := c.add(); err != nil {
		t.Fatal(err)
	}
	if heard, _ := c.sing(soon()); !heard || c.done() {
		t.Errorf("with two backlogs: heard %v, done %v; want true, false", heard, c.done())
	}
	// A socket that lets nothing in.
	drop := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
	program := unix.SockFprog{Len: uint16(len(drop)), Filter: &drop[0]}
	if err := unix.SetsockoptSockFprog(c.sockets[1], unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program); err != nil {
		t.Fatal(err)
	}
	if heard, err := c.sing(time.Now().Add(10 * time.Millisecond)); heard || err != nil {
		t.Errorf("of a packet that does not come: heard %v, %v; want false", heard, err)
	}
}

// unread is how many bytes there are to receive.
func unread(t *testing.T, fd int) int {
	t.Helper()
	a, n := ask(fd, unix.SIOCINQ)
	if a.errno != 0 {
		t.Fatal(a.failure("SIOCINQ"))
	}
	return n
}

func TestProcessorsIn(t *testing.T) {
	tests := []struct {
		mask string
		want map[int]bool
	}{
		{"0\n", nil},
		{"00,00000000\n", nil},
		{"3\n", map[int]bool{0: true, 1: true}},
		{"8\n", map[int]bool{3: true}},
		{"1,80000002\n", map[int]bool{1: true, 31: true, 32: true}},
		{"no mask\n", nil},
		{"", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, processorsIn(tt.mask)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.mask, diff)
		}
	}
}

// TestSettleAsksNothing holds that settling makes no edge, which a question for readiness would.
func TestSettleAsksNothing(t *testing.T) {
	if onGvisor() {
		t.Skip("gVisor has no counters that tell when a socket is quiet: settling asks poll there")
	}
	const script = "-n -l opt:RCVBUF=2000,con,acc -c opt:SNDBUF=20000 " +
		"--api epoll-et -c add,pol,snd:18000 -s rcv:5000,rcv:5000,rcv:5000,rcv:5000 --api epoll-et -c pol"
	got := mustObserve(t, script, Options{Settle: 2 * time.Millisecond})
	if want := "cmd #5 stp #1: pol(c): ret=0 ev=0\n"; !strings.HasSuffix(got, want) {
		t.Errorf("the end is not %q:\n%s", want, got)
	}
}
