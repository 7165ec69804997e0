package ops

import (
	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// con connects a client, or where there is no listener, the side itself. The socket
// stays a blocking one: SO_SNDTIMEO is what
// bounds connect, which answers EINPROGRESS when the time is over (socket(7)). With
// "nb" it is a non-blocking one for this call.
func (r *run) con(s step) answer {
	from, to := r.route(s.side)
	from.tried = true
	fd, addr := from.fd, to.addr
	if addr == nil {
		addr = &address{} // of no bytes, as there is none
	}
	if s.arg.Given() && !from.nonblocking {
		setNonblock(fd, true)
		defer setNonblock(fd, false)
	}
	calls := 0
	a := r.slept(fd, unix.SO_SNDTIMEO, func() answer {
		calls++
		return connect(fd, addr)
	})
	// A connect that a signal ended goes on connecting, so that the second call
	// says EALREADY where the first would have said EINPROGRESS.
	if calls > 1 && a.errno == scenario.Errno(unix.EALREADY) {
		a.errno = scenario.Errno(unix.EINPROGRESS)
	}
	if a.errno == scenario.Errno(unix.ENETUNREACH) {
		r.fail(ErrNoLoopback)
	}
	return a
}

// route gives the socket that a con connects, and the one that it connects to.
func (r *run) route(side scenario.Side) (from, to *socket) {
	from = r.socket(r.family.ActsOn("con", side))
	if r.family.HasListener() {
		return from, r.socket(scenario.Listener)
	}
	if peer := side.Peer(); peer != 0 {
		return from, r.socket(peer)
	}
	return from, r.socket(side.Original()) // the listener that there is not
}

// dis dissolves what connect has made.
func (r *run) dis(s step) answer {
	addr := unspecific
	return connect(s.fd, &addr)
}

// lis listens. A socket that has no address gets a loopback one before, as it would
// else listen on every address of the machine.
func (r *run) lis(s step) answer {
	length := backlog
	if s.arg.Given() {
		length = int(s.arg.N)
	}
	if s.side.Original() != scenario.Listener && kinds[r.family].domain != unix.AF_UNIX && r.family.HasListener() {
		bindTo(s.fd, loopback(r.family)) // EINVAL if it has one
	}
	a := listen(s.fd, length)
	if l := r.socket(scenario.Listener); a.errno == 0 && l.addr != nil && s.side.Original() == scenario.Listener {
		// A socket that was bound to any port, as it was, has another one when it listens again:
		// a shutdown lets go of it (SOCK_BINDPORT_LOCK in net/ipv4/af_inet.c).
		_ = addressOf(s.fd, l.addr) // it listens, so that it has one
	}
	return a
}

// acc accepts from the listener, or where there is none, from the side itself. The first socket it gives is the server's,
// the second the second server's.
func (r *run) acc(s step) answer {
	from := r.socket(r.family.ActsOn("acc", s.side))
	fd := from.fd
	ready := from.nonblocking || !r.family.HasListener() || r.awaitConnection(fd)
	plugs := r.plugHoles(fd)
	a := undisturbed(func() answer { return accept(fd) })
	unplug(plugs)
	if !ready {
		setNonblock(fd, false)
	}
	if a.ret < 0 {
		return a
	}
	for _, side := range []scenario.Side{scenario.Server, scenario.Server2} {
		if server := r.socket(side); server.fd < 0 {
			server.fd = a.ret
			a.opened = side
			return a
		}
	}
	r.extra = append(r.extra, a.ret)
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
// the next descriptor is given none of them. The original lets accept take a closed
// client's number, after which its -c polls the server by accident.
//
// The duplicates are to be closed right after: a closed side's number must be
// free, for it is the kernel that answers EBADF there.
func (r *run) plugHoles(fd int) []int {
	var plugs []int
	for i := range r.sockets {
		s := &r.sockets[i]
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

func unplug(plugs []int) {
	for _, plug := range plugs {
		closeFD(plug)
	}
}

// dup makes the side's copy. A second one of the same side has no letter.
func (r *run) dup(s step) answer {
	least := 0 // beyond all numbers of closed sides
	for i := range r.sockets {
		if r.sockets[i].closed {
			least = max(least, r.sockets[i].fd+1)
		}
	}
	a := dupFrom(s.fd, least)
	if a.ret < 0 {
		return a
	}
	if c := r.socket(s.side.Copy()); c.fd < 0 {
		c.fd = a.ret
		a.opened = s.side.Copy()
		return a
	}
	r.extra = append(r.extra, a.ret)
	return a
}
