package fwd

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A loop is one thread's share of a relay: it waits for events of its
// connections and moves their data. Nothing in it is shared with another loop
// but the listeners and the number of open connections.
type loop struct {
	sys
	relay *Relay

	epfd    int
	wakefd  int // an eventfd, by which others tell it that there are orders
	events  [256]unix.EpollEvent
	sockets []*end    // by descriptor
	targets []*target // by listener
	turns   []*end    // whose turn is to be continued
	dead    []*conn   // whose descriptors are to be closed
	waits   int64     // so far
	now     int64     // nanoseconds since the relay began, when the last wait ended

	// A connection is in one of these at any time.
	connecting, retrying, idle, halfClosing, halfClosed queue

	// What is received first goes into buf, and only what cannot be sent on at
	// once is kept.
	buf     []byte
	buffers [][]byte // spare ones, and spare connections
	conns   []*conn
	pipes   []pipe
	scratch address

	paused   bool // the listeners are not registered
	resumeAt int64
	starved  bool // nothing was accepted since the last pause began
	draining bool
	cutAt    int64 // when draining ends

	totals   Totals
	failedAt *address

	orders struct {
		sync.Mutex
		list  []func(*loop)
		ended bool // the loop has, or not begun, and whoever has an order carries it out
	}
}

const (
	bufferSize = 64 << 10
	pipeSize   = 256 << 10
	// spares is how many buffers, pipes and connections are kept for use
	// again; what a burst took beyond that is given back.
	spares = 64

	retryEvery   = int64(20 * time.Millisecond)
	resumeAfter  = int64(100 * time.Millisecond)
	watchAfter   = int64(200 * time.Millisecond)
	exclusively  = unix.EPOLLIN | unix.EPOLLEXCLUSIVE
	withoutLimit = -1
)

func newLoop(r *Relay) *loop {
	l := &loop{relay: r, epfd: -1, wakefd: -1, buf: make([]byte, bufferSize)}
	l.orders.ended = true
	l.connecting.limit = int64(r.options.ConnectTimeout)
	l.retrying.limit = retryEvery
	l.idle.limit = int64(r.options.IdleTimeout)
	l.halfClosing.limit = watchAfter
	l.halfClosed.limit = int64(r.options.HalfClosedTimeout)
	for _, ln := range r.listeners {
		l.targets = append(l.targets, &target{addresses: ln.target, hasty: true, reported: -1})
	}
	return l
}

// prepare makes what the loop waits with, on the thread that it will run on.
func (l *loop) prepare() error {
	var errno unix.Errno
	l.tid = unix.Gettid()
	if l.epfd, errno = l.epollCreate(); errno != 0 {
		return fmt.Errorf("create epoll descriptor: %w", errno)
	}
	if l.wakefd, errno = l.eventfd(); errno != 0 {
		return fmt.Errorf("create eventfd: %w", errno)
	}
	if errno := l.epollCtl(l.epfd, unix.EPOLL_CTL_ADD, l.wakefd, unix.EPOLLIN); errno != 0 {
		return fmt.Errorf("watch eventfd: %w", errno)
	}
	if err := l.listen(); err != nil {
		return err
	}
	l.orders.Lock()
	defer l.orders.Unlock()
	l.orders.ended = false
	return nil
}

// run serves until the relay has drained.
func (l *loop) run() error {
	for !l.draining || l.totals.Open > 0 {
		n, errno := l.epollWait(l.epfd, l.events[:], l.timeout())
		if errno != 0 && errno != unix.EINTR {
			l.release()
			return fmt.Errorf("wait for events: %w", errno)
		}
		l.now = l.relay.elapsed()
		l.waits++
		for i := range max(n, 0) {
			l.dispatch(int(l.events[i].Fd), l.events[i].Events)
		}
		l.continueTurns()
		l.expire()
		l.bury()
	}
	l.release()
	return nil
}

// timeout is how long to wait, in milliseconds: until the next time limit ends.
func (l *loop) timeout() int {
	if len(l.turns) > 0 {
		return 0
	}
	at, some := int64(0), false
	earlier := func(t int64, ok bool) {
		if ok && (!some || t < at) {
			at, some = t, true
		}
	}
	earlier(l.connecting.next())
	earlier(l.retrying.next())
	earlier(l.idle.next())
	earlier(l.halfClosing.next())
	earlier(l.halfClosed.next())
	earlier(l.resumeAt, l.paused && !l.draining)
	earlier(l.cutAt, l.draining)
	if !some {
		return withoutLimit
	}
	const ms = int64(time.Millisecond)
	return int(min(max(at-l.now+ms-1, 0)/ms, 1<<30))
}

