package glossary

// What stands in a line of the output, as in
//
//	cmd #2 stp #1: pol(s=5): ret=1 ev=0x2005 (IN OUT RDHUP)
var marks = []Entry{
	{
		Word: "cmd", Also: []string{"#"},
		Text: `cmd #2: the second command of the script, that is, the second of its -c, -s, -l, -d and -t.`,
	},
	{
		Word: "stp", Also: []string{"step"},
		Text: `stp #1: the first step of that command. stp #0 is a con or acc that the script does not have, and that was implied: before the first -c or -s, and before a -s without a server's socket. With -n nothing is implied. #2.1, in what --why and --draw print, is cmd #2 stp #1.`,
	},
	{
		Word: "ret",
		Text: `ret=N: what the call returned: bytes, a new descriptor, the number of ready descriptors, 0, or -1 with its error in brackets. rcv that returns 0 has met the end of the stream. In the stable form of .probe files a descriptor is its side, and 4096 bytes or more are many.`,
	},
	{
		Word: "ev", Also: []string{"revents"},
		Text: `ev=0x2005 (IN OUT RDHUP): the events that the call returned, revents of poll(2), as a number and by their names. A bit without a name prints as ???[0x800]. ev=0 is none: nothing that was asked for is ready.`,
	},
	{
		Word: "c", Also: []string{"s", "l", "d", "t", "-c", "-s", "-l", "-d", "-t", "side", "client", "server", "listener"},
		Text: `c=4, s=5, l=3: the side, and its descriptor. c is the client, s the server, that is the first socket that was accepted, l the listener, d and t a second client and server. An upper-case letter is the copy of a side that dup made. A side without a socket is -1.

-d and -t are for what needs two connections: a full backlog, an accept queue, or one connection that must not notice another: -l lis:0 -c pol -d con:nb,pol.`,
	},
	{
		Word: "ended",
		Text: `ended=#3: the wait of a wai or blk ended during the third command. Its line comes when the wait has ended, not where the step stands.`,
	},
	{
		Word: "busy",
		Text: `busy=yes: a wait of 20 ms or more was never seen asleep, and took a processor for half of its time: the kernel did not let it sleep.`,
	},
	{
		Word: "queue", Also: []string{"backlog", "state", "unacked", "unsent"},
		Text: `state=, queue=, backlog=, unacked=, unsent=: what inf has read from TCP_INFO: the state by its name in tcp_states.h; for a listener the connections that wait to be accepted, and how many may; for others segments that have not been acknowledged and bytes that have not been sent.`,
	},
	{
		Word: "unknown",
		Text: `unknown, in what --why prints: neither the states of the sockets nor a second run of the script establish why the bit is set. It does not guess.`,
	},
	{
		Word: "FIN", Also: []string{"EOF", "end"},
		Text: `FIN: the end of what one side sends. shw sends it, and so does clo, unless bytes were left unread or lin came before. The other side has IN and RDHUP, and its receives return 0 when all before it has been received. It can still send.`,
	},
	{
		Word: "RST",
		Text: `RST: the end of a connection in both directions at once. clo sends it where bytes were left unread, or after lin; so does a closed socket that gets data. The other side has ERR, HUP, IN, RDHUP and OUT, and ECONNRESET once. If the peer's FIN came first, as after an ordinary close, the error is EPIPE instead, and no receive returns it. See also: sockprobe help ECONNRESET.`,
	},
}
