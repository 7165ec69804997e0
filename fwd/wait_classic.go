//go:build amd64

package fwd

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const waitName = "epoll_wait"

// epollWait is epoll_wait(2).
func epollWait(epfd int, events []unix.EpollEvent, ms int) (int, unix.Errno) {
	wait := unix.Syscall6
	if ms == 0 {
		wait = unix.RawSyscall6 // it does not sleep
	}
	r, _, errno := wait(unix.SYS_EPOLL_WAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(ms), 0, 0)
	return answered(r, errno)
}
