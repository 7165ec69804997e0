//go:build amd64

package fwd

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const waitName = "epoll_wait"

// epollWait is epoll_wait(2).
func epollWait(epfd int, events []unix.EpollEvent, ms int) (int, unix.Errno) {
	if ms == 0 { // it does not sleep
		r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_WAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
		return answered(r, errno)
	}
	r, _, errno := unix.Syscall6(unix.SYS_EPOLL_WAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(ms), 0, 0)
	return answered(r, errno)
}
