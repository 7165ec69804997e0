package ops

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// An mptcpCanary is a connection that queues behind what MPTCP has put off.
//
// The end of the data, its acknowledgement and a fastclose are handled by a thread
// of the kernel (mptcp_worker in net/mptcp/protocol.c), which on a busy machine may
// wait for a processor for as long as 100 ms. But what schedule_work is given on a
// processor is begun in that order, and loopback delivers on the processor that
// sends. So when the canary, a connection of its own, has been told of its end, the
// thread has begun all that was put off before on this processor, where the canary
// keeps the probe.
type mptcpCanary struct {
	pin      *pin
	listener int
	addr     *address
}

func newMPTCPCanary() (canary, error) {
	c := &mptcpCanary{}
	var err error
	if c.listener, err = newSocketAside(scenario.MPTCP); err != nil {
		return nil, err
	}
	if c.addr, err = bind(c.listener, scenario.MPTCP); err == nil {
		err = listen(c.listener, backlog).failure("listen")
	}
	if err == nil {
		c.pin, err = newPin()
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("prepare to wait for MPTCP: %w", err)
	}
	setNonblock(c.listener, true)
	return c, nil
}

func (c *mptcpCanary) close() {
	closeFD(c.listener)
	if c.pin != nil {
		c.pin.release()
	}
}

// sing makes a connection, ends it on one side and waits until the other knows.
func (c *mptcpCanary) sing(deadline time.Time) (bool, error) {
	defer block()() // an interrupted call would leave the rest of a connection for the next one
	told, err := newSocketAside(scenario.MPTCP)
	if err != nil {
		return false, err
	}
	defer closeFD(told)
	left := time.Until(deadline)
	if left <= 0 { // to SO_SNDTIMEO 0 is no limit
		return false, nil
	}
	setTimeout(told, unix.SO_SNDTIMEO, max(left, time.Microsecond))
	switch a := connect(told, c.addr); unix.Errno(a.errno) {
	case 0:
	case unix.ENETUNREACH: // the loopback interface is down, and nothing is on its way
		return true, nil
	default:
		return false, nil
	}
	p := unix.PollFd{Fd: int32(c.listener), Events: unix.POLLIN}
	if pollUntil(&p, deadline).ret != 1 {
		return false, nil
	}
	a := accept(c.listener) // it does not block
	if a.errno != 0 {
		return false, lackOfDescriptors(a.failure("accept"))
	}
	ends, err := aside(a.ret)
	if err != nil {
		return false, err
	}
	defer closeFD(ends)
	shutdown(ends, unix.SHUT_WR)
	p = unix.PollFd{Fd: int32(told), Events: unix.POLLRDHUP}
	heard := pollUntil(&p, deadline).ret == 1
	none := unspecific // a reset, which leaves nothing in TIME_WAIT
	connect(told, &none)
	return heard, nil
}

// pollUntil is pollWaiting until a time.
func pollUntil(p *unix.PollFd, deadline time.Time) answer {
	return pollWaiting(p, max(time.Until(deadline), 0))
}

// done tells nothing: what MPTCP does may put off more.
func (c *mptcpCanary) done() bool { return false }

// lackOfDescriptors is err if that is a lack of descriptors, which will not pass, and nil
// otherwise.
func lackOfDescriptors(err error) error {
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		return err
	}
	return nil
}
