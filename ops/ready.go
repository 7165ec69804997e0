package ops

import (
	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// interest is the mask that pol asks for. ERR, HUP and NVAL are reported
// without being asked for (poll(2)).
const interest = unix.POLLIN | unix.POLLOUT | unix.POLLRDHUP

func (r *run) pol(s step) answer {
	if s.epoll {
		return r.askEpoll(s.fd)
	}
	return askPoll(s.fd)
}

// askPoll asks poll(2) about fd, without a wait.
func askPoll(fd int) answer {
	p := unix.PollFd{Fd: int32(fd), Events: interest}
	a := asked(func() answer { return pollNow(&p) })
	a.polled = true
	if a.ret > 0 {
		a.events = scenario.Events(uint16(p.Revents))
	}
	return a
}

// askEpoll adds fd, waits for no time and deletes it again, so that each pol is
// a question of its own. A descriptor that cannot be added, such as a closed
// one, gets epoll_ctl's error for an answer; the original drops it and shows
// epoll_wait's 0 instead.
func (r *run) askEpoll(fd int) answer {
	event := unix.EpollEvent{Events: interest, Fd: int32(fd)}
	a := epollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &event)
	if a.errno == 0 {
		a = asked(func() answer { return epollWaitNow(r.epoll, &event) })
		if a.ret > 0 {
			a.events = scenario.Events(event.Events)
		}
		epollCtl(r.epoll, unix.EPOLL_CTL_DEL, fd, &event)
	}
	a.polled = true
	return a
}

// newEpoll makes an epoll descriptor. It is moved up from where it is made, which
// will be the next socket's number, as it is without -e.
func newEpoll() (int, error) {
	low, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer closeFD(low)
	return unix.FcntlInt(uintptr(low), unix.F_DUPFD_CLOEXEC, low+1)
}
