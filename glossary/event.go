package glossary

// What each bit says is read off the functions that set it, on Linux 6.18:
// tcp_poll in net/ipv4/tcp.c, inet_csk_listen_poll in include/net/inet_connection_sock.h, unix_poll and
// unix_dgram_poll in net/unix/af_unix.c, do_pollfd in fs/select.c.
var events = []Entry{
	{
		// tcp_poll:
		//	if (shutdown & RCV_SHUTDOWN)
		//		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
		//	...
		//	if (tcp_stream_is_readable(sk, target))
		//		mask |= EPOLLIN | EPOLLRDNORM;
		// target is SO_RCVLOWAT, and one more where an urgent byte is next.
		Word: "IN", Also: inC("IN"),
		Text: `IN, 0x1: a receive does not block, or on a listener an accept.

What the receive returns is not said: data, 0 at the end of the stream, or an error. IN is reported for data of SO_RCVLOWAT bytes or more, and as soon as the reading side is shut, whether by a FIN, by a reset or by this side's own SHUT_RD, with data or without. It stays until the data are received; where the reading side is shut, it stays for good.

On UDP and UNIX datagram sockets that are shut for reading, IN stays while a receive that does not block returns EAGAIN: see "sockprobe run udp-shutr-is-a-busy-loop". The same can happen once on a UNIX stream: an urgent byte sets IN there, and a plain receive that finds nothing else discards it and returns EAGAIN.

A listener has IN, and nothing but IN, while a connection waits to be accepted.`,
	},
	{
		// tcp_poll:
		//	if (urg_data & TCP_URG_VALID)
		//		mask |= EPOLLPRI;
		// unix_poll: if (READ_ONCE(u->oob_skb)) mask |= EPOLLPRI, with CONFIG_AF_UNIX_OOB.
		Word: "PRI", Also: inC("PRI"),
		Text: `PRI, 0x2: an urgent byte (MSG_OOB) waits. TCP and UNIX streams report it.

On TCP an urgent byte alone does not set IN; on UNIX streams it does. A plain receive does not return the byte, unless SO_OOBINLINE puts it in the stream. A plain receive that has nothing before the byte discards it: it returns EAGAIN, and a later rco EINVAL.`,
	},
	{
		// tcp_poll:
		//	if (!(shutdown & SEND_SHUTDOWN)) {
		//		if (__sk_stream_is_writeable(sk, 1))
		//			mask |= EPOLLOUT | EPOLLWRNORM;
		//	...
		//	} else
		//		mask |= EPOLLOUT | EPOLLWRNORM;
		// The condition is state != TCP_SYN_SENT. __sk_stream_is_writeable, in include/net/sock.h, compares
		// the free part of the buffer with half of what is queued, and asks for NOTSENT_LOWAT.
		Word: "OUT", Also: inC("OUT"),
		Text: `OUT, 0x4: a send does not block.

It does not say that a send succeeds. Once the writing side of a TCP socket is shut, or its connection is gone or was never made, OUT is reported for good, and a send fails at once, with EPIPE or the error that is pending. A UNIX stream whose send buffer is full does not report OUT even after SHUT_WR. UDP and UNIX datagram sockets report OUT without a peer, too, and a send returns EDESTADDRREQ or ENOTCONN. While the side can send, TCP reports OUT as long as the free part of the send buffer is at least half of what is queued in it: so OUT can be absent while a short send still fits.

It is absent while a TCP connect is in progress (SYN_SENT), which makes OUT the sign that the connect has ended, in whichever way. A TCP listener does not report it until it is shut.`,
	},
	{
		// tcp_poll:
		//	if (READ_ONCE(sk->sk_err) ||
		//	    !skb_queue_empty_lockless(&sk->sk_error_queue))
		//		mask |= EPOLLERR;
		Word: "ERR", Also: inC("ERR"),
		Text: `ERR, 0x8: an error is pending, or the error queue has something in it. It is reported whether it is asked for or not.

It does not say which error, and it is not a state: the first receive, send or SO_ERROR (err) that returns the error takes it, and ERR goes, while HUP stays. On TCP data that came before a reset are received first. So no ERR does not mean that nothing has failed, and a program that asks for SO_ERROR first turns a reset into an end of stream.

A TCP listener does not report it.`,
	},
	{
		// tcp_poll:
		//	if (shutdown == SHUTDOWN_MASK || state == TCP_CLOSE)
		//		mask |= EPOLLHUP;
		// unix_release_sock sets SHUTDOWN_MASK on the peer of a stream that is closed.
		Word: "HUP", Also: inC("HUP"),
		Text: `HUP, 0x10: both directions are shut, or, on TCP and UNIX streams, there is no connection. It is reported whether it is asked for or not.

Who shut them does not matter: a FIN of the peer and SHUT_WR here, SHUT_RDWR here alone, or a reset. A TCP or UNIX stream socket that was never connected, one whose connect failed, and a TCP listener that is shut have HUP, too. UDP and UNIX datagram sockets that were never connected have OUT only. UNIX stream sockets report HUP as soon as the peer has closed, where TCP has only RDHUP.

HUP does not say that there is nothing to read: data that came before stay readable, and IN is there with it. It does not say that there was an error: that is ERR. And a peer that has closed is not HUP on TCP as long as this side can send: that is RDHUP.`,
	},
	{
		// do_pollfd: a descriptor below 0 has no events; one that is not open has EPOLLNVAL.
		Word: "NVAL", Also: []string{"POLLNVAL"},
		Text: `NVAL, 0x20: the descriptor is not open. Only poll(2) and ppoll(2) have it, and report it whether it is asked for or not; select, epoll and io_uring return EBADF instead.

It says nothing about the socket: a copy of the descriptor may keep that open. A descriptor below 0 is passed over without NVAL.`,
	},
	{
		Word: "RDNORM", Also: inC("RDNORM"),
		Text: `RDNORM, 0x40: as IN, for data that are not urgent. Sockets report it wherever they report IN.`,
	},
	{
		Word: "RDBAND", Also: inC("RDBAND"),
		Text: `RDBAND, 0x80: data of a priority band can be read. No socket of Linux reports it.`,
	},
	{
		Word: "WRNORM", Also: inC("WRNORM"),
		Text: `WRNORM, 0x100: as OUT. Sockets report it wherever they report OUT.`,
	},
	{
		// unix_poll: mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
		Word: "WRBAND", Also: inC("WRBAND"),
		Text: `WRBAND, 0x200: data of a priority band can be written. UNIX and UDP sockets report it wherever they report OUT; TCP does not.`,
	},
	{
		Word: "MSG", Also: inC("MSG"),
		Text: `MSG, 0x400: no socket reports it. poll(2) calls it unused.`,
	},
	{
		// tcp_poll, as for IN; io_init_poll_iocb in io_uring/poll.c adds it to each mask (IO_POLL_UNMASK).
		Word: "RDHUP", Also: append(inC("RDHUP"), "half-close"),
		Text: `RDHUP, 0x2000: the reading side is shut: the peer has sent its FIN, by close or by SHUT_WR, or there was a reset, or this side has done SHUT_RD. It has to be asked for, except of io_uring, which always adds it.

It does not say that the data have been read: it comes with the FIN, and a program that closes on RDHUP loses unread data. It does not say that the peer is gone: after a half-close (SHUT_WR) the peer still reads, and a send here arrives. Both directions shut is HUP.`,
	},
}
