package ops

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
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
	// sing waits for that until a time, and tells whether it has happened. An error says that the
	// canary cannot sing at all.
	sing(deadline time.Time) (bool, error)
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
	if r.auto && kinds[r.family].domain != unix.AF_UNIX {
		if steered := steeredTo(); steered != nil || putsOff() {
			c, err := newBacklogCanary(steered)
			switch {
			case errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EADDRNOTAVAIL):
				// The loopback interface is down, and delivers nothing that one could wait for.
			case err != nil:
				return nil, err
			default:
				all = append(all, c)
			}
		}
	}
	if r.family == scenario.MPTCP && r.settleFor > 0 {
		c, err := newMPTCPCanary()
		if err != nil {
			all.close()
			return nil, err
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// A chorus is canaries that sing one after another.
type chorus []canary

func (c chorus) sing(deadline time.Time) (bool, error) {
	for _, one := range c {
		if heard, err := one.sing(deadline); !heard || err != nil {
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

func newPin() (*pin, error) {
	var p pin
	var cpu uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); errno != 0 {
		return nil, fmt.Errorf("getcpu: %w", errno)
	}
	if err := unix.SchedGetaffinity(0, &p.allowed); err != nil {
		return nil, fmt.Errorf("sched_getaffinity: %w", err)
	}
	var here unix.CPUSet
	here.Set(int(cpu))
	if err := unix.SchedSetaffinity(0, &here); err != nil {
		return nil, fmt.Errorf("sched_setaffinity: %w", err)
	}
	return &p, nil
}

// release lets the probe run on every processor again.
func (p *pin) release() { _ = unix.SchedSetaffinity(0, &p.allowed) }

// settles tells whether settle does anything.
func (r *run) settles() bool { return r.settleFor > 0 || r.canary != nil }

// settle waits until every open socket has stood the same for as long as Options.Settle, and until
// the canary, if there is one, has found it so; or for the run's time limit longer at most.
func (r *run) settle() {
	if !r.settles() {
		return
	}
	deadline := time.Now().Add(max(r.settleFor, 0) + r.timeout)
	if r.settleFor > 0 {
		r.awaitQuiet(deadline)
		return
	}
	for range canaryRounds {
		if !r.sing(deadline) || r.canary.done() {
			return
		}
	}
}

// awaitQuiet waits until nothing changes any more.
func (r *run) awaitQuiet(deadline time.Time) {
	last, since, rounds := r.standings(), time.Now(), 0
	for now := since; r.failed == nil && now.Before(deadline); now = time.Now() {
		quiet := now.Sub(since) >= r.settleFor
		switch {
		case quiet && (r.canary == nil || rounds == canaryRounds):
			return
		case quiet && r.sing(deadline):
			rounds++
		default: // nor does a canary that did not sing spin
			pause := unix.NsecToTimespec(min(r.settleFor/4, time.Millisecond).Nanoseconds())
			_ = unix.Nanosleep(&pause, nil) // ending early is no harm
		}
		if stand := r.standings(); stand != last {
			last, since, rounds = stand, time.Now(), 0
		}
	}
}

// unheard counts how often a canary was not heard in time: what a step had sent before may not have
// been delivered.
var unheard atomic.Int64

// sing lets the canary sing until a time, and tells whether it was heard. Where it cannot sing, the
// run ends: it could not tell when its steps have had their effect.
func (r *run) sing(deadline time.Time) bool {
	heard, err := r.canary.sing(deadline)
	switch {
	case err != nil:
		r.fail(fmt.Errorf("wait until the kernel has delivered what was sent: %w", err))
	case !heard:
		unheard.Add(1)
	}
	return heard
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
