package ops

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"sockprobe/report"
	"sockprobe/scenario"
)

// observe runs a script and gives its lines in the stable form.
func observe(t *testing.T, line string, opts Options) (string, error) {
	t.Helper()
	script, err := scenario.Parse(strings.Fields(line), Verbs())
	if err != nil {
		t.Fatal(err)
	}
	var obs []scenario.Observation
	err = Run(script, opts, func(o scenario.Observation) { obs = append(obs, o) })
	var tally scenario.Tally
	tally.Add(obs)
	return string(report.Stable(&tally)), err
}

func mustObserve(t *testing.T, line string, opts Options) string {
	t.Helper()
	out, err := observe(t, line, opts)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// brief is a time limit for steps that are meant to reach it.
var brief = Options{Timeout: 20 * time.Millisecond}

func TestImpliedSteps(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"none for the listener", "-l pol", `
cmd #1 stp #1: pol(l): ret=0 ev=0
`},
		{"con for the client, once", "-c snd -c snd", `
cmd #1 stp #0: con(c): ret=0
cmd #1 stp #1: snd(c): ret=3
cmd #2 stp #1: snd(c): ret=3
`},
		{"both for the server", "-s snd -s snd", `
cmd #1 stp #0: con(c): ret=0
cmd #1 stp #0: acc(l): ret=s
cmd #1 stp #1: snd(s): ret=3
cmd #2 stp #1: snd(s): ret=3
`},
		{"an explicit con and acc on the listener count", "-l con,acc -s pol -c pol", `
cmd #1 stp #1: con(l): ret=0
cmd #1 stp #2: acc(l): ret=s
cmd #2 stp #1: pol(s): ret=1 ev=0x4 (OUT)
cmd #3 stp #1: pol(c): ret=1 ev=0x4 (OUT)
`},
		{"con before an explicit con", "-c con", `
cmd #1 stp #0: con(c): ret=0
cmd #1 stp #1: con(c): ret=-1 (EISCONN)
`},
		{"a refused con is not repeated", "-l clo -c pol -c pol", `
cmd #1 stp #1: clo(l): ret=0
cmd #2 stp #0: con(c): ret=-1 (ECONNREFUSED)
cmd #2 stp #1: pol(c): ret=1 ev=0x14 (OUT HUP)
cmd #3 stp #1: pol(c): ret=1 ev=0x14 (OUT HUP)
`},
		{"an acc without a client is repeated", "-l acc -s pol", `
cmd #1 stp #1: acc(l): ret=-1 (EAGAIN)
cmd #2 stp #0: con(c): ret=0
cmd #2 stp #0: acc(l): ret=s
cmd #2 stp #1: pol(s): ret=1 ev=0x4 (OUT)
`},
		{"con and acc may be written for any side", "-c acc -s con,acc", `
cmd #1 stp #0: con(c): ret=0
cmd #1 stp #1: acc(c): ret=s
cmd #2 stp #1: con(s): ret=-1 (EISCONN)
cmd #2 stp #2: acc(s): ret=-1 (EAGAIN)
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := mustObserve(t, tt.script, brief)
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.script, diff)
			}
		})
	}
}

func TestNoServer(t *testing.T) {
	got, err := observe(t, "-l clo -s pol,snd -c pol", Options{})
	if !errors.Is(err, ErrNoServer) {
		t.Errorf("error %v, want ErrNoServer", err)
	}
	want := `cmd #1 stp #1: clo(l): ret=0
cmd #2 stp #0: con(c): ret=-1 (ECONNREFUSED)
cmd #2 stp #0: acc(l): ret=-1 (EBADF)
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWaitsEnd holds that each step that can sleep ends, with the kernel's own
// word for it.
func TestWaitsEnd(t *testing.T) {
	tests := []struct{ name, script, last string }{
		{"acc", "-l acc", "acc(l): ret=-1 (EAGAIN)"},
		{"drn", "-c drn", "drn(c): ret=-1 (EAGAIN)"},
		{"drn after data", "-s snd -c drn", "drn(c): ret=3 (EAGAIN)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := mustObserve(t, tt.script, brief)
			if !strings.HasSuffix(got, tt.last+"\n") {
				t.Errorf("%s ends with %q, want %q", tt.script, got, tt.last)
			}
		})
	}
}

// TestConEnds holds the same for con.
func TestConEnds(t *testing.T) { connectToFullBacklog(t) }

// connectToFullBacklog makes a con to a listener that does not answer, and holds
// that it ends with EINPROGRESS.
func connectToFullBacklog(t *testing.T) {
	t.Helper()
	got := mustObserve(t, "-l lis:0,con -d pol", brief) // a backlog of 0 still takes one
	if !strings.Contains(got, "con(d): ret=-1 (EINPROGRESS)\n") {
		t.Errorf("con to a full backlog answers %s, want EINPROGRESS", got)
	}
}

// TestClosedSideKeepsItsNumber holds that no later socket is given the number of
// a closed side, with and without epoll.
func TestClosedSideKeepsItsNumber(t *testing.T) {
	for _, line := range []string{"-c clo -s pol -c pol,snd", "-e -c clo -s pol -c pol,snd", "-c pol -e -c clo,acc -s pol"} {
		script, err := scenario.Parse(strings.Fields(line), Verbs())
		if err != nil {
			t.Fatal(err)
		}
		client, server := -1, -1
		err = Run(script, Options{}, func(o scenario.Observation) {
			if o.Side == scenario.Client {
				client = o.FD
			}
			if o.Opened == scenario.Server {
				server = o.Ret
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if client < 0 || server < 0 || client == server {
			t.Errorf("%s: client is %d and server %d", line, client, server)
		}
	}
}

// TestSameNumbersWithEpoll holds that epoll's own descriptor shifts none of the
// sockets.
func TestSameNumbersWithEpoll(t *testing.T) {
	numbers := func(line string) []int {
		script, err := scenario.Parse(strings.Fields(line), Verbs())
		if err != nil {
			t.Fatal(err)
		}
		var fds []int
		if err := Run(script, Options{}, func(o scenario.Observation) { fds = append(fds, o.FD) }); err != nil {
			t.Fatal(err)
		}
		return fds
	}
	if diff := cmp.Diff(numbers("-c pol -s pol -l pol"), numbers("-e -c pol -s pol -l pol")); diff != "" {
		t.Errorf("(-poll +epoll):\n%s", diff)
	}
}

// TestRunsTakeTurns holds that runs at the same time do not get each other's
// numbers.
func TestRunsTakeTurns(t *testing.T) {
	want := mustObserve(t, "-c clo -s pol -c pol,snd", Options{Settle: SettleAuto})
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 100 {
				if got := mustObserve(t, "-c clo -s pol -c pol,snd", Options{Settle: SettleAuto}); got != want {
					t.Errorf("(-alone +beside others):\n%s", cmp.Diff(want, got))
					return
				}
			}
		})
	}
	workers.Wait()
}

// TestListenerIsOnLoopback holds that nobody outside can reach a probe.
func TestListenerIsOnLoopback(t *testing.T) {
	fd, err := newSocket(scenario.TCP4)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	addr, err := bind(fd, scenario.TCP4)
	if err != nil {
		t.Fatal(err)
	}
	if ip := (*unix.RawSockaddrInet4)(unsafe.Pointer(&addr.raw)).Addr; ip != [4]byte{127, 0, 0, 1} {
		t.Errorf("the listener is on %v", ip)
	}
}

// underSignals runs f while its thread gets signals as fast as another can send
// them. SIGURG is the runtime's own, which it takes from anyone.
func underSignals(t *testing.T, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, tid := os.Getpid(), unix.Gettid()
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stop.Load() {
			_ = unix.Tgkill(pid, tid, unix.SIGURG)
		}
	}()
	f()
	stop.Store(true)
	<-done
}

// TestSignals holds that no signal gets into an answer, nor keeps a wait from
// ending, however many come.
func TestSignals(t *testing.T) {
	underSignals(t, func() {
		for range 100 {
			got := mustObserve(t, "-l pol,pol,pol -c pol,snd -e -l pol -s pol,rcv,rcv,pol -c pol,pol", brief)
			if strings.Contains(got, "EINTR") {
				t.Errorf("a signal got into an answer:\n%s", got)
				return
			}
		}
		got := mustObserve(t, "-l acc -s snd -c drn", brief)
		if !strings.Contains(got, "acc(l): ret=-1 (EAGAIN)") || !strings.Contains(got, "drn(c): ret=3 (EAGAIN)") {
			t.Errorf("unexpected answers under signals:\n%s", got)
		}
		connectToFullBacklog(t)
	})
}

func TestVerbsAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range verbs {
		if v.Name == "" || v.Call == "" || v.Doc == "" || v.Answer == "" || (v.do == nil) == (v.wait == nil) || seen[v.Name] {
			t.Errorf("the entry of %q is not complete, or there twice", v.Name)
		}
		seen[v.Name] = true
	}
}
