package ops

import (
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// A backlogCanary is a UDP socket that sends to itself. Loopback puts every packet into
// the backlog of the processor that sends it, to be delivered in this order (netif_rx in
// net/core/dev.c); so when the canary's is there, all that was sent before from this
// processor, where it keeps the probe, has been delivered.
type backlogCanary struct {
	pin *pin
	fd  int
}

// newBacklogCanary makes a canary, or none where the kernel does not let it.
func newBacklogCanary() canary {
	fd, err := newSocketAside(scenario.UDP4)
	if err != nil {
		return nil
	}
	c := &backlogCanary{fd: fd}
	if addr, err := bind(c.fd, scenario.UDP4); err == nil && connect(c.fd, addr).errno == 0 {
		c.pin = newPin()
	}
	if c.pin == nil {
		closeFD(c.fd)
		return nil
	}
	return c
}

func (c *backlogCanary) close() {
	closeFD(c.fd)
	c.pin.release()
}

// sing waits for at most d until a packet of its own has come. It tells whether that
// came to pass.
func (c *backlogCanary) sing(d time.Duration) bool {
	var buf [1]byte
	for recvNow(c.fd, buf[:], 0).ret > 0 { // one that came too late
	}
	if send(c.fd, payload[:1], 0).errno != 0 {
		return false
	}
	p := unix.PollFd{Fd: int32(c.fd), Events: unix.POLLIN}
	return undisturbed(func() answer { return pollWaiting(&p, d) }).ret == 1 && recvNow(c.fd, buf[:], 0).ret == 1
}