// dispatch deals with what was reported for a descriptor.
func (l *loop) dispatch(fd int, events uint32) {
	if fd < len(l.sockets) && l.sockets[fd] != nil {
		e := l.sockets[fd]
		l.client = e.conn.client.fd
		l.handle(e, events)
		l.settle(e.conn)
		return
	}
	if fd == l.wakefd {
		l.obey()
		return
	}
	for i := range l.relay.listeners {
		if fd == l.relay.listeners[i].fd {
			l.acceptSome(i)
			return
		}
	}
	// The connection ended earlier among these events.
}

// handle deals with the events of an end.
func (l *loop) handle(e *end, events uint32) {
	if e.connecting {
		l.connected(e, events)
		return
	}
	c := e.conn
	switch c.queue {
	case &l.idle, &l.halfClosed:
		c.queue.place(c, l.now)
	}
	l.note(e, events)
	if events&unix.EPOLLERR != 0 {
		l.lost(e)
		return
	}
	if events&unix.EPOLLOUT != 0 {
		e.blocked = false
		l.carry(e.peer, e)
	}
	if events&anyInput != 0 && !c.over {
		l.carry(e, e.peer)
	}
}

// anyInput are the events after which there may be something to read. A lone
// urgent byte is PRI without IN (tcp_poll), before it is made ordinary.
const anyInput = unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLRDHUP | unix.EPOLLHUP

// note keeps what events say of an end beyond this moment.
func (l *loop) note(e *end, events uint32) {
	if events&unix.EPOLLPRI != 0 && !e.urgent {
		e.urgent = true
		l.enable(e.fd, unix.SOL_SOCKET, unix.SO_OOBINLINE)
	}
	if events&anyInput != 0 {
		// While what was read before cannot be sent on, that there is more
		// is to be told once, and not with each segment that arrives.
		e.muted = e.peer.blocked
		e.readable = true
	}
	if events&unix.EPOLLRDHUP != 0 && events&unix.EPOLLERR == 0 {
		e.fin = true
	}
}

// settle arms what each end of c waits for now.
func (l *loop) settle(c *conn) {
	if c.over || c.server.fd < 0 {
		return
	}
	l.watch(&c.client)
	if !c.over {
		l.watch(&c.server)
	}
}

// watch brings e's registration up to date, if that changes anything.
func (l *loop) watch(e *end) {
	if e.muted && !e.peer.blocked {
		e.muted = false
	}
	want := e.wanted()
	op := unix.EPOLL_CTL_MOD
	switch {
	case !e.watched && want == 0:
		return // all that could come is a reset: see expire
	case !e.watched:
		op = unix.EPOLL_CTL_ADD
	case want&^e.mask == 0 && (e.mask&^want)&unix.EPOLLOUT == 0 && !e.muted || want == e.mask:
		return // after the end of the stream IN and RDHUP have no more edges, and may stay
	}
	l.register(e, op, want)
}

func (l *loop) register(e *end, op int, mask uint32) {
	if errno := l.epollCtl(l.epfd, op, e.fd, mask|maskEdge); errno != 0 {
		// ENOSPC: fs.epoll.max_user_watches. Nothing would wake this connection.
		l.totals.Reset++
		l.abort(e.conn)
		return
	}
	e.watched, e.mask = true, mask
}

// later continues src's turn once the others have had theirs.
func (l *loop) later(src *end) {
	if !src.again {
		src.again = true
		l.turns = append(l.turns, src)
	}
}

func (l *loop) continueTurns() {
	n := len(l.turns)
	for _, src := range l.turns[:n] {
		src.again = false
		if c := src.conn; !c.over {
			l.client = c.client.fd
			l.carry(src, src.peer)
			l.settle(c)
		}
	}
	l.turns = l.turns[:copy(l.turns, l.turns[n:])]
}

