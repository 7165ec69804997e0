package ops

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// err takes the pending error (socket(7), SO_ERROR).
func (r *run) err(s step) answer {
	var value int32
	a, _ := getOption(s.fd, unix.SOL_SOCKET, unix.SO_ERROR, unsafe.Pointer(&value), unsafe.Sizeof(value))
	if a.errno == 0 {
		a.info = scenario.PendingError(scenario.Errno(value))
	}
	return a
}

// que asks how many bytes wait to be received, and how many sent ones wait to be
// acknowledged (tcp(7), udp(7), unix(7)).
func (r *run) que(s step) answer {
	if s.arg.Given() {
		return r.queEpoll()
	}
	a, in := ask(s.fd, unix.SIOCINQ)
	if a.errno != 0 {
		return a
	}
	a, out := ask(s.fd, unix.SIOCOUTQ)
	if a.errno == 0 {
		a.info = fmt.Sprintf("in=%d out=%d", in, out)
	}
	return a
}

// queEpoll asks an epoll descriptor instead, which has no such thing.
func (r *run) queEpoll() answer {
	a, _ := ask(r.plainEpoll(), unix.SIOCINQ)
	return a
}

// inf asks TCP for its state (tcp(7), TCP_INFO).
func (r *run) inf(s step) answer {
	info, a := tcpInfo(s.fd)
	if a.errno != 0 {
		return a
	}
	a.info = "state=" + tcpState(info.State)
	switch info.State {
	case tcpListen: // where the kernel keeps the accept queue in these fields (tcp_get_info in net/ipv4/tcp.c)
		a.info += fmt.Sprintf(" queue=%d backlog=%d", info.Unacked, info.Sacked)
	default:
		a.info += fmt.Sprintf(" unacked=%d unsent=%d", info.Unacked, info.Notsent_bytes)
	}
	return a
}

func tcpInfo(fd int) (info unix.TCPInfo, a answer) {
	a, _ = getOption(fd, unix.IPPROTO_TCP, unix.TCP_INFO, unsafe.Pointer(&info), unsafe.Sizeof(info))
	return info, a
}

const tcpListen = 10

// tcpStates are the states by their numbers in include/net/tcp_states.h.
var tcpStates = [...]string{
	1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT",
	7: "CLOSE", 8: "CLOSE_WAIT", 9: "LAST_ACK", tcpListen: "LISTEN", 11: "CLOSING", 12: "NEW_SYN_RECV",
}

func tcpState(n uint8) string {
	if int(n) < len(tcpStates) && tcpStates[n] != "" {
		return tcpStates[n]
	}
	return fmt.Sprintf("state %d", n)
}

// nbl makes the side non-blocking, and its copy, as the flag belongs to what both
// refer to (open(2)).
func (r *run) nbl(s step) answer {
	a := setNonblock(s.fd, true)
	if a.errno == 0 {
		r.socket(s.side.Original()).nonblocking = true
		r.socket(s.side.Copy()).nonblocking = true
	}
	return a
}

// slp lets time pass.
func (r *run) slp(s step) answer {
	for end := time.Now().Add(s.arg.Duration()); ; {
		left := time.Until(end)
		if left <= 0 {
			return answer{}
		}
		pause := unix.NsecToTimespec(left.Nanoseconds())
		_ = unix.Nanosleep(&pause, nil) // ending early is no harm
	}
}
