package ops

import (
	"time"

	"sockprobe/scenario"
)

// A verb is one word of the language and what it does: at once, or in a thread
// that waits while the script goes on.
type verb struct {
	scenario.Verb
	do   func(*run, step) answer
	wait func(*run, step) waiting
}

// longest bounds the time that a step can be told to wait.
const longest = 10 * time.Second

var (
	bytesArg = scenario.Number("N", "bytes", 0, mostData).IfGiven()
	maskArg  = scenario.Mask("events joined by +, such as in+rdhup; none; or a hexadecimal number, 0x0 to 0xffff").IfGiven()
)

// verbs is the table of steps. The parser, the help texts, the completion and
// the docs' tables are all fed from it: a new verb is an entry here and a
// function beside its family.
var verbs = []verb{
	{Verb: scenario.Verb{
		Name: "con", Long: "connect", Arg: scenario.Word("nb", "do not block: O_NONBLOCK for this call").IfGiven(), Call: "connect(2)",
		Doc:    "connect the client, whichever side it is written for; the second one for -d and -t",
		Answer: "0. Without an argument it waits for at most --timeout, and then answers EINPROGRESS, or EAGAIN for UNIX sockets",
	}, do: (*run).con},
	{Verb: scenario.Verb{
		Name: "acc", Long: "accept", Call: "accept(2)",
		Doc:    "accept from the listener, whichever side it is written for",
		Answer: "the new descriptor, which is the first server's, then the second's. It waits for at most --timeout, and then answers EAGAIN",
	}, do: (*run).acc},
	{Verb: scenario.Verb{
		Name: "lis", Long: "listen", Arg: scenario.Number("N", "the backlog, in connections", 0, 65535).IfGiven(), Call: "listen(2)",
		Doc:    "listen, with a backlog of 1000 unless given",
		Answer: "0. A TCP side that has no address gets a loopback one before",
	}, do: (*run).lis},
	{Verb: scenario.Verb{
		Name: "dis", Long: "disconnect", Call: "connect(2)",
		Doc:    "AF_UNSPEC: dissolve the connection",
		Answer: "0",
	}, do: (*run).dis},
	{Verb: scenario.Verb{
		Name: "snd", Long: "send", Arg: bytesArg, Call: "send(2)",
		Doc:    "send 3 bytes, MSG_NOSIGNAL|MSG_DONTWAIT",
		Answer: "the bytes that the kernel took",
	}, do: (*run).snd},
	{Verb: scenario.Verb{
		Name: "mor", Long: "send-more", Arg: bytesArg, Call: "send(2)",
		Doc:    "as snd, with MSG_MORE: the kernel may hold the bytes back",
		Answer: "the bytes that the kernel took",
	}, do: (*run).mor},
	{Verb: scenario.Verb{
		Name: "oob", Long: "send-urgent", Call: "send(2)",
		Doc:    "send 1 byte with MSG_OOB: urgent data",
		Answer: "the bytes that the kernel took",
	}, do: (*run).oob},
	{Verb: scenario.Verb{
		Name: "fil", Long: "fill", Arg: scenario.Number("N", "bytes of each send", 1, mostData).IfGiven(), Call: "send(2)",
		Doc:    "fill: send 4096 bytes until the kernel takes no more, and none either once that has settled (--settle), or 16 MiB or 16384 times",
		Answer: "the bytes that the kernel took in all, beside the error that ended it, most often EAGAIN",
	}, do: (*run).fil},
	{Verb: scenario.Verb{
		Name: "rcv", Long: "recv", Arg: bytesArg, Call: "recv(2)",
		Doc:    "receive up to 10 bytes, MSG_DONTWAIT",
		Answer: "the bytes received; 0 is the end of the stream",
	}, do: (*run).rcv},
	{Verb: scenario.Verb{
		Name: "pek", Long: "peek", Arg: bytesArg, Call: "recv(2)",
		Doc:    "as rcv, with MSG_PEEK: the bytes stay",
		Answer: "the bytes received; 0 is the end of the stream",
	}, do: (*run).pek},
	{Verb: scenario.Verb{
		Name: "rco", Long: "recv-urgent", Call: "recv(2)",
		Doc:    "receive 1 byte with MSG_OOB: urgent data",
		Answer: "the bytes received; EINVAL if there are none, or SO_OOBINLINE is set (tcp(7))",
	}, do: (*run).rco},
	{Verb: scenario.Verb{
		Name: "drn", Long: "drain", Call: "recv(2)",
		Doc:    "drain: receive until the end or an error, and wait for it",
		Answer: "the bytes received, beside the error that ended it. Each receive waits for at most --timeout",
	}, do: (*run).drn},
	{Verb: scenario.Verb{
		Name: "shr", Long: "shutdown-rd", Call: "shutdown(2)",
		Doc:    "SHUT_RD: shut the reading side",
		Answer: "0",
	}, do: (*run).shr},
	{Verb: scenario.Verb{
		Name: "shw", Long: "shutdown-wr", Call: "shutdown(2)",
		Doc:    "SHUT_WR: shut the writing side, which sends a FIN",
		Answer: "0",
	}, do: (*run).shw},
	{Verb: scenario.Verb{
		Name: "shb", Long: "shutdown-rdwr", Call: "shutdown(2)",
		Doc:    "SHUT_RDWR: shut both sides",
		Answer: "0",
	}, do: (*run).shb},
	{Verb: scenario.Verb{
		Name: "lin", Long: "linger-reset", Call: "setsockopt(2)",
		Doc:    "SO_LINGER {1,0}: a later clo drops what is unsent and resets",
		Answer: "0",
	}, do: (*run).lin},
	{Verb: scenario.Verb{
		Name: "opt", Long: "setsockopt", Arg: scenario.Settings("an option and its value; \"sockprobe help opt\" lists them", Settings()), Call: "setsockopt(2)",
		Doc:    "set an option that readiness depends on",
		Answer: "0",
	}, do: (*run).opt},
	{Verb: scenario.Verb{
		Name: "nbl", Long: "nonblock", Call: "fcntl(2)",
		Doc:    "O_NONBLOCK: make the side non-blocking, and its copy",
		Answer: "0",
	}, do: (*run).nbl},
	{Verb: scenario.Verb{
		Name: "dup", Call: "fcntl(2)",
		Doc:    "F_DUPFD: copy the descriptor; the copy is the letter in upper case",
		Answer: "the new descriptor. A second copy of a side has no letter, and is only closed at the end",
	}, do: (*run).dup},
	{Verb: scenario.Verb{
		Name: "clo", Long: "close", Call: "close(2)",
		Doc:    "close the descriptor; the side stays closed",
		Answer: "0",
	}, do: (*run).clo},
	{Verb: scenario.Verb{
		Name: "err", Long: "so-error", Call: "getsockopt(2)",
		Doc:    "SO_ERROR: take the pending error",
		Answer: "0, and err= the error's name, or 0",
	}, do: (*run).err},
	{Verb: scenario.Verb{
		Name: "inf", Long: "tcp-info", Call: "getsockopt(2)",
		Doc: "TCP_INFO: the state of the connection",
		Answer: "0, and state= as in tcp_states.h; for a listener queue= connections to be accepted and backlog= how many may be; " +
			"else unacked= segments and unsent= bytes",
	}, do: (*run).inf},
	{Verb: scenario.Verb{
		Name: "que", Long: "queued", Arg: scenario.Word("epoll", "ask an epoll descriptor instead, which has no queue").IfGiven(), Call: "ioctl(2)",
		Doc:    "SIOCINQ and SIOCOUTQ: bytes that wait",
		Answer: "0, and in= bytes to be received and out= bytes sent and not yet acknowledged",
	}, do: (*run).que},
	{Verb: scenario.Verb{
		Name: "pol", Long: "poll", Arg: maskArg, Call: "poll(2), epoll_wait(2)",
		Doc: "ask without a wait, for IN|OUT|RDHUP unless given, by the call that --api or -e selects",
		Answer: "the number of ready descriptors (select(2): of sets), and ev= the events. Where the side is registered with epoll " +
			"and no mask is given, it asks for what the registration does",
	}, do: (*run).pol},
	{Verb: scenario.Verb{
		Name: "add", Long: "epoll-add", Arg: maskArg, Call: "epoll_ctl(2)",
		Doc:    "EPOLL_CTL_ADD: register the side, for IN|OUT|RDHUP unless given; a pol by epoll then only waits",
		Answer: "0",
	}, do: (*run).add},
	{Verb: scenario.Verb{
		Name: "mod", Long: "epoll-mod", Arg: maskArg, Call: "epoll_ctl(2)",
		Doc:    "EPOLL_CTL_MOD: register it anew",
		Answer: "0",
	}, do: (*run).mod},
	{Verb: scenario.Verb{
		Name: "del", Long: "epoll-del", Call: "epoll_ctl(2)",
		Doc:    "EPOLL_CTL_DEL: end the registration",
		Answer: "0",
	}, do: (*run).del},
	{Verb: scenario.Verb{
		Name: "wai", Long: "wait", Arg: scenario.Wait("the longest wait", time.Millisecond, longest), Call: "poll(2), epoll_wait(2)",
		Doc: "wait beside the steps that follow, for IN|RDHUP unless given, by the call that --api or -e selects",
		Answer: "as pol, when the wait ends; ended=#N, the command during which it did, or the last one if it outlasted the script; and busy=yes if " +
			"a wait of 20 ms or more was never seen asleep and took a processor for half of its time",
	}, wait: (*run).wai},
	{Verb: scenario.Verb{
		Name: "blk", Long: "block", Arg: scenario.Duration("the longest wait", time.Millisecond, longest), Call: "recv(2)",
		Doc:    "block in a receive of up to 10 bytes beside the steps that follow",
		Answer: "as rcv, when the wait ends, or EAGAIN; ended= and busy= as wai",
	}, wait: (*run).blk},
	{Verb: scenario.Verb{
		Name: "slp", Long: "sleep", Arg: scenario.Duration("how long", time.Microsecond, longest), Call: "nanosleep(2)",
		Doc:    "let time pass",
		Answer: "0",
	}, do: (*run).slp},
}

// Verbs lists the verbs of the language, in the order of the table of steps.
func Verbs() []scenario.Verb {
	out := make([]scenario.Verb, len(verbs))
	for i, v := range verbs {
		out[i] = v.Verb
	}
	return out
}

// byName finds a verb faster than a look along the table: a run looks up every
// step, between two calls that take less than a microsecond.
var byName = func() map[string]*verb {
	m := make(map[string]*verb, len(verbs))
	for i := range verbs {
		m[verbs[i].Name] = &verbs[i]
	}
	return m
}()