// expire ends what time limits have run out for.
func (l *loop) expire() {
	for c := l.connecting.due(l.now); c != nil; c = l.connecting.due(l.now) {
		l.client = c.client.fd
		l.failed(c, unix.ETIMEDOUT)
		l.settle(c)
	}
	for c := l.retrying.due(l.now); c != nil; c = l.retrying.due(l.now) {
		l.client = c.client.fd
		l.tryAgain(c)
		l.settle(c)
	}
	for c := l.halfClosing.due(l.now); c != nil; c = l.halfClosing.due(l.now) {
		l.client = c.client.fd
		l.halfClosed.place(c, l.now)
		// A client that sent its request and a FIN often has its answer by
		// now, and then was never registered. This one waits, and may reset
		// the connection meanwhile.
		for _, e := range []*end{&c.client, &c.server} {
			if !e.watched && !c.over {
				l.register(e, unix.EPOLL_CTL_ADD, e.wanted())
			}
		}
	}
	for _, q := range []*queue{&l.idle, &l.halfClosed} {
		for c := q.due(l.now); c != nil; c = q.due(l.now) {
			l.client = c.client.fd
			l.totals.Expired++
			l.abort(c)
		}
	}
	if l.draining && l.now >= l.cutAt {
		l.cut()
	}
	if l.paused && !l.draining && l.now >= l.resumeAt {
		l.resume()
	}
}

// tryAgain goes on after a lack of memory or descriptors, or a full backlog.
func (l *loop) tryAgain(c *conn) {
	if c.server.fd < 0 {
		l.dial(c)
		return
	}
	c.leave()
	if c.server.connecting {
		l.connecting.place(c, l.now) // and the rest comes with the connection
		return
	}
	l.limit(c)
	l.carry(&c.client, &c.server)
	if !c.over {
		l.carry(&c.server, &c.client)
	}
}

// cut ends all that is left when the time to drain is over.
func (l *loop) cut() {
	for _, q := range []*queue{&l.connecting, &l.retrying, &l.idle, &l.halfClosing, &l.halfClosed} {
		for q.first != nil {
			l.client = q.first.client.fd
			l.totals.Cut++
			l.abort(q.first)
		}
	}
}

// abort ends a connection other than by its peers' wish. Both get a reset, and
// never a FIN: that would look like the end of the data.
func (l *loop) abort(c *conn) {
	if c.over {
		return
	}
	for _, e := range []*end{&c.server, &c.client} {
		if e.fd >= 0 && !e.broken && !e.unix {
			l.setAbort(e.fd)
		}
	}
	l.end(c)
}

// end ends a connection. Its descriptors are closed when all events that were
// reported with this one have been dealt with, so that no number among them
// comes to mean another socket.
func (l *loop) end(c *conn) {
	c.over = true
	c.leave()
	for _, e := range []*end{&c.client, &c.server} {
		if e.fd >= 0 {
			l.sockets[e.fd] = nil
		}
	}
	l.dead = append(l.dead, c)
}

// bury closes the descriptors of connections that have ended.
func (l *loop) bury() {
	if len(l.dead) == 0 {
		return
	}
	for _, c := range l.dead {
		l.client = c.client.fd
		for _, e := range []*end{&c.server, &c.client} {
			if e.fd >= 0 {
				l.close(e.fd)
			}
			l.releaseBuffer(e)
			l.dropPipe(e)
		}
		l.recycle(c)
		l.totals.Open--
		l.relay.open.Add(-1)
	}
	l.dead = l.dead[:0]
	if l.paused && !l.draining && l.retrying.first == nil {
		l.resume()
	}
}

// release closes the loop's own descriptors, and carries out the orders that came
// too late.
func (l *loop) release() {
	for _, p := range l.pipes {
		l.close(p.r)
		l.close(p.w)
	}
	l.orders.Lock()
	defer l.orders.Unlock()
	for _, fd := range []int{l.wakefd, l.epfd} {
		if fd >= 0 {
			l.close(fd)
		}
	}
	l.orders.ended = true
	for _, do := range l.orders.list {
		do(l)
	}
}

// order has the loop do something on its own thread, which gets there soon.
func (l *loop) order(do func(*loop)) {
	l.orders.Lock()
	defer l.orders.Unlock()
	if l.orders.ended {
		do(l)
		return
	}
	l.orders.list = append(l.orders.list, do)
	one := binary.NativeEndian.AppendUint64(nil, 1)
	_, _ = unix.Write(l.wakefd, one) // it can only fail if the loop has been woken very often
}

func (l *loop) obey() {
	l.readEventfd(l.wakefd)
	l.orders.Lock()
	list := l.orders.list
	l.orders.list = nil
	l.orders.Unlock()
	for _, do := range list {
		do(l)
	}
}
