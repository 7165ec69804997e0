//go:build !amd64

package fwd

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const waitName = "epoll_pwait"

// epollWait is epoll_pwait(2) without a signal mask, which is epoll_wait(2):
// younger architectures have no other.
func epollWait(epfd int, events []unix.EpollEvent, ms int) (int, unix.Errno) {
	if ms == 0 { // it does not sleep
		r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
		return answered(r, errno)
	}
	r, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(ms), 0, 0)
	return answered(r, errno)
}
