//go:build !amd64

package ops

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Younger architectures have only the calls that also take a signal mask. With
// none given they are the older ones (poll(2), epoll_wait(2)).

// waitCalls are the calls in which a waiter sleeps.
var waitCalls = []int{unix.SYS_PPOLL, unix.SYS_PSELECT6, unix.SYS_EPOLL_PWAIT, unix.SYS_RECVFROM}

// pollNow is poll(2) on one descriptor, without a wait.
func pollNow(p *unix.PollFd) answer {
	var noWait unix.Timespec
	return reply(unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(p)), 1,
		uintptr(unsafe.Pointer(&noWait)), 0, 0, 0))
}

// epollWaitNow is epoll_wait(2) for one event, without a wait.
func epollWaitNow(epfd int, event *unix.EpollEvent) answer {
	return reply(unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd),
		uintptr(unsafe.Pointer(event)), 1, 0, 0, 0))
}

// epollWaiting is epoll_wait(2) for one event, for at most d, which is rounded up to milliseconds.
func epollWaiting(epfd int, event *unix.EpollEvent, d time.Duration) answer {
	ms := (d + time.Millisecond - 1) / time.Millisecond
	return undisturbed(func() answer {
		return reply(unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd),
			uintptr(unsafe.Pointer(event)), 1, uintptr(ms), 0, 0))
	})
}
