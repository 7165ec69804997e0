package ops

import (
	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// own are the descriptors that a run has for itself. They are made before the first
// socket and moved out of the way: made later, one would for a moment have the
// number of a side that the script has closed, and a waiter on that number could
// find it there when its time is over.
type own struct {
	epolls  []int     // not yet in use, and
	rings   []*ring   // likewise,
	threads []*thread // likewise;
	used    []int     // in use
	inUse   []*ring
	busy    []*thread
}

// makeOwn makes what a script needs: an epoll descriptor for the plain questions, one for each
// side that may be registered, and one for each wait; and likewise a ring.
func (r *run) makeOwn(script scenario.Script) error {
	type registration struct {
		side scenario.Side
		trigger
	}
	registrations := map[registration]bool{}
	plain, asked := 0, 0
	waits, waitsInRing, threads := 0, 0, 0
	for _, cmd := range script.Commands {
		t := triggerOf(cmd.API)
		epolls := cmd.API == scenario.Epoll || t.flag != 0
		for _, s := range cmd.Steps {
			switch {
			case s.Verb == "add", s.Verb == "mod", s.Verb == "del", t.flag != 0 && (s.Verb == "pol" || s.Verb == "wai"):
				registrations[registration{cmd.Side, t}] = true
			case s.Verb == "pol" && epolls, s.Verb == "que" && s.Arg.Given():
				plain = 1
			case s.Verb == "wai" && epolls:
				waits++
			case s.Verb == "pol" && cmd.API == scenario.Uring:
				asked = 1
			case s.Verb == "wai" && cmd.API == scenario.Uring:
				waitsInRing++
			}
			if byName[s.Verb].wait != nil {
				threads++
			}
		}
	}
	for range plain + len(registrations) + waits {
		fd, err := newEpoll()
		if err != nil {
			return err
		}
		r.own.epolls = append(r.own.epolls, fd)
	}
	if r.family == scenario.MPTCP && r.settleFor > 0 {
		r.canary = newCanary()
	}
	for range threads {
		r.own.threads = append(r.own.threads, newThread())
	}
	for range asked + waitsInRing {
		ring, err := newRing()
		if err != nil {
			return err
		}
		r.own.rings = append(r.own.rings, ring)
	}
	return nil
}

// epoll gives one of those that were made.
func (o *own) epoll() int {
	fd := o.epolls[0]
	o.epolls, o.used = o.epolls[1:], append(o.used, fd)
	return fd
}

// ring gives one of those that were made.
func (o *own) ring() *ring {
	ring := o.rings[0]
	o.rings, o.inUse = o.rings[1:], append(o.inUse, ring)
	return ring
}

// thread gives one of those that were made.
func (o *own) thread() *thread {
	t := o.threads[0]
	o.threads, o.busy = o.threads[1:], append(o.busy, t)
	return t
}

func (o *own) close() {
	for _, t := range append(o.threads, o.busy...) {
		t.close()
	}
	for _, fd := range append(o.epolls, o.used...) {
		closeFD(fd)
	}
	for _, ring := range append(o.rings, o.inUse...) {
		ring.close()
	}
}

// newEpoll makes an epoll descriptor.
func newEpoll() (int, error) {
	low, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return -1, err
	}
	return aside(low)
}

// aside moves a descriptor of the probe's own up from where it was made, which is
// the lowest free number, and the one that a socket would have.
func aside(low int) (int, error) {
	const from = 32
	defer closeFD(low)
	a := dupFrom(low, from)
	if a.errno == scenario.Errno(unix.EINVAL) { // the process may not have that many
		a = dupFrom(low, low+1)
	}
	return a.ret, a.failure("move a descriptor out of the way")
}
