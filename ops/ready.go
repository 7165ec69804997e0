package ops

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

func (r *run) pol(s step) answer {
	mask := scenario.MaskOf("pol", s.arg)
	var a answer
	switch s.api {
	case scenario.PPoll:
		a = asked(func() answer { return pollFor(s.fd, mask, 0) })
	case scenario.Select:
		a = asked(func() answer { return selectFor(s.fd, mask, 0) })
	case scenario.Epoll, scenario.EpollET, scenario.EpollOneshot:
		a = r.askEpoll(s, mask)
	case scenario.Uring:
		a = r.askRing(s.fd, mask)
	default:
		return askPoll(s.fd, mask)
	}
	a.polled = true
	return a
}

// askPoll asks poll(2) about fd, without a wait.
func askPoll(fd int, mask scenario.Events) answer {
	p := unix.PollFd{Fd: int32(fd), Events: int16(mask)}
	a := asked(func() answer { return pollNow(&p) })
	a.polled = true
	if a.ret > 0 {
		a.events = scenario.Events(uint16(p.Revents))
	}
	return a
}

// pollFor asks ppoll(2) about fd, for at most d.
func pollFor(fd int, mask scenario.Events, d time.Duration) answer {
	p := unix.PollFd{Fd: int32(fd), Events: int16(mask)}
	a := pollWaiting(&p, d)
	if a.ret > 0 {
		a.events = scenario.Events(uint16(p.Revents))
	}
	return a
}

// selectFor asks select(2) about fd, for at most d. Its three sets are shown as
// IN, OUT and PRI; what it returns is in how many of them fd is. A side without a
// descriptor is in none.
func selectFor(fd int, mask scenario.Events, d time.Duration) answer {
	const word = 64
	bits := [3]scenario.Events{scenario.In, scenario.Out, scenario.Pri}
	sets := make([][]uint64, len(bits)) // as long as fd needs: FD_SETSIZE is the C library's limit
	asks := mask.InSelect()
	for i, bit := range bits {
		sets[i] = make([]uint64, max(fd, 0)/word+1)
		if fd >= 0 && asks&bit != 0 {
			sets[i][fd/word] |= 1 << (fd % word)
		}
	}
	ts := unix.NsecToTimespec(d.Nanoseconds())
	a := reply(unix.Syscall6(unix.SYS_PSELECT6, uintptr(fd+1), uintptr(unsafe.Pointer(&sets[0][0])),
		uintptr(unsafe.Pointer(&sets[1][0])), uintptr(unsafe.Pointer(&sets[2][0])), uintptr(unsafe.Pointer(&ts)), 0))
	if a.ret > 0 {
		for i, bit := range bits {
			if sets[i][fd/word]&(1<<(fd%word)) != 0 {
				a.events |= bit
			}
		}
	}
	return a
}

// wai waits for readiness beside the steps that follow.
func (r *run) wai(s step) waiting {
	mask, limit := scenario.MaskOf("wai", s.arg), s.arg.Duration()
	w := waiting{polled: true}
	switch s.api {
	case scenario.Select:
		w.call = func() answer {
			return undisturbed(func() answer { return selectFor(s.fd, mask, limit) })
		}
	case scenario.Epoll, scenario.EpollET, scenario.EpollOneshot:
		w.call = r.awaitEpoll(s, mask, limit)
	case scenario.Uring:
		w.call = r.awaitRing(s.fd, mask, limit)
	default:
		w.call = func() answer {
			return undisturbed(func() answer { return pollFor(s.fd, mask, limit) })
		}
	}
	return w
}
