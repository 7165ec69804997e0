package ops

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// backlog is the original tool's: far more than a script connects.
const backlog = 1000

// A kind is what socket(2) takes.
type kind struct{ domain, typ, protocol int }

var kinds = [...]kind{
	scenario.TCP4:          {unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_TCP},
	scenario.TCP6:          {unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP},
	scenario.MPTCP:         {unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP},
	scenario.MPTCPListener: {unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP},
	scenario.Unix:          {unix.AF_UNIX, unix.SOCK_STREAM, 0},
	scenario.UnixSeqpacket: {unix.AF_UNIX, unix.SOCK_SEQPACKET, 0},
	scenario.UDP4:          {unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDP},
	scenario.UDP6:          {unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDP},
	scenario.UnixDgram:     {unix.AF_UNIX, unix.SOCK_DGRAM, 0},
	scenario.Socketpair:    {unix.AF_UNIX, unix.SOCK_STREAM, 0},
}

// newSocket makes a socket of a family. A kernel that does not have the family
// answers one of four errors, by what of it is missing (socket(2)), or ENOPROTOOPT
// if MPTCP is switched off (net.mptcp.enabled). To gVisor and to Linux before 5.6
// MPTCP's number is beyond those of all protocols: EINVAL (inet_create in net/ipv4/af_inet.c).
func newSocket(f scenario.Family) (int, error) {
	k := kinds[f]
	a := reply(unix.RawSyscall(unix.SYS_SOCKET, uintptr(k.domain), uintptr(k.typ|unix.SOCK_CLOEXEC), uintptr(k.protocol)))
	switch unix.Errno(a.errno) {
	case 0:
		return a.ret, nil
	case unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, unix.ESOCKTNOSUPPORT, unix.EPROTOTYPE, unix.ENOPROTOOPT, unix.EINVAL:
		return -1, lack(f.String()+" sockets", a.failure("socket"))
	}
	return -1, a.failure("socket")
}

// newPair makes a socketpair(2).
func newPair() (c, s int, err error) {
	var fds [2]int32
	k := kinds[scenario.Socketpair]
	a := reply(unix.RawSyscall6(unix.SYS_SOCKETPAIR, uintptr(k.domain), uintptr(k.typ|unix.SOCK_CLOEXEC), uintptr(k.protocol),
		uintptr(unsafe.Pointer(&fds)), 0, 0))
	return int(fds[0]), int(fds[1]), a.failure("socketpair")
}

// bind gives a socket an address of its family and gives that back. The
// original listens on every address; here nobody outside can reach the probe.
func bind(fd int, f scenario.Family) (*address, error) {
	addr := loopback(f)
	if one := int32(1); kinds[f].typ == unix.SOCK_STREAM && addr.raw.Family != unix.AF_UNIX {
		if a := setOption(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, one); a.errno != 0 {
			return addr, a.failure("set SO_REUSEADDR")
		}
	}
	a := bindTo(fd, addr)
	if a.errno == scenario.Errno(unix.EADDRNOTAVAIL) {
		return addr, lack(f.String()+" loopback address", a.failure("bind"))
	}
	if err := a.failure("bind to the loopback address"); err != nil || addr.raw.Family == unix.AF_UNIX {
		return addr, err
	}
	return addr, addressOf(fd, addr).failure("getsockname")
}

// addressOf replaces addr by the address that a socket has.
func addressOf(fd int, addr *address) answer {
	addr.size = uint32(unsafe.Sizeof(addr.raw))
	return reply(unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd),
		uintptr(unsafe.Pointer(&addr.raw)), uintptr(unsafe.Pointer(&addr.size))))
}

func bindTo(fd int, addr *address) answer {
	return reply(unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&addr.raw)), uintptr(addr.size)))
}

func listen(fd, backlog int) answer {
	return reply(unix.RawSyscall(unix.SYS_LISTEN, uintptr(fd), uintptr(backlog), 0))
}

// Lacks tells whether err is a *[LackError].
func Lacks(err error) (*LackError, bool) { return errors.AsType[*LackError](err) }
