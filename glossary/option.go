package glossary

// The socket options of the step opt, and what they do to readiness.
var options = []Entry{
	{
		// tcp_poll: int target = sock_rcvlowat(sk, 0, INT_MAX);
		Word: "RCVLOWAT", Also: []string{"SO_RCVLOWAT"},
		Text: `opt:RCVLOWAT=N, SO_RCVLOWAT: IN is reported from N bytes on. A FIN or a reset brings IN all the same, and a receive that does not block returns fewer bytes. It can take IN away from data that are there already.`,
	},
	{
		Word: "SNDBUF", Also: []string{"SO_SNDBUF", "SNDBUFFORCE", "SO_SNDBUFFORCE"},
		Text: `opt:SNDBUF=N, SO_SNDBUF: the send buffer, which decides when OUT goes. The kernel doubles N, and counts its own overhead in it. Set, it no longer grows by itself. SNDBUFFORCE goes beyond net.core.wmem_max, with CAP_NET_ADMIN.`,
	},
	{
		Word: "RCVBUF", Also: []string{"SO_RCVBUF", "RCVBUFFORCE", "SO_RCVBUFFORCE"},
		Text: `opt:RCVBUF=N, SO_RCVBUF: the receive buffer, which decides how much the peer can send. The kernel doubles N. On a listener it holds for the sockets that are accepted. RCVBUFFORCE goes beyond net.core.rmem_max, with CAP_NET_ADMIN.`,
	},
	{
		Word: "OOBINLINE", Also: []string{"SO_OOBINLINE"},
		Text: `opt:OOBINLINE=1, SO_OOBINLINE: an urgent byte stays in its place in the stream. It is IN and PRI then, and rco returns EINVAL.`,
	},
	{
		Word: "KEEPALIVE", Also: []string{"SO_KEEPALIVE", "KEEPIDLE", "TCP_KEEPIDLE", "KEEPINTVL", "TCP_KEEPINTVL", "KEEPCNT", "TCP_KEEPCNT"},
		Text: `opt:KEEPALIVE=1, SO_KEEPALIVE: an idle connection is probed, after KEEPIDLE seconds, every KEEPINTVL seconds, KEEPCNT times. Without an answer ETIMEDOUT becomes pending: ERR and HUP. Without it an idle connection to a peer that has vanished reports nothing, ever.`,
	},
	{
		// __sk_stream_is_writeable: sk_stream_memory_free asks tcp_stream_memory_free, which compares
		// notsent_bytes with tcp_notsent_lowat. tcp_poll gives it wake = 1, and it compares notsent << wake.
		Word: "NOTSENT_LOWAT", Also: []string{"TCP_NOTSENT_LOWAT"},
		Text: `opt:NOTSENT_LOWAT=N, TCP_NOTSENT_LOWAT: TCP reports OUT only while fewer than N/2 bytes are unsent. It takes no more data from N unsent bytes on; a long send can then return fewer bytes.`,
	},
	{
		Word: "DEFER_ACCEPT", Also: []string{"TCP_DEFER_ACCEPT"},
		Text: `opt:DEFER_ACCEPT=N, TCP_DEFER_ACCEPT, for a listener: a connection waits to be accepted, and is IN, only when its first data have come, or after about N seconds.`,
	},
	{
		Word: "USER_TIMEOUT", Also: []string{"TCP_USER_TIMEOUT"},
		Text: `opt:USER_TIMEOUT=N, TCP_USER_TIMEOUT: data that have been unacknowledged for N milliseconds, or unsent behind a window of zero, end the connection: ETIMEDOUT is pending, with ERR and HUP.`,
	},
	{
		Word: "LINGER2", Also: []string{"TCP_LINGER2"},
		Text: `opt:LINGER2=N, TCP_LINGER2: how many seconds a closed socket stays in FIN_WAIT2 for the peer's FIN. Negative is not at all: what the peer sends then is reset.`,
	},
	{
		Word: "NODELAY", Also: []string{"TCP_NODELAY"},
		Text: `opt:NODELAY=1, TCP_NODELAY: short segments are sent at once, where Nagle's algorithm lets them wait for an acknowledgement.`,
	},
	{
		Word: "CORK", Also: []string{"TCP_CORK"},
		Text: `opt:CORK=1, TCP_CORK: partial segments wait until it is taken away, the side is shut, or 200 ms are over. The peer has no IN of them until then.`,
	},
	{
		Word: "QUICKACK", Also: []string{"TCP_QUICKACK"},
		Text: `opt:QUICKACK=1, TCP_QUICKACK: data are acknowledged at once. The kernel may leave that mode by itself.`,
	},
}
