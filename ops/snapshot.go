package ops

import (
	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// everything is each bit that poll(2) has a name for.
const everything = scenario.Interest | scenario.Pri | scenario.RdNorm | scenario.RdBand | scenario.WrNorm | scenario.WrBand | scenario.Msg

// snapshot reads how each open socket stands after a step. It makes no call that
// takes anything: a poll, TCP_INFO and SIOCINQ leave a pending error and the data
// where they are. Only, a poll that finds no room to send asks the socket to tell when there is
// (SOCK_NOSPACE), and then an edge-triggered registration is told, too.
func (r *run) snapshot(after answer) []scenario.State {
	if !after.polled { // what was polled has settled before
		r.settle()
	}
	var states []scenario.State
	for _, side := range scenario.Sides {
		for _, letter := range []scenario.Side{side, side.Copy()} {
			if s := r.socket(letter); s.open() {
				states = append(states, r.stateOf(letter, s.fd))
			}
		}
	}
	return states
}

func (r *run) stateOf(side scenario.Side, fd int) scenario.State {
	s := scenario.State{Side: side, Ready: askPoll(fd, everything).events, Unread: -1, Queue: -1}
	if a, n := ask(fd, unix.SIOCINQ); a.errno == 0 {
		s.Unread = n
	}
	// TCP_INFO of MPTCP is that of its first subflow, which has a life of its own
	// (mptcp_getsockopt_first_sf_only in net/mptcp/sockopt.c).
	if r.family.TCPAt(side) {
		if info, a := tcpInfo(fd); a.errno == 0 {
			s.TCP = tcpState(info.State)
			if info.State == tcpListen {
				s.Queue = int(info.Unacked)
			}
		}
	}
	return s
}
