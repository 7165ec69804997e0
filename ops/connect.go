package ops

import (
	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// con connects the client. The socket stays a blocking one: SO_SNDTIMEO is what
// bounds connect, which answers EINPROGRESS when the time is over (socket(7)).
func (r *run) con(step) answer {
	fd := r.socket(scenario.Client).fd
	calls := 0
	a := r.slept(fd, unix.SO_SNDTIMEO, func() answer {
		calls++
		return connect(fd, &r.addr)
	})
	// A connect that a signal ended goes on connecting, so that the second call
	// says EALREADY where the first would have said EINPROGRESS.
	if calls > 1 && a.errno == scenario.Errno(unix.EALREADY) {
		a.errno = scenario.Errno(unix.EINPROGRESS)
	}
	r.connected = true
	r.noLoopback = a.errno == scenario.Errno(unix.ENETUNREACH)
	return a
}

// acc accepts from the listener. The first socket it gives is the server's.
func (r *run) acc(step) answer {
	fd := r.socket(scenario.Listener).fd
	ready := r.awaitConnection(fd)
	plugs := r.plugHoles(fd)
	a := undisturbed(func() answer { return accept(fd) })
	if !ready {
		setNonblock(fd, false)
	}
	for _, plug := range plugs {
		closeFD(plug)
	}
	if a.ret < 0 {
		return a
	}
	if server := r.socket(scenario.Server); server.fd < 0 {
		server.fd = a.ret
		a.opened = scenario.Server
	} else {
		r.extra = append(r.extra, a.ret)
	}
	return a
}

// awaitConnection waits until accept has an answer, or for the run's time limit.
// In the latter case it makes the listener a non-blocking one, so that accept has
// one then: EAGAIN.
//
// SO_RCVTIMEO would do the same on Linux, but gVisor's accept does not heed it.
func (r *run) awaitConnection(fd int) bool {
	p := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	// Most often it has one already, and a call that cannot sleep costs less.
	if a := asked(func() answer { return pollNow(&p) }); a.ret != 0 {
		return true
	}
	if a := undisturbed(func() answer { return pollWaiting(&p, r.timeout) }); a.ret != 0 {
		return true
	}
	setNonblock(fd, true)
	return false
}

// plugHoles occupies the numbers of closed sides with duplicates of fd, so that
// the next socket is given none of them. The original lets accept take a closed
// client's number, after which its -c polls the server by accident.
//
// The duplicates are to be closed right after: a closed side's number must be
// free, for it is the kernel that answers EBADF there.
func (r *run) plugHoles(fd int) []int {
	var plugs []int
	for _, s := range r.sockets {
		if !s.closed {
			continue
		}
		// Where fd is closed itself there is no plug, and no socket either.
		if a := dupFrom(fd, s.fd); a.ret >= 0 {
			plugs = append(plugs, a.ret)
		}
	}
	return plugs
}
