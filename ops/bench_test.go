package ops

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

const seedScript = "-c snd,shw -s pol,rcv,pol,rcv,pol,snd,lin,clo -c pol,rcv,pol,rcv,pol,rcv,pol"

// BenchmarkSeedScript runs the seed's long script and, in turns with it, the
// same calls in a bare row of raw system calls. Its "ratio" is the median of the
// one over the median of the other.
func BenchmarkSeedScript(b *testing.B) {
	script, err := scenario.Parse(strings.Fields(seedScript), Verbs())
	if err != nil {
		b.Fatal(err)
	}
	answers := 0
	observe := func(scenario.Observation) { answers++ }
	var probe, bare []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		if err := Run(script, Options{}, observe); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		bareSeedCalls(b)
		probe = append(probe, middle.Sub(start))
		bare = append(bare, time.Since(middle))
	}
	if want := 19 * len(probe); answers != want {
		b.Fatalf("%d answers, want %d", answers, want)
	}
	b.ReportMetric(float64(median(probe)), "probe-ns/op")
	b.ReportMetric(float64(median(bare)), "bare-ns/op")
	b.ReportMetric(float64(median(probe))/float64(median(bare)), "ratio")
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// What the bare calls point to. The kernel gets addresses as plain numbers, so
// none of it may be on a stack, which can move.
var bareArgs struct {
	one    int32
	size   uint32
	linger unix.Linger
	addr   unix.RawSockaddrInet4
	poll   unix.PollFd
	buf    [rcvSize]byte
}

// bareSeedCalls makes the calls of the seed's script and none else.
func bareSeedCalls(b *testing.B) {
	call := func(trap, a1, a2, a3, a4, a5 uintptr) uintptr {
		r, _, _ := unix.RawSyscall6(trap, a1, a2, a3, a4, a5, 0)
		return r
	}
	at := &bareArgs
	at.one, at.size, at.linger = 1, unix.SizeofSockaddrInet4, unix.Linger{Onoff: 1}
	at.addr = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: [4]byte{127, 0, 0, 1}}
	addr, size := uintptr(unsafe.Pointer(&at.addr)), uintptr(at.size)
	poll := func(fd uintptr) {
		at.poll = unix.PollFd{Fd: int32(fd), Events: int16(scenario.Interest)}
		pollNow(&at.poll) // raw, and another call on other architectures
	}
	recv := func(fd uintptr) {
		call(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&at.buf)), rcvSize, unix.MSG_DONTWAIT, 0)
	}
	send := func(fd uintptr) {
		call(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(payload))), 3,
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0)
	}

	l := call(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP, 0, 0)
	call(unix.SYS_SETSOCKOPT, l, unix.SOL_SOCKET, unix.SO_REUSEADDR, uintptr(unsafe.Pointer(&at.one)), 4)
	call(unix.SYS_BIND, l, addr, size, 0, 0)
	call(unix.SYS_LISTEN, l, backlog, 0, 0, 0)
	call(unix.SYS_GETSOCKNAME, l, addr, uintptr(unsafe.Pointer(&at.size)), 0, 0)
	c := call(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP, 0, 0)
	call(unix.SYS_CONNECT, c, addr, size, 0, 0)

	send(c)
	call(unix.SYS_SHUTDOWN, c, unix.SHUT_WR, 0, 0, 0)

	s := call(unix.SYS_ACCEPT4, l, 0, 0, unix.SOCK_CLOEXEC, 0)
	poll(s)
	recv(s)
	poll(s)
	recv(s)
	poll(s)
	send(s)
	call(unix.SYS_SETSOCKOPT, s, unix.SOL_SOCKET, unix.SO_LINGER, uintptr(unsafe.Pointer(&at.linger)), unsafe.Sizeof(at.linger))
	call(unix.SYS_CLOSE, s, 0, 0, 0, 0)

	poll(c)
	recv(c)
	poll(c)
	recv(c)
	poll(c)
	recv(c)
	poll(c)
	if at.poll.Revents != 0x2015 { // as the seed has it: the reset has been seen
		b.Fatalf("the bare calls end with %#x", at.poll.Revents)
	}

	call(unix.SYS_CLOSE, c, 0, 0, 0, 0)
	call(unix.SYS_CLOSE, l, 0, 0, 0, 0)
}
