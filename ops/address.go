package ops

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// An address is one of any family, as the kernel has it.
type address struct {
	raw  unix.RawSockaddrUnix // the longest of those that are used
	size uint32
}

// unspecific is the address whose connect dissolves a connection (connect(2)).
var unspecific = address{raw: unix.RawSockaddrUnix{Family: unix.AF_UNSPEC}, size: unix.SizeofSockaddrInet4}

// loopback is an address of the family that nobody outside this machine can
// reach, and that is free: with port 0, or with a name that no other run has.
func loopback(f scenario.Family) *address {
	a := &address{}
	switch f {
	case scenario.TCP6, scenario.UDP6:
		*(*unix.RawSockaddrInet6)(unsafe.Pointer(&a.raw)) = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: [16]byte{15: 1}}
		a.size = unix.SizeofSockaddrInet6
	case scenario.Unix, scenario.UnixSeqpacket, scenario.UnixDgram:
		// A name that begins with a zero byte is no file (unix(7)).
		name := fmt.Sprintf("\x00sockprobe-%d-%d", os.Getpid(), names.Add(1))
		a.raw.Family = unix.AF_UNIX
		for i := range len(name) {
			a.raw.Path[i] = int8(name[i])
		}
		a.size = uint32(unsafe.Offsetof(a.raw.Path)) + uint32(len(name))
	default:
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(&a.raw)) = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: [4]byte{127, 0, 0, 1}}
		a.size = unix.SizeofSockaddrInet4
	}
	return a
}

// names counts the UNIX addresses that were made.
var names atomic.Int64
