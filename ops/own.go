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
	epolls  pool[int]
	rings   pool[*ring]
	threads pool[*thread]
}

// A pool is what was made of a kind, of which the first ones are in use.
type pool[T any] struct {
	made  []T
	taken int
}

func (p *pool[T]) take() T {
	p.taken++
	return p.made[p.taken-1]
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
		r.own.epolls.made = append(r.own.epolls.made, fd)
	}
	var err error
	if r.canary, err = r.newCanary(); err != nil {
		return err
	}
	for range threads {
		thread, err := newThread()
		if err != nil {
			return err
		}
		r.own.threads.made = append(r.own.threads.made, thread)
	}
	for range asked + waitsInRing {
		ring, err := newRing()
		if err != nil {
			return err
		}
		r.own.rings.made = append(r.own.rings.made, ring)
	}
	return nil
}

func (o *own) close() {
	for _, t := range o.threads.made {
		t.close()
	}
	for _, fd := range o.epolls.made {
		closeFD(fd)
	}
	for _, ring := range o.rings.made {
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

// newSocketAside makes a socket of the probe's own.
func newSocketAside(f scenario.Family) (int, error) {
	low, err := newSocket(f)
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
