package ops

import (
	"testing"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// A kernel whose epoll_wait(2) looped instead of sleeping is told by both of these
// together; no kernel at hand does so.
func TestEndWaiterTellsBusy(t *testing.T) {
	tests := []struct {
		ran, slept bool
		want       string
	}{
		{false, true, "ended=#2"},
		{false, false, "ended=#2"},
		{true, true, "ended=#2"}, // the clock of an emulated processor jumped
		{true, false, "busy=yes ended=#2"},
	}
	for _, tt := range tests {
		var got string
		r := run{observe: func(o scenario.Observation) { got = o.Info }}
		r.endWaiter(&waiter{ran: tt.ran, slept: tt.slept}, 2)
		if got != tt.want {
			t.Errorf("ran %v, slept %v: %q, want %q", tt.ran, tt.slept, got, tt.want)
		}
	}
}

// TestStartWaiterSeesSleep holds that a wait that sleeps has been seen to when the next
// step is made.
func TestStartWaiterSeesSleep(t *testing.T) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	thread, err := newThread()
	if err != nil {
		t.Fatal(err)
	}
	defer thread.close()
	w := startWaiter(thread, waiting{call: func() answer {
		return pollWaiting(&unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}, patience)
	}}, scenario.Observation{})
	if !w.slept {
		t.Error("it was not seen asleep")
	}
	if _, err := unix.Write(fd, []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	<-w.done
}
