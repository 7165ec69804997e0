package ops

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// This file and its neighbours poll_*.go hold every system call on a probed
// socket, in two kinds.
//
// A call that cannot sleep (MSG_DONTWAIT, a poll without a wait, anything that
// only changes state) is raw: it leaves Go's scheduler out, and so costs what
// the same call costs from C. The wrappers of x/sys/unix cost a fifth and more
// on top.
//
// A call that can sleep (connect, accept and recv on a blocking socket, and
// close, which may linger) tells the scheduler before it enters the kernel. A
// raw one would keep its processor, and whatever waits for a garbage
// collection, for as long as it sleeps.
//
// No socket is ever shown to the runtime's poller or to package net: both would
// put it into non-blocking mode and answer in the kernel's place.

// An answer is what the kernel said to one call, or to the calls that make a
// step. See [scenario.Observation] for the fields.
type answer struct {
	ret    int
	errno  scenario.Errno
	polled bool
	events scenario.Events
	opened scenario.Side
	info   string
}

// reply turns the results of a system call into an answer: as the C library has
// it, -1 stands beside an error.
func reply(r1, _ uintptr, errno unix.Errno) answer {
	if errno != 0 {
		return answer{ret: -1, errno: scenario.Errno(errno)}
	}
	return answer{ret: int(r1)}
}

// failure is the answer as a Go error, for a call that had to succeed.
func (a answer) failure(call string) error {
	if a.errno == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", call, unix.Errno(a.errno))
}

// Calls that cannot sleep.

func send(fd int, data []byte, flags int) answer {
	return reply(unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)),
		uintptr(flags|unix.MSG_DONTWAIT), 0, 0))
}

func recvNow(fd int, buf []byte, flags int) answer {
	return reply(unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)),
		uintptr(flags|unix.MSG_DONTWAIT), 0, 0))
}

func shutdown(fd, how int) answer {
	return reply(unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), uintptr(how), 0))
}

func setLinger(fd int, l unix.Linger) answer {
	return reply(unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_LINGER,
		uintptr(unsafe.Pointer(&l)), unsafe.Sizeof(l), 0))
}

func setOption(fd, level, option int, value int32) answer {
	return reply(unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&value)), unsafe.Sizeof(value), 0))
}

// getOption reads an option into what p points to, of which it gives the size.
func getOption(fd, level, option int, p unsafe.Pointer, size uintptr) (answer, uintptr) {
	n := uint32(size)
	a := reply(unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(p), uintptr(unsafe.Pointer(&n)), 0))
	return a, uintptr(n)
}

// ask makes an ioctl that gives a number.
func ask(fd int, request uintptr) (answer, int) {
	var n int32
	a := reply(unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(&n))))
	return a, int(n)
}

// setTimeout bounds the calls on fd that can sleep: option is SO_SNDTIMEO for
// connect, and SO_RCVTIMEO for recv. Readiness does not depend on either
// (socket(7)).
func setTimeout(fd, option int, d time.Duration) answer {
	tv := unix.NsecToTimeval(d.Nanoseconds())
	return reply(unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, uintptr(option),
		uintptr(unsafe.Pointer(&tv)), unsafe.Sizeof(tv), 0))
}

func epollCtl(epfd, op, fd int, event *unix.EpollEvent) answer {
	return reply(unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epfd), uintptr(op), uintptr(fd),
		uintptr(unsafe.Pointer(event)), 0, 0))
}

// dupFrom duplicates fd to the lowest free number that is at least least.
func dupFrom(fd, least int) answer {
	return reply(unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), unix.F_DUPFD_CLOEXEC, uintptr(least)))
}

// setNonblock sets or clears O_NONBLOCK, the only flag that a probed socket can
// have.
func setNonblock(fd int, on bool) answer {
	flags := 0
	if on {
		flags = unix.O_NONBLOCK
	}
	return reply(unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), unix.F_SETFL, uintptr(flags)))
}

// Calls that can sleep.

// pollWaiting is ppoll(2) on one descriptor, for at most d.
func pollWaiting(p *unix.PollFd, d time.Duration) answer {
	ts := unix.NsecToTimespec(d.Nanoseconds())
	return reply(unix.Syscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(p)), 1,
		uintptr(unsafe.Pointer(&ts)), 0, 0, 0))
}

func connect(fd int, addr *address) answer {
	return reply(unix.Syscall(unix.SYS_CONNECT, uintptr(fd),
		uintptr(unsafe.Pointer(&addr.raw)), uintptr(addr.size)))
}

func accept(fd int) answer {
	return reply(unix.Syscall6(unix.SYS_ACCEPT4, uintptr(fd), 0, 0, unix.SOCK_CLOEXEC, 0, 0))
}

func recvWaiting(fd int, buf []byte) answer {
	return reply(unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0, 0))
}

// closeFD is never made again, EINTR or not: Linux has let go of the descriptor
// whatever close answers (close(2), "Dealing with error returns from close()").
func closeFD(fd int) answer {
	return reply(unix.Syscall(unix.SYS_CLOSE, uintptr(fd), 0, 0))
}

// closeRange is close_range(2) from first to last, both included.
func closeRange(first, last int) answer {
	return reply(unix.Syscall(unix.SYS_CLOSE_RANGE, uintptr(first), uintptr(last), 0))
}
