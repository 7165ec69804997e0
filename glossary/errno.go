package glossary

// The errors that socket calls return, and what they say of readiness.
var errnos = []Entry{
	{
		// tcp_reset in net/ipv4/tcp_input.c: ECONNREFUSED in SYN_SENT, EPIPE in CLOSE_WAIT, else ECONNRESET.
		Word: "ECONNRESET", Also: []string{"reset"},
		Text: `ECONNRESET: the peer has reset the connection: it closed with unread data or with SO_LINGER {1,0}. It is pending, with ERR and HUP, until one receive, send or SO_ERROR returns it. After that receives return 0 and sends EPIPE. On TCP data that came before the reset are received first.

If the peer's FIN came first, as after an ordinary close, TCP's error is EPIPE instead, and no receive returns it: receives return 0, and the error stays. MPTCP reports no error then. See also: sockprobe run epipe-outlives-the-end.`,
	},
	{
		Word: "EPIPE",
		Text: `EPIPE, from a send: this side cannot send any more: it was shut, or the connection is gone and its error has been taken. OUT stays while sends return it. As a pending error of TCP it is a reset that came after the peer's FIN: SO_ERROR or a send returns it, and no receive does. SIGPIPE does not come: snd has MSG_NOSIGNAL.`,
	},
	{
		Word: "EAGAIN", Also: []string{"EWOULDBLOCK"},
		Text: `EAGAIN: the call would have to wait: nothing to receive, no room to send, no connection to accept, or for a UNIX con a full backlog. An acc, a drn or a UNIX con returns it when --timeout is over; a TCP con then returns EINPROGRESS.`,
	},
	{
		Word: "EINPROGRESS",
		Text: `EINPROGRESS, from con:nb: the SYN has been sent, and the answer is still to come. On loopback it is often there already when the next step asks. OUT says that the connect has ended, and SO_ERROR (err) how. con without nb returns it when --timeout is over.`,
	},
	{
		Word: "EALREADY",
		Text: `EALREADY, from con: an earlier connect is still in progress.`,
	},
	{
		Word: "EISCONN",
		Text: `EISCONN, from con: the socket is connected already. After con:nb the first con that finds the connection made returns 0, and each later one EISCONN.`,
	},
	{
		Word: "ECONNREFUSED",
		Text: `ECONNREFUSED: nobody listens there. A connect that blocks returns it, and takes it: OUT and HUP are left, without ERR. After a TCP connect that does not block it is pending, with IN, OUT, ERR, HUP and RDHUP, until SO_ERROR, a send or a receive returns it. A UNIX connect returns it at once, and leaves nothing pending. For UDP it is an ICMP message.`,
	},
	{
		Word: "ECONNABORTED",
		Text: `ECONNABORTED, from con: an earlier connect failed, and its error has been taken. The next con begins anew.`,
	},
	{
		Word: "ENOTCONN",
		Text: `ENOTCONN: there is no connection to shut, or to receive from. A shutdown that fails with it has an effect all the same on Linux: the direction is shut, and stays so once the socket connects, until a disconnect (dis).`,
	},
	{
		Word: "EBADF",
		Text: `EBADF: the descriptor is not open. poll(2) reports NVAL instead. Calls on a closed side return one of the two: no later socket reuses its number.`,
	},
	{
		Word: "EINVAL",
		Text: `EINVAL: the call makes no sense for the socket in its state: an accept of a socket that does not listen, a receive of urgent data where there are none.`,
	},
	{
		Word: "ETIMEDOUT",
		Text: `ETIMEDOUT: the peer has not answered, for as long as retransmission, keepalive or USER_TIMEOUT allow. It is pending as ECONNRESET is. (A con that --timeout ends is EINPROGRESS.)`,
	},
	{
		Word: "ENOPROTOOPT",
		Text: `ENOPROTOOPT: this kind of socket does not know the option. UNIX sockets return EOPNOTSUPP for an option of TCP.`,
	},
	{
		Word: "EOPNOTSUPP",
		Text: `EOPNOTSUPP: this kind of socket does not know the call, or a flag such as MSG_OOB. UNIX sockets return it for an option of TCP, too.`,
	},
	{
		Word: "EAFNOSUPPORT",
		Text: `EAFNOSUPPORT, from dis: the kernel does not take AF_UNSPEC there.`,
	},
	{
		Word: "EBUSY",
		Text: `EBUSY, from dis: a thread waits on the socket. Linux 6.4 and 6.5 refuse a disconnect then, and so do older kernels that were given the same change, such as Debian's 5.10.`,
	},
	{
		Word: "ENOTTY",
		Text: `ENOTTY, from que: the descriptor does not know this ioctl.`,
	},
}
