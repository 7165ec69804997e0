package ops

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// SettleAuto is the time to settle that the script needs on the running kernel: none
// on Linux but for MPTCP, some on gVisor.
const SettleAuto time.Duration = -1

// settleGvisor is long enough for gVisor's stack, which delivers in threads of
// its own, most often within some tens of microseconds.
const settleGvisor = 5 * time.Millisecond

// settleMPTCP is beside the canary, which waits for all but timers. Those of
// acknowledgements take 40 ms and more: a script that fills a buffer has to slp.
const settleMPTCP = time.Millisecond

// settleHere is the time for a family on the running kernel.
func settleHere(f scenario.Family) time.Duration {
	switch {
	case onGvisor():
		return settleGvisor
	case f == scenario.MPTCP: // where only the listener is one, its connections are TCP
		return settleMPTCP
	}
	return 0
}

// yieldsHere tells whether the running kernel may put off what a step has sent: before Linux
// 6.5 to the CPU's ksoftirqd, when there is much to do (4cd13c21b207, d15121be7485). A moment's
// sleep before each step lets that run.
var yieldsHere = sync.OnceValue(func() bool { return System().Before(6, 5) })

// settles tells whether settle does anything.
func (r *run) settles() bool { return r.settleFor > 0 || r.yields }

// settle waits until the readiness of every open socket has been the same for as
// long as Options.Settle, and for MPTCP until the canary has found it so; or for the
// run's time limit longer at most.
func (r *run) settle() {
	if r.settleFor <= 0 {
		if r.yields {
			pause := unix.NsecToTimespec(1)
			_ = unix.Nanosleep(&pause, nil)
		}
		return
	}
	last, since, rounds := r.readiness(), time.Now(), 0
	for deadline := since.Add(r.settleFor + r.timeout); ; {
		now := time.Now()
		switch quiet := now.Sub(since) >= r.settleFor; {
		case now.After(deadline), quiet && (r.canary == nil || rounds == canaryRounds):
			return
		case quiet:
			if r.canary.sing(deadline.Sub(now)) {
				rounds++
			}
		default:
			pause := unix.NsecToTimespec(min(r.settleFor/4, time.Millisecond).Nanoseconds())
			_ = unix.Nanosleep(&pause, nil) // ending early is no harm
		}
		if ready := r.readiness(); ready != last {
			last, since, rounds = ready, time.Now(), 0
		}
	}
}

// readiness is what poll says of each socket now.
func (r *run) readiness() (events [sideCount]scenario.Events) {
	for i := range r.sockets {
		if s := &r.sockets[i]; s.open() {
			events[i] = askPoll(s.fd, interest).events
		}
	}
	return events
}
