package ops

import (
	"sync"
	"time"
	"unsafe"

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

// putsOff tells whether the running kernel may put off what a step has sent: before Linux
// 6.5 to the CPU's ksoftirqd, when there is much to do (4cd13c21b207, d15121be7485).
var putsOff = sync.OnceValue(func() bool { return System().Before(6, 5) })

// A canary tells when the kernel has handled what it had put off until then.
type canary interface {
	// sing waits for that for at most d, and tells whether it came to pass.
	sing(d time.Duration) bool
	close()
}

// canaryRounds is how often in succession a canary has to find no change: what is
// handled may put off something in turn, such as the acknowledgement of an end.
const canaryRounds = 3

// newCanary makes the canary that the run needs, if any.
func (r *run) newCanary() canary {
	switch {
	case r.family == scenario.MPTCP && r.settleFor > 0:
		return newMPTCPCanary()
	case r.auto && putsOff():
		return newBacklogCanary()
	default:
		return nil
	}
}

// A pin keeps the probe's thread on the processor where it is.
type pin struct {
	allowed unix.CPUSet // the processors that it had before
}

// newPin gives nil where the kernel does not let it.
func newPin() *pin {
	var p pin
	var cpu uint32
	_, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0)
	if errno != 0 || unix.SchedGetaffinity(0, &p.allowed) != nil {
		return nil
	}
	var here unix.CPUSet
	here.Set(int(cpu))
	_ = unix.SchedSetaffinity(0, &here)
	return &p
}

// release lets the probe run on every processor again.
func (p *pin) release() { _ = unix.SchedSetaffinity(0, &p.allowed) }

// settles tells whether settle does anything.
func (r *run) settles() bool { return r.settleFor > 0 || r.canary != nil }

// settle waits until the readiness of every open socket has been the same for as
// long as Options.Settle, and until the canary, if there is one, has found it so; or for
// the run's time limit longer at most.
func (r *run) settle() {
	if r.settleFor <= 0 {
		if r.canary != nil {
			for range canaryRounds {
				r.canary.sing(r.timeout)
			}
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
			events[i] = askPoll(s.fd, scenario.Interest).events
		}
	}
	return events
}
