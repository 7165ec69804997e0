package fwd

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// Totals are what a relay has done so far.
type Totals struct {
	Accepted int64 // connections
	Open     int64 // of these, now
	Refused  int64 // no address of the target took them; their clients were reset
	Reset    int64 // one peer reset them, and so was the other; or epoll could watch no more
	Expired  int64 // a time limit ended them
	Cut      int64 // still open when the relay ended
	Sent     int64 // bytes delivered to targets
	Returned int64 // bytes delivered to clients
	Pauses   int64 // times that connections had to wait: at the limit, or out of descriptors or memory

	// LastFailure is why a target last did not take a connection, and FailedAt which.
	LastFailure unix.Errno
	FailedAt    string
	failedWhen  int64
}

func (t *Totals) add(u Totals) {
	t.Accepted += u.Accepted
	t.Open += u.Open
	t.Refused += u.Refused
	t.Reset += u.Reset
	t.Expired += u.Expired
	t.Cut += u.Cut
	t.Sent += u.Sent
	t.Returned += u.Returned
	t.Pauses += u.Pauses
	if u.LastFailure != 0 && u.failedWhen >= t.failedWhen {
		t.LastFailure, t.FailedAt, t.failedWhen = u.LastFailure, u.FailedAt, u.failedWhen
	}
}

// Since is one line about what was added to an earlier state, for each second of
// the time between.
func (t Totals) Since(earlier Totals, elapsed time.Duration) string {
	rate := func(now, then int64) float64 { return float64(now-then) / elapsed.Seconds() }
	return fmt.Sprintf("%d open, %.0f accepted/s, %.1f MB/s sent, %.1f MB/s returned, %d refused, %d reset, %d expired",
		t.Open, rate(t.Accepted, earlier.Accepted), rate(t.Sent, earlier.Sent)/1e6, rate(t.Returned, earlier.Returned)/1e6,
		t.Refused, t.Reset, t.Expired)
}

// String is one line.
func (t Totals) String() string {
	s := fmt.Sprintf("%d accepted, %d open, %d refused, %d reset, %d expired, %d cut; %d bytes sent, %d returned; %d pauses",
		t.Accepted, t.Open, t.Refused, t.Reset, t.Expired, t.Cut, t.Sent, t.Returned, t.Pauses)
	if t.LastFailure != 0 {
		s += fmt.Sprintf("; last failure: %s: %s", t.FailedAt, scenario.Errno(t.LastFailure).Message())
	}
	return s
}
