package ops

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// A canary tells when MPTCP has handled what it had put off until then.
//
// The end of the data, its acknowledgement and a fastclose are handled by a thread
// of the kernel (mptcp_worker in net/mptcp/protocol.c), which on a busy machine may
// wait for a processor for as long as 100 ms. But what schedule_work is given on a
// processor is begun in that order, and loopback delivers on the processor that
// sends. So when the canary, a connection of its own, has been told of its end, the
// thread has begun all that was put off before on this processor, where the canary
// keeps the probe.
type canary struct {
	listener int
	addr     *address
	allowed  unix.CPUSet // the processors that the probe had before
}

// canaryRounds is how often in succession the canary has to find no change: what is
// handled may put off something in turn, such as the acknowledgement of an end.
const canaryRounds = 3

// newCanary makes a canary, or none where the kernel does not let it.
func newCanary() *canary {
	var c canary
	var cpu uint32
	_, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0)
	if errno != 0 || unix.SchedGetaffinity(0, &c.allowed) != nil {
		return nil
	}
	low, err := newSocket(scenario.MPTCP)
	if err != nil {
		return nil
	}
	if c.listener, err = aside(low); err != nil {
		return nil
	}
	if c.addr, err = bind(c.listener, scenario.MPTCP); err != nil || listen(c.listener, backlog).errno != 0 {
		closeFD(c.listener)
		return nil
	}
	setNonblock(c.listener, true)
	var here unix.CPUSet
	here.Set(int(cpu))
	_ = unix.SchedSetaffinity(0, &here)
	return &c
}

// close lets the probe run on every processor again.
func (c *canary) close() {
	if c == nil {
		return
	}
	closeFD(c.listener)
	_ = unix.SchedSetaffinity(0, &c.allowed)
}

// sing makes a connection, ends it on one side and waits for at most d until the
// other knows. It tells whether that came to pass.
func (c *canary) sing(d time.Duration) bool {
	defer block()() // an interrupted call would leave the rest of a connection for the next one
	low, err := newSocket(scenario.MPTCP)
	if err != nil {
		return false
	}
	told, err := aside(low)
	if err != nil {
		return false
	}
	defer closeFD(told)
	setTimeout(told, unix.SO_SNDTIMEO, d)
	if connect(told, c.addr).errno != 0 {
		return false
	}
	p := unix.PollFd{Fd: int32(c.listener), Events: unix.POLLIN}
	if pollWaiting(&p, d).ret != 1 {
		return false
	}
	a := accept(c.listener) // it does not block
	if a.errno != 0 {
		return false
	}
	ends, err := aside(a.ret)
	if err != nil {
		return false
	}
	defer closeFD(ends)
	shutdown(ends, unix.SHUT_WR)
	p = unix.PollFd{Fd: int32(told), Events: unix.POLLRDHUP}
	heard := pollWaiting(&p, d).ret == 1
	none := unspecific // a reset, which leaves nothing in TIME_WAIT
	connect(told, &none)
	return heard
}
