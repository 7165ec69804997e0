package glossary

// The families, and what their readiness has of its own.
var families = []Entry{
	{
		Word: "tcp4", Also: []string{"tcp"},
		Text: `--family tcp4, the usual one: TCP over IPv4, on 127.0.0.1. On loopback what one side sends has usually arrived when the call returns. Before Linux 6.5, with receive packet steering, or on a busy processor it can arrive later: there the probe waits before each step (--settle).`,
	},
	{
		Word: "tcp6",
		Text: `--family tcp6: TCP over IPv6, on ::1. Its readiness is that of tcp4.`,
	},
	{
		// mptcp_poll in net/mptcp/protocol.c.
		Word: "mptcp", Also: []string{"IPPROTO_MPTCP"},
		Text: `--family mptcp: Multipath TCP (RFC 8684) over IPv4, on 127.0.0.1, both ends. Much of its work is done by a thread of the kernel: each step waits until that has been done. The end of the data is signalled apart from the TCP FIN (DATA_FIN), a reset is MP_FASTCLOSE, and not every option of TCP exists. docs/mptcp.md is for those who listen on it, as programs in Go do.`,
	},
	{
		Word: "mptcp-listener",
		Text: `--family mptcp-listener: the listener is an MPTCP socket and the clients are plain TCP, as most clients of such a listener are. The connection falls back to TCP, and accept gives a plain TCP socket.`,
	},
	{
		// unix_release_sock in net/unix/af_unix.c: the peer's sk_shutdown becomes SHUTDOWN_MASK, and its
		// sk_err ECONNRESET if something was unread.
		Word: "unix", Also: []string{"AF_UNIX", "unix-stream"},
		Text: `--family unix: UNIX stream sockets, in the abstract namespace. A close shuts both directions of the peer at once: HUP where TCP has RDHUP. A close with unread data leaves ECONNRESET with the peer, behind the data that it can still receive. SHUT_WR is RDHUP, as on TCP.`,
	},
	{
		Word: "unix-seqpacket", Also: []string{"seqpacket", "SOCK_SEQPACKET"},
		Text: `--family unix-seqpacket: UNIX sockets that are connected, as unix, and keep messages apart: a receive takes one message, and drops what of it does not fit.`,
	},
	{
		Word: "udp4", Also: []string{"udp"},
		Text: `--family udp4: UDP over IPv4, on 127.0.0.1. There is no listener and no end of stream: both ends are bound, and con connects one to the other. A datagram to a closed port comes back as an ICMP error: ERR and ECONNREFUSED, once. An empty datagram is IN, and a receive returns 0.`,
	},
	{
		Word: "udp6",
		Text: `--family udp6: UDP over IPv6, on ::1. Its readiness is that of udp4.`,
	},
	{
		Word: "unix-dgram",
		Text: `--family unix-dgram: UNIX datagram sockets, both ends bound, without a listener. A connected sender has no OUT while the queue of its peer is full, whatever room its own buffer has.`,
	},
	{
		Word: "socketpair",
		Text: `--family socketpair: socketpair(2), two UNIX stream sockets that are connected from the start, without a listener.`,
	},
}
