package ops

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// backlog is the original tool's: far more than a script connects.
const backlog = 1000

// newSocket makes a TCP socket over IPv4.
func newSocket() (int, error) {
	a := reply(unix.RawSyscall(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP))
	return a.ret, a.failure("socket")
}

// listen makes fd listen on a free port of 127.0.0.1 and gives its address. The
// original listens on every address; here nobody outside can reach the probe.
func listen(fd int) (unix.RawSockaddrInet4, error) {
	addr := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: [4]byte{127, 0, 0, 1}}
	one, size := int32(1), uint32(unsafe.Sizeof(addr))

	a := reply(unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR,
		uintptr(unsafe.Pointer(&one)), unsafe.Sizeof(one), 0))
	if a.errno != 0 {
		return addr, a.failure("set SO_REUSEADDR")
	}
	a = reply(unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&addr)), uintptr(size)))
	if a.errno != 0 {
		return addr, a.failure("bind to 127.0.0.1")
	}
	a = reply(unix.RawSyscall(unix.SYS_LISTEN, uintptr(fd), backlog, 0))
	if a.errno != 0 {
		return addr, a.failure("listen")
	}
	a = reply(unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd),
		uintptr(unsafe.Pointer(&addr)), uintptr(unsafe.Pointer(&size))))
	return addr, a.failure("getsockname")
}
