package ops

import "sockprobe/scenario"

// A verb is one word of the language and what it does.
type verb struct {
	scenario.Verb
	do func(*run, step) answer
}

// verbs is the table of steps. The parser, the help texts, the completion and
// the README's table are all fed from it: a new verb is an entry here and a
// function beside its family.
var verbs = []verb{
	{scenario.Verb{
		Name: "con", Call: "connect(2)",
		Doc: "connect the client, whichever side it is written for",
	}, (*run).con},
	{scenario.Verb{
		Name: "acc", Call: "accept(2)",
		Doc: "accept from the listener, whichever side it is written for",
	}, (*run).acc},
	{scenario.Verb{
		Name: "snd", Call: "send(2)",
		Doc: "send 3 bytes, MSG_NOSIGNAL|MSG_DONTWAIT",
	}, (*run).snd},
	{scenario.Verb{
		Name: "mor", Call: "send(2)",
		Doc: "as snd, with MSG_MORE: the kernel may hold the bytes back",
	}, (*run).mor},
	{scenario.Verb{
		Name: "rcv", Call: "recv(2)",
		Doc: "receive up to 10 bytes, MSG_DONTWAIT",
	}, (*run).rcv},
	{scenario.Verb{
		Name: "drn", Call: "recv(2)",
		Doc: "drain: receive until the end or an error, and wait for it",
	}, (*run).drn},
	{scenario.Verb{
		Name: "shr", Call: "shutdown(2)",
		Doc: "SHUT_RD: shut the reading side",
	}, (*run).shr},
	{scenario.Verb{
		Name: "shw", Call: "shutdown(2)",
		Doc: "SHUT_WR: shut the writing side, which sends a FIN",
	}, (*run).shw},
	{scenario.Verb{
		Name: "shb", Call: "shutdown(2)",
		Doc: "SHUT_RDWR: shut both sides",
	}, (*run).shb},
	{scenario.Verb{
		Name: "lin", Call: "setsockopt(2)",
		Doc: "SO_LINGER {1,0}: a later clo drops what is unsent and resets",
	}, (*run).lin},
	{scenario.Verb{
		Name: "clo", Call: "close(2)",
		Doc: "close the descriptor; the side stays closed",
	}, (*run).clo},
	{scenario.Verb{
		Name: "pol", Call: "poll(2), epoll_wait(2)",
		Doc: "ask for IN|OUT|RDHUP without a wait; epoll after -e: add, wait, delete",
	}, (*run).pol},
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
