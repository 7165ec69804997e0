package glossary

// The ways to ask, as fs/select.c, fs/eventpoll.c and io_uring/poll.c carry them out.
var ways = []Entry{
	{
		Word: "poll",
		Text: `--api poll, the usual way: poll(2) with one descriptor and no time to wait. It tells how things stand now: the same question gets the same events again. ERR, HUP and NVAL are reported without being asked for.`,
	},
	{
		Word: "ppoll",
		Text: `--api ppoll: ppoll(2), which is poll(2) with a time in nanoseconds and a signal mask. Its events are poll's.`,
	},
	{
		// POLLIN_SET, POLLOUT_SET and POLLEX_SET in fs/select.c.
		Word: "select", Also: []string{"pselect"},
		Text: `--api select: select(2), by pselect6(2). It has three sets: readable prints as IN, writable as OUT, exceptional as PRI, and ret counts the sets. HUP and ERR make a descriptor readable, ERR makes it writable, too, and urgent data make it exceptional. RDHUP cannot be asked for: the end of the stream is readable all the same. A closed descriptor is EBADF, but only if it is in a set.`,
	},
	{
		// do_epoll_ctl in fs/eventpoll.c: epds->events |= EPOLLERR | EPOLLHUP, for ADD and MOD.
		Word: "epoll", Also: []string{"-e", "level-triggered"},
		Text: `--api epoll, or -e: epoll(7), level-triggered. Each pol registers the side, waits for no time and deletes it again, unless a step add has registered it. Its events are poll's. EPOLLERR and EPOLLHUP are in each registration without being asked for. A closed descriptor is EBADF to epoll_ctl(2); but a registration belongs to the open socket and not to the number, so that a copy made by dup keeps it reporting.`,
	},
	{
		// ep_send_events in fs/eventpoll.c: a level-triggered item goes back to the ready list, an
		// edge-triggered one does not, until ep_poll_callback puts it there.
		Word: "epoll-et", Also: []string{"EPOLLET", "edge-triggered"},
		Text: `--api epoll-et: epoll(7) with EPOLLET, edge-triggered. The first pol registers the side for good. A pol reports how things stand, but only if the socket has woken its waiters since the last report, as it does when data or a FIN arrive or when room to send comes back. Data that are left unread are not reported again by themselves; the step mod makes epoll look anew.

No report does not mean that nothing is ready: a program has to receive or send until EAGAIN before it waits (epoll(7)).`,
	},
	{
		// ep_send_events: if (epi->event.events & EPOLLONESHOT) epi->event.events &= EP_PRIVATE_BITS;
		Word: "epoll-oneshot", Also: []string{"EPOLLONESHOT", "oneshot"},
		Text: `--api epoll-oneshot: epoll(7) with EPOLLONESHOT. The first pol registers the side for good. After one report the registration is silent, even for ERR and HUP, until the step mod, or a pol with another mask, arms it again.`,
	},
	{
		Word: "uring", Also: []string{"io_uring", "IORING_OP_POLL_ADD"},
		Text: `--api uring: io_uring(7), IORING_OP_POLL_ADD, once for each pol. Its events are poll's, with one exception: it adds RDHUP to every mask (IO_POLL_UNMASK in io_uring/poll.c). A closed descriptor is EBADF. A kernel that lacks or forbids io_uring makes the probe exit with 4.`,
	},
	{
		Word: "all",
		Text: `--api all: the script runs once for each way to ask, so that none can disturb another, and a step whose answers differ has a line for each answer with the ways that gave it.`,
	},
	{
		Word: "EPOLLEXCLUSIVE",
		Text: `EPOLLEXCLUSIVE wakes one of several epoll descriptors that wait for the same socket. The probe does not set it: it asks by one descriptor at a time.`,
	},
}
