package ops

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// SettleAuto is the time to settle that the running kernel needs: none on Linux,
// some on gVisor.
const SettleAuto time.Duration = -1

// settleGvisor is long enough for gVisor's stack, which delivers in threads of
// its own, most often within some tens of microseconds.
const settleGvisor = 5 * time.Millisecond

var settleHere = sync.OnceValue(func() time.Duration {
	if onGvisor() {
		return settleGvisor
	}
	return 0
})

// settle waits until the readiness of every open socket has been the same for as
// long as Options.Settle, or for the run's time limit longer at most.
func (r *run) settle() {
	if r.settleFor <= 0 {
		return
	}
	last, since := r.readiness(), time.Now()
	for deadline := since.Add(r.settleFor + r.timeout); ; {
		now := time.Now()
		if now.Sub(since) >= r.settleFor || now.After(deadline) {
			return
		}
		pause := unix.NsecToTimespec(min(r.settleFor/4, time.Millisecond).Nanoseconds())
		_ = unix.Nanosleep(&pause, nil) // ending early is no harm
		if ready := r.readiness(); ready != last {
			last, since = ready, time.Now()
		}
	}
}

// readiness is what poll says of each socket now.
func (r *run) readiness() (events [3]scenario.Events) {
	for i, s := range r.sockets {
		if s.fd < 0 || s.closed {
			continue
		}
		events[i] = askPoll(s.fd).events
	}
	return events
}
