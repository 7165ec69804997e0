package ops

import "golang.org/x/sys/unix"

func (r *run) shr(s step) answer { return shutdown(s.fd, unix.SHUT_RD) }

func (r *run) shw(s step) answer { return shutdown(s.fd, unix.SHUT_WR) }

func (r *run) shb(s step) answer { return shutdown(s.fd, unix.SHUT_RDWR) }

func (r *run) lin(s step) answer { return setLinger(s.fd, unix.Linger{Onoff: 1, Linger: 0}) }

// clo closes the side for good. Its number is remembered and given to no later
// socket, and what is asked of it later is still asked of the kernel. A side that
// has no descriptor yet may still get one.
func (r *run) clo(s step) answer {
	r.socket(s.side).closed = s.fd >= 0
	return closeFD(s.fd)
}
