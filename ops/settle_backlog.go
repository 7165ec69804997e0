package ops

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// putsOff tells whether the running kernel may deliver what a step has sent after the step has
// returned.
//
//   - Before Linux 6.5 the softirqs of a busy processor wait for its ksoftirqd (4cd13c21b207,
//     d15121be7485).
//   - A processor that has had too much to do for 2 ms, or ten times over, leaves the rest of its
//     backlog to ksoftirqd (handle_softirqs in kernel/softirq.c). time_squeeze counts how often it
//     has run out of the budget of one of these times (net_rx_action in net/core/dev.c).
//   - Where any interface steers packets to this processor, another one marks the backlog as
//     scheduled before it sends the interrupt that has it handled (napi_schedule_rps, ibid.). What
//     this processor sends itself in between, on whatever interface, waits for that interrupt, too.
//
// A host on which the kernel has never counted one of the latter two is taken to go on so. No such
// thing is known of thread_backlog_napi and PREEMPT_RT: Debian's 6.12 and 7.3 pass the catalogue
// with them.
func putsOff() bool {
	if System().Before(6, 5) {
		return true
	}
	checked.Lock()
	defer checked.Unlock()
	const often = 100 * time.Millisecond
	if now := time.Now(); !checked.putsOff && now.Sub(checked.at) > often {
		softnet := readSoftnet()
		checked.putsOff, checked.at = softnet.squeezed+softnet.steered > 0, now
	}
	return checked.putsOff
}

// checked is when putsOff has last looked, and what it found.
var checked struct {
	sync.Mutex
	at      time.Time
	putsOff bool
}

// steeredTo is the processors that receive packet steering has the packets of the loopback
// interface delivered by (Documentation/networking/scaling.rst), or nil if each is delivered by the
// processor that sends it. Where /sys was mounted in another network namespace it shows the loopback
// interface of that one: then the canary only has more sockets than it needs, or too few.
var steeredTo = sync.OnceValue(func() map[int]bool {
	Prepare() // before a file is read, which brings up the poller
	data, err := os.ReadFile("/sys/class/net/lo/queues/rx-0/rps_cpus")
	if err != nil {
		return nil
	}
	return processorsIn(string(data))
})

// processorsIn reads a mask of processors as sysfs prints it, in words of 32 bits in hexadecimal
// with the highest first: "f,00000003". A mask of none is nil.
func processorsIn(mask string) map[int]bool {
	var in map[int]bool
	words := strings.Split(strings.TrimSpace(mask), ",")
	for i, text := range words {
		word, err := strconv.ParseUint(text, 16, 32)
		if err != nil {
			return nil
		}
		for bit := range 32 {
			if word&(1<<bit) == 0 {
				continue
			}
			if in == nil {
				in = map[int]bool{}
			}
			in[32*(len(words)-1-i)+bit] = true
		}
	}
	return in
}

// A backlogCanary is UDP sockets that send to themselves. Loopback puts every packet into the
// backlog of a processor, to be delivered in this order (netif_rx in net/core/dev.c): that of the
// processor that sends it, where the canary keeps the probe, or, with receive packet steering, that
// of another one, which the ports and addresses of a packet decide. So when a packet has come
// through each of these backlogs, all that was sent before has been delivered.
type backlogCanary struct {
	pin     *pin
	sockets []int // one for each backlog
	number  uint64
	late    bool // a packet came after the call that sent it had returned, or is steered
}

// newBacklogCanary makes a canary for the processors that packets are steered to, or for the
// probe's own if there are none.
func newBacklogCanary(steered map[int]bool) (canary, error) {
	c := &backlogCanary{}
	if err := c.make(steered); err != nil {
		c.close()
		return nil, fmt.Errorf("prepare to wait for delivery: %w", err)
	}
	return c, nil
}

func (c *backlogCanary) make(steered map[int]bool) (err error) {
	if c.pin, err = newPin(); err != nil {
		return err
	}
	if steered == nil {
		_, err := c.add()
		return err
	}
	// Which backlog a port leads to is found out by trial. A processor that is not reached by so
	// many of them is not online.
	reached := map[int]bool{}
	for range 32 * len(steered) {
		fd, err := c.add()
		if err != nil {
			return err
		}
		cpu, err := c.arrival(fd)
		if err != nil {
			return err
		}
		if reached[cpu] {
			closeFD(fd)
			c.sockets = c.sockets[:len(c.sockets)-1]
		}
		reached[cpu] = true
		if len(reached) == len(steered) {
			break
		}
	}
	return nil
}

// add makes a socket that sends to itself.
func (c *backlogCanary) add() (int, error) {
	fd, err := newSocketAside(scenario.UDP4)
	if err != nil {
		return -1, err
	}
	c.sockets = append(c.sockets, fd)
	addr, err := bind(fd, scenario.UDP4)
	if err != nil {
		return -1, err
	}
	return fd, connect(fd, addr).failure("connect")
}

// arrival sends a packet and tells which processor has delivered it, which the kernel notes for
// connected sockets (sk_incoming_cpu_update in net/ipv4/udp.c).
func (c *backlogCanary) arrival(fd int) (cpu int, err error) {
	if err := c.send(fd).failure("send"); err != nil {
		return 0, err
	}
	if !c.take(fd) && !c.await(fd, time.Now().Add(DefaultTimeout)) {
		return 0, unix.ETIMEDOUT
	}
	var n int32
	a, _ := getOption(fd, unix.SOL_SOCKET, unix.SO_INCOMING_CPU, unsafe.Pointer(&n), unsafe.Sizeof(n))
	return int(n), a.failure("read SO_INCOMING_CPU")
}

func (c *backlogCanary) close() {
	for _, fd := range c.sockets {
		closeFD(fd)
	}
	if c.pin != nil {
		c.pin.release()
	}
}

// sing waits until a packet has come through each backlog.
func (c *backlogCanary) sing(deadline time.Time) (bool, error) {
	c.late = len(c.sockets) > 1 // another processor may have more to do with what it has delivered
	c.number++                  // so that none that comes late passes for one of these
	for _, fd := range c.sockets {
		if c.send(fd).errno != 0 {
			return false, nil
		}
	}
	for _, fd := range c.sockets {
		if c.take(fd) {
			continue
		}
		c.late = true
		if !c.await(fd, deadline) {
			return false, nil
		}
	}
	return true, nil
}

// send sends a packet with the canary's number in it.
func (c *backlogCanary) send(fd int) answer {
	var buf [8]byte
	binary.NativeEndian.PutUint64(buf[:], c.number)
	return send(fd, buf[:], 0)
}

// take takes packets until it has that of the canary's number, and tells whether it has found it.
func (c *backlogCanary) take(fd int) bool {
	var buf [8]byte
	for recvNow(fd, buf[:], 0).ret == len(buf) {
		if binary.NativeEndian.Uint64(buf[:]) == c.number {
			return true
		}
	}
	return false
}

// await waits for the packet of the canary's number until a time, and takes it.
func (c *backlogCanary) await(fd int, deadline time.Time) bool {
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return c.take(fd)
		}
		p := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		if a := undisturbed(func() answer { return pollWaiting(&p, left) }); a.ret < 0 {
			return false
		}
		if c.take(fd) {
			return true
		}
	}
}

// done tells whether nothing was put off when it sang: then no further round is needed.
func (c *backlogCanary) done() bool { return !c.late }
