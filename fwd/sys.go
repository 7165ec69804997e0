package fwd

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// A sys makes the system calls of one thread, and tells a trace of each.
//
// Those on sockets are raw, without a word to Go's scheduler, as in package ops:
// the descriptors are non-blocking, so that no call sleeps, and the bytes are
// not to wait for a scheduler. A wait sleeps, and so may openat(2). No call is
// made again here; what the kernel answered goes to the caller.
type sys struct {
	tid     int
	trace   *Trace // nil without --trace
	client  int    // the client's descriptor, of the connection that calls are for
	waiting wait   // of the trace
}

func answered(r uintptr, errno unix.Errno) (int, unix.Errno) {
	if errno != 0 {
		return -1, errno
	}
	return int(r), 0
}

// socket makes a stream socket.
func (s *sys) socket(family int) (int, unix.Errno) {
	const kind = unix.SOCK_STREAM | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	protocol := 0
	if family != unix.AF_UNIX {
		protocol = unix.IPPROTO_TCP
	}
	s.trace.enter()
	r, _, errno := unix.RawSyscall(unix.SYS_SOCKET, uintptr(family), kind, uintptr(protocol))
	fd, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "socket", fd: family, flags: kind, size: protocol, ret: fd, errno: errno})
	}
	return fd, errno
}

func (s *sys) connect(fd int, to *address) unix.Errno {
	s.trace.enter()
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&to.raw)), uintptr(to.size))
	if s.trace != nil {
		s.trace.leave(s, call{name: "connect", fd: fd, addr: to, errno: errno})
	}
	return errno
}

// accept4 accepts a connection and puts its peer's address into from.
func (s *sys) accept4(fd int, from *address) (int, unix.Errno) {
	from.size = uint32(unsafe.Sizeof(from.raw))
	s.trace.enter()
	r, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&from.raw)),
		uintptr(unsafe.Pointer(&from.size)), unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0, 0)
	got, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "accept4", fd: fd, addr: from, flags: unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK, ret: got, errno: errno})
	}
	return got, errno
}

func (s *sys) recv(fd int, b []byte) (int, unix.Errno) {
	s.trace.enter()
	r, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	n, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "recvfrom", fd: fd, data: b, ret: n, errno: errno})
	}
	return n, errno
}

// send sends; more is MSG_MORE, for what a SHUT_WR or close follows at once,
// which then goes out in one segment with the last bytes.
func (s *sys) send(fd int, b []byte, more bool) (int, unix.Errno) {
	flags := unix.MSG_NOSIGNAL
	if more {
		flags |= unix.MSG_MORE
	}
	s.trace.enter()
	r, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), uintptr(flags), 0, 0)
	n, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "sendto", fd: fd, data: b, flags: flags, ret: n, errno: errno})
	}
	return n, errno
}

// splice moves bytes between a socket and a pipe without copying them.
func (s *sys) splice(from, to, n int) (int, unix.Errno) {
	const flags = unix.SPLICE_F_MOVE | unix.SPLICE_F_NONBLOCK
	s.trace.enter()
	r, _, errno := unix.RawSyscall6(unix.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(n), flags)
	moved, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "splice", fd: from, to: to, size: n, flags: flags, ret: moved, errno: errno})
	}
	return moved, errno
}

func (s *sys) makePipe() (p pipe, errno unix.Errno) {
	const flags = unix.O_NONBLOCK | unix.O_CLOEXEC
	var fds [2]int32
	s.trace.enter()
	_, _, errno = unix.RawSyscall(unix.SYS_PIPE2, uintptr(unsafe.Pointer(&fds)), flags, 0)
	p = pipe{int(fds[0]), int(fds[1])}
	if s.trace != nil {
		s.trace.leave(s, call{name: "pipe2", fd: p.r, to: p.w, flags: flags, errno: errno})
	}
	return p, errno
}

// setPipeSize gives the pipe's size, or -1.
func (s *sys) setPipeSize(p pipe, size int) int {
	s.trace.enter()
	r, _, errno := unix.RawSyscall(unix.SYS_FCNTL, uintptr(p.w), unix.F_SETPIPE_SZ, uintptr(size))
	n, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "fcntl", fd: p.w, size: size, ret: n, errno: errno})
	}
	return n
}

func (s *sys) shutdown(fd int) unix.Errno {
	s.trace.enter()
	_, _, errno := unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), unix.SHUT_WR, 0)
	if s.trace != nil {
		s.trace.leave(s, call{name: "shutdown", fd: fd, errno: errno})
	}
	return errno
}

