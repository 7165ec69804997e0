package ops

import (
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// A registered is what is kept of a side with epoll: an epoll descriptor of its own, so
// that a wait answers about that side only, and whether the side is registered
// there as far as add, mod and del have said.
type registered struct {
	epoll int
	made  bool // there is an epoll descriptor
	added bool
	mask  scenario.Events
}

// A trigger is how a registration reports.
type trigger struct {
	index int
	flag  uint32
}

func triggerOf(api scenario.API) trigger {
	switch api {
	case scenario.EpollET:
		return trigger{1, unix.EPOLLET & 0xffffffff}
	case scenario.EpollOneshot:
		return trigger{2, unix.EPOLLONESHOT}
	default:
		return trigger{0, 0}
	}
}

// kept is what is kept of a side for a trigger.
func (r *run) kept(side scenario.Side, t trigger) *registered {
	s := r.socket(side)
	if s.kept == nil {
		s.kept = new([3]registered)
	}
	return &s.kept[t.index]
}

// control makes epoll_ctl(2) for a side. Its answer stands as it is.
func (r *run) control(s step, op int, mask scenario.Events) (*registered, answer) {
	t := triggerOf(s.api)
	k := r.kept(s.side, t)
	if !k.made {
		k.epoll, k.made = r.own.epolls.take(), true
	}
	event := unix.EpollEvent{Events: uint32(mask) | t.flag, Fd: int32(s.fd)}
	a := epollCtl(k.epoll, op, s.fd, &event)
	if a.errno == 0 {
		k.added, k.mask = op != unix.EPOLL_CTL_DEL, mask
	}
	return k, a
}

func (r *run) add(s step) answer { return r.register(s, unix.EPOLL_CTL_ADD) }

func (r *run) mod(s step) answer { return r.register(s, unix.EPOLL_CTL_MOD) }

func (r *run) del(s step) answer { return r.register(s, unix.EPOLL_CTL_DEL) }

func (r *run) register(s step, op int) answer {
	_, a := r.control(s, op, scenario.MaskOf("add", s.arg))
	return a
}

// keep has a side registered for a mask, where one is kept: with EPOLLET and
// EPOLLONESHOT always, else if add has made one. It is registered if it is not yet, and
// modified if another mask is asked for in so many words.
func (r *run) keep(s step, mask scenario.Events, inWords bool) (*registered, answer) {
	t := triggerOf(s.api)
	k := r.kept(s.side, t)
	switch {
	case !k.added && t.flag == 0:
		return nil, answer{}
	case !k.added:
		return r.control(s, unix.EPOLL_CTL_ADD, mask)
	case inWords && k.mask != mask:
		return r.control(s, unix.EPOLL_CTL_MOD, mask)
	}
	return k, answer{}
}

// askEpoll asks epoll about a side, without a wait. Without a registration that is kept it adds the
// side, waits for no time and deletes it again, so that each pol is
// a question of its own. A descriptor that cannot be added, such as a closed
// one, gets epoll_ctl's error for an answer; the original drops it and shows
// epoll_wait's 0 instead.
func (r *run) askEpoll(s step, mask scenario.Events) answer {
	k, a := r.keep(s, mask, s.arg.Masked)
	switch {
	case a.errno != 0:
		return a
	case k != nil:
		return eventsNow(k.epoll)
	}
	epfd := r.plainEpoll()
	event := unix.EpollEvent{Events: uint32(mask), Fd: int32(s.fd)}
	a = epollCtl(epfd, unix.EPOLL_CTL_ADD, s.fd, &event)
	if a.errno == 0 {
		a = eventsNow(epfd)
		epollCtl(epfd, unix.EPOLL_CTL_DEL, s.fd, &event)
	}
	return a
}

// plainEpoll is the epoll descriptor for questions that leave nothing behind.
func (r *run) plainEpoll() int {
	if r.epoll < 0 {
		r.epoll = r.own.epolls.take()
	}
	return r.epoll
}

func eventsNow(epfd int) answer {
	var event unix.EpollEvent
	a := asked(func() answer { return epollWaitNow(epfd, &event) })
	if a.ret > 0 {
		a.events = scenario.Events(event.Events)
	}
	return a
}

// awaitEpoll prepares a wait for a side.
func (r *run) awaitEpoll(s step, mask scenario.Events, limit time.Duration) func() answer {
	k, a := r.keep(s, mask, s.arg.Masked)
	if a.errno != 0 {
		return func() answer { return a }
	}
	epfd := 0
	if k == nil {
		epfd = r.own.epolls.take()
		event := unix.EpollEvent{Events: uint32(mask), Fd: int32(s.fd)}
		a = epollCtl(epfd, unix.EPOLL_CTL_ADD, s.fd, &event)
	} else {
		epfd = k.epoll
	}
	return func() answer {
		if a.errno == 0 {
			var event unix.EpollEvent
			if a = epollWaiting(epfd, &event, limit); a.ret > 0 {
				a.events = scenario.Events(event.Events)
			}
		}
		return a
	}
}
