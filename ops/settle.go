package ops

import (
	"fmt"
	"slices"
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

// A canary tells when the kernel has handled what it had put off until then.
type canary interface {
	// sing waits for that for at most d, and tells whether it came to pass. An error says that the
	// canary cannot sing at all.
	sing(d time.Duration) (bool, error)
	// done tells whether the last one has shown that nothing was put off.
	done() bool
	close()
}

// canaryRounds is how often in succession a canary has to find no change: what is
// handled may put off something in turn, such as the acknowledgement of an end.
const canaryRounds = 3

// newCanary makes the canary that the run needs, if any.
func (r *run) newCanary() (canary, error) {
	var all chorus
	if steered := steeredTo(); r.auto && kinds[r.family].domain != unix.AF_UNIX && (steered != nil || putsOff()) {
		c, err := newBacklogCanary(steered)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if r.family == scenario.MPTCP && r.settleFor > 0 {
		c, err := newMPTCPCanary()
		if err != nil {
			all.close()
			return nil, err
		}
		all = append(all, c)
	}
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return all[0], nil
	default:
		return all, nil
	}
}

// A chorus is canaries that sing one after another.
type chorus []canary

func (c chorus) sing(d time.Duration) (bool, error) {
	for deadline := time.Now().Add(d); len(c) > 0; c = c[1:] {
		if sang, err := c[0].sing(time.Until(deadline)); !sang || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (c chorus) done() bool {
	return !slices.ContainsFunc(c, func(one canary) bool { return !one.done() })
}

// close closes the last one first, which has the probe's thread as the one before it left it.
func (c chorus) close() {
	for _, one := range slices.Backward(c) {
		one.close()
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

// settle waits until every open socket has stood the same for as long as Options.Settle, and until
// the canary, if there is one, has found it so; or for the run's time limit longer at most.
func (r *run) settle() {
	if r.settleFor <= 0 {
		if r.canary != nil {
			for range canaryRounds {
				if r.sing(r.timeout); r.canary.done() {
					break
				}
			}
		}
		return
	}
	last, since, rounds := r.standings(), time.Now(), 0
	for deadline := since.Add(r.settleFor + r.timeout); r.failed == nil; {
		now := time.Now()
		switch quiet := now.Sub(since) >= r.settleFor; {
		case now.After(deadline), quiet && (r.canary == nil || rounds == canaryRounds):
			return
		case quiet:
			if r.sing(deadline.Sub(now)) {
				rounds++
			}
		default:
			pause := unix.NsecToTimespec(min(r.settleFor/4, time.Millisecond).Nanoseconds())
			_ = unix.Nanosleep(&pause, nil) // ending early is no harm
		}
		if stand := r.standings(); stand != last {
			last, since, rounds = stand, time.Now(), 0
		}
	}
}

// sing lets the canary sing. Where it cannot, the run ends: it could not tell when its steps
// have had their effect.
func (r *run) sing(d time.Duration) bool {
	sang, err := r.canary.sing(d)
	if err != nil {
		r.fail(fmt.Errorf("wait for what the kernel has put off: %w", err))
	}
	return sang
}

// A standing is how a socket stands, as far as settling looks at it.
type standing struct {
	ready                   scenario.Events
	unread, unacked         int // bytes: SIOCINQ and SIOCOUTQ
	state                   uint8
	inFlight, queued        uint32 // segments; of a listener connections to accept, and the backlog
	unsent                  uint32 // bytes
	received, acknowledged  uint64 // bytes
	segmentsIn, segmentsOut uint32
}

// standings is how each socket stands now.
func (r *run) standings() (all [sideCount]standing) {
	for i := range r.sockets {
		if s := &r.sockets[i]; s.open() {
			all[i] = r.standing(s.fd)
		}
	}
	return all
}

// standing looks at a socket without a question for its readiness where that is possible: a poll
// that finds no room to send asks the socket to tell when there is (SOCK_NOSPACE, tcp_poll in
// net/ipv4/tcp.c), so that to settle would make an edge that the script did not ask for. The
// counters of TCP_INFO change with each segment that comes or goes. Neither gVisor nor MPTCP has
// counters that tell as much: there, poll has to be asked.
func (r *run) standing(fd int) standing {
	if r.family == scenario.MPTCP || onGvisor() {
		return standing{ready: askPoll(fd, scenario.Interest).events}
	}
	var s standing
	_, s.unread = ask(fd, unix.SIOCINQ)
	_, s.unacked = ask(fd, unix.SIOCOUTQ)
	if info, a := tcpInfo(fd); a.errno == 0 {
		s.state = info.State
		s.inFlight, s.queued, s.unsent = info.Unacked, info.Sacked, info.Notsent_bytes
		s.received, s.acknowledged = info.Bytes_received, info.Bytes_acked
		s.segmentsIn, s.segmentsOut = info.Segs_in, info.Segs_out
	}
	return s
}
