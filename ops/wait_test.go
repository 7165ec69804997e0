package ops

import (
	"testing"

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