// enable sets an option of the kind that is on or off.
func (s *sys) enable(fd, level, option int) {
	one := int32(1)
	s.trace.enter()
	_, _, errno := unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&one)), unsafe.Sizeof(one), 0)
	if s.trace != nil {
		s.trace.leave(s, call{name: "setsockopt", fd: fd, flags: option, errno: errno})
	}
}

// setAbort makes a later close send a reset: SO_LINGER {1,0}.
func (s *sys) setAbort(fd int) {
	linger := unix.Linger{Onoff: 1}
	s.trace.enter()
	_, _, errno := unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_LINGER,
		uintptr(unsafe.Pointer(&linger)), unsafe.Sizeof(linger), 0)
	if s.trace != nil {
		s.trace.leave(s, call{name: "setsockopt", fd: fd, flags: unix.SO_LINGER, errno: errno})
	}
}

// socketError is SO_ERROR, which takes the pending error away.
func (s *sys) socketError(fd int) unix.Errno {
	var value int32
	size := uint32(unsafe.Sizeof(value))
	s.trace.enter()
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_ERROR,
		uintptr(unsafe.Pointer(&value)), uintptr(unsafe.Pointer(&size)), 0)
	if s.trace != nil {
		s.trace.leave(s, call{name: "getsockopt", fd: fd, size: int(value), errno: errno})
	}
	if errno != 0 {
		return errno
	}
	return unix.Errno(value)
}

// close lets go of a descriptor. Whatever it answers, it is gone (close(2)).
func (s *sys) close(fd int) {
	s.trace.enter()
	_, _, errno := unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	if s.trace != nil {
		s.trace.leave(s, call{name: "close", fd: fd, errno: errno})
	}
}

func (s *sys) epollCreate() (int, unix.Errno) {
	s.trace.enter()
	r, _, errno := unix.RawSyscall(unix.SYS_EPOLL_CREATE1, unix.EPOLL_CLOEXEC, 0, 0)
	fd, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "epoll_create1", ret: fd, errno: errno})
	}
	return fd, errno
}

// epollCtl adds, changes or deletes fd's registration. Its data is fd itself.
func (s *sys) epollCtl(epfd, op, fd int, mask uint32) unix.Errno {
	event := &unix.EpollEvent{Events: mask, Fd: int32(fd)}
	if op == unix.EPOLL_CTL_DEL {
		event = nil
	}
	s.trace.enter()
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epfd), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(event)), 0, 0)
	if s.trace != nil {
		s.trace.leave(s, call{name: "epoll_ctl", fd: epfd, to: fd, flags: op, mask: mask, errno: errno})
	}
	return errno
}

// epollWait waits for at most ms milliseconds, without end if that is -1. It is
// the one call that may sleep, and then tells Go's scheduler so.
func (s *sys) epollWait(epfd int, events []unix.EpollEvent, ms int) (int, unix.Errno) {
	if s.trace != nil {
		s.trace.beginWait(s, epfd)
	}
	var r uintptr
	var errno unix.Errno
	if ms == 0 { // it does not sleep
		r, _, errno = unix.RawSyscall6(waitNumber, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	} else {
		r, _, errno = unix.Syscall6(waitNumber, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(ms), 0, 0)
	}
	n, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.endWait(s, epfd, events, ms, n, errno)
	}
	return n, errno
}

func (s *sys) eventfd() (int, unix.Errno) {
	s.trace.enter()
	r, _, errno := unix.RawSyscall(unix.SYS_EVENTFD2, 0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK, 0)
	fd, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "eventfd2", ret: fd, errno: errno})
	}
	return fd, errno
}

// readEventfd takes the count off an eventfd.
func (s *sys) readEventfd(fd int) {
	var count [8]byte
	s.trace.enter()
	r, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&count)), unsafe.Sizeof(count))
	n, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "read", fd: fd, data: count[:], ret: n, errno: errno})
	}
}

// openSocketFile opens the file of a UNIX socket, and fails with ELOOP where the path
// ends in a symbolic link.
func (s *sys) openSocketFile(path *[maxPath]byte) (int, unix.Errno) {
	const flags = unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC
	dirfd := unix.AT_FDCWD
	s.trace.enter()
	r, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dirfd), uintptr(unsafe.Pointer(path)), flags, 0, 0, 0)
	fd, errno := answered(r, errno)
	if s.trace != nil {
		s.trace.leave(s, call{name: "openat", data: path[:], ret: fd, errno: errno})
	}
	return fd, errno
}
