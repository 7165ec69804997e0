package ops

import (
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"sockprobe/scenario"
)

const ebadf = scenario.Errno(unix.EBADF)

// openDescriptors counts this process's descriptors, the one it needs for that
// included.
func openDescriptors(t rapid.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// crowd opens descriptors until no number below least is free.
func crowd(t *testing.T, least int) {
	t.Helper()
	var held []int
	t.Cleanup(func() {
		for _, fd := range held {
			unix.Close(fd)
		}
	})
	for {
		fd, err := unix.Dup(0)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, fd)
		if fd >= least {
			return
		}
	}
}

// TestClosedSidesInACrowd holds that what the probe opens for itself is given no
// closed side's number where the low numbers are taken, as they are in a process that
// has inherited or opened many.
func TestClosedSidesInACrowd(t *testing.T) {
	crowd(t, 80)
	tests := []struct {
		script string
		want   outcome
	}{
		{"-n -l con,acc -s clo -c clo --api uring -l pol -c pol -s pol", outcome{ret: -1, errno: ebadf}},
		{"-n -l con,acc -s clo -c clo -e -l pol -c pol -s pol", outcome{ret: -1, errno: ebadf}},
		{"-n -l con,acc -s clo -c clo --api epoll-et -l pol --api poll -c pol -s pol", outcome{ret: 1, events: scenario.Nval}},
		{"-n -l con,acc -s clo -c clo -l que:epoll -c pol -s pol", outcome{ret: 1, events: scenario.Nval}},
		{"-n -l con,acc -s clo -c clo --api uring -l wai:5ms,pol --api poll -c pol -s pol", outcome{ret: 1, events: scenario.Nval}},
		{"-n -l con,acc -s clo -c clo -l wai:5ms,blk:5ms -c pol -s pol", outcome{ret: 1, events: scenario.Nval}},
	}
	for _, tt := range tests {
		moves := movesOf(tt.script)
		for i, o := range outcomes(t, scenario.TCP4, moves) {
			if m := moves[i]; m.side != scenario.Listener && m.step.Verb == "pol" && o != tt.want {
				t.Errorf("%s: move %d is answered %v, want %v", tt.script, i+1, o, tt.want)
			}
		}
	}
}

// TestClosedBeforeItIsThere holds that a clo of a side without a descriptor closes none that it is
// given later, and does not keep the end of the run from closing that.
func TestClosedBeforeItIsThere(t *testing.T) {
	before := openDescriptors(t)
	moves := movesOf("-n -s clo -l con,acc -s pol,clo,pol")
	out := outcomes(t, scenario.TCP4, moves)
	if want := (outcome{ret: -1, errno: ebadf}); out[0] != want {
		t.Errorf("clo without a descriptor is answered %v, want %v", out[0], want)
	}
	if want := (outcome{ret: 1, events: scenario.Out}); out[3] != want {
		t.Errorf("pol of the socket that came later is answered %v, want %v", out[3], want)
	}
	if want := (outcome{ret: 1, events: scenario.Nval}); out[5] != want {
		t.Errorf("pol of the closed side is answered %v, want %v", out[5], want)
	}
	outcomes(t, scenario.TCP4, moves[:3])
	if after := openDescriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// TestCloseAll holds that exactly the descriptors that are named are closed.
func TestCloseAll(t *testing.T) {
	var fds []int
	for range 8 {
		fd, err := unix.Dup(0)
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
	}
	kept := []int{fds[2], fds[5]}
	var closed []int
	for _, fd := range fds {
		if !slices.Contains(kept, fd) {
			closed = append(closed, fd)
		}
	}
	closeAll(closed)
	for _, fd := range fds {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if open := err == nil; open != slices.Contains(kept, fd) {
			t.Errorf("descriptor %d of %v is open: %v", fd, fds, open)
		}
	}
	closeAll(kept)
}
