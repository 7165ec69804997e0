package ops

import (
	"math"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// An option is a socket option that readiness depends on.
type option struct {
	scenario.Setting
	level, number int
}

// options are those that opt takes. Each is an int.
var options = []option{
	{scenario.Setting{Name: "RCVLOWAT", Doc: "bytes to be received before IN is reported (socket(7))", Least: 0, Most: math.MaxInt32}, unix.SOL_SOCKET, unix.SO_RCVLOWAT},
	{scenario.Setting{Name: "SNDBUF", Doc: "bytes of the send buffer; the kernel doubles it (socket(7))", Least: 0, Most: math.MaxInt32}, unix.SOL_SOCKET, unix.SO_SNDBUF},
	{scenario.Setting{Name: "RCVBUF", Doc: "bytes of the receive buffer; the kernel doubles it (socket(7))", Least: 0, Most: math.MaxInt32}, unix.SOL_SOCKET, unix.SO_RCVBUF},
	{scenario.Setting{Name: "SNDBUFFORCE", Doc: "as SNDBUF beyond its limit; needs CAP_NET_ADMIN (socket(7))", Least: 0, Most: math.MaxInt32}, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE},
	{scenario.Setting{Name: "RCVBUFFORCE", Doc: "as RCVBUF beyond its limit; needs CAP_NET_ADMIN (socket(7))", Least: 0, Most: math.MaxInt32}, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE},
	{scenario.Setting{Name: "OOBINLINE", Doc: "1: urgent data stay in the stream (socket(7))", Least: 0, Most: 1}, unix.SOL_SOCKET, unix.SO_OOBINLINE},
	{scenario.Setting{Name: "KEEPALIVE", Doc: "1: an idle connection is probed (socket(7))", Least: 0, Most: 1}, unix.SOL_SOCKET, unix.SO_KEEPALIVE},
	{scenario.Setting{Name: "KEEPIDLE", Doc: "seconds before the first probe (tcp(7))", Least: 1, Most: 32767}, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
	{scenario.Setting{Name: "KEEPINTVL", Doc: "seconds between probes (tcp(7))", Least: 1, Most: 32767}, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
	{scenario.Setting{Name: "KEEPCNT", Doc: "probes before the connection is given up (tcp(7))", Least: 1, Most: 127}, unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
	{scenario.Setting{Name: "NOTSENT_LOWAT", Doc: "bytes not yet sent from which on a send takes no more; from half of them OUT is absent (tcp(7))", Least: 0, Most: math.MaxInt32}, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT},
	{scenario.Setting{Name: "DEFER_ACCEPT", Doc: "seconds that a listener waits for a connection's data (tcp(7))", Least: 0, Most: 32767}, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT},
	{scenario.Setting{Name: "USER_TIMEOUT", Doc: "milliseconds that sent data may stay unacknowledged (tcp(7))", Least: 0, Most: math.MaxInt32}, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT},
	{scenario.Setting{Name: "LINGER2", Doc: "seconds in FIN_WAIT2; negative for none (tcp(7))", Least: -1, Most: 120}, unix.IPPROTO_TCP, unix.TCP_LINGER2},
	{scenario.Setting{Name: "NODELAY", Doc: "1: small segments do not wait (tcp(7))", Least: 0, Most: 1}, unix.IPPROTO_TCP, unix.TCP_NODELAY},
	{scenario.Setting{Name: "CORK", Doc: "1: partial segments wait (tcp(7))", Least: 0, Most: 1}, unix.IPPROTO_TCP, unix.TCP_CORK},
	{scenario.Setting{Name: "QUICKACK", Doc: "1: data are acknowledged at once (tcp(7))", Least: 0, Most: 1}, unix.IPPROTO_TCP, unix.TCP_QUICKACK},
}

// Settings lists what opt can set.
func Settings() []scenario.Setting {
	out := make([]scenario.Setting, len(options))
	for i, o := range options {
		out[i] = o.Setting
	}
	return out
}

func (r *run) opt(s step) answer {
	for _, o := range options {
		if o.Name == s.arg.Name {
			return setOption(s.fd, o.level, o.number, int32(s.arg.N))
		}
	}
	return answer{ret: -1, errno: scenario.Errno(unix.ENOPROTOOPT)} // no script has another name: Parse checks it
}
