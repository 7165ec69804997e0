package fwd

// A queue holds the connections for which one time limit runs, in the order in
// which it ends for them: the limit is the same for all, so that whichever
// came last ends last, and no sorting is needed.
type queue struct {
	limit       int64 // nanoseconds; 0 is none
	first, last *conn
}

// place moves c to the end of the queue, from whichever it was in.
func (q *queue) place(c *conn, now int64) {
	c.leave()
	c.queue, c.since = q, now
	c.before, c.after = q.last, nil
	if q.last != nil {
		q.last.after = c
	} else {
		q.first = c
	}
	q.last = c
}

// leave takes c out of its queue.
func (c *conn) leave() {
	q := c.queue
	if q == nil {
		return
	}
	if c.before != nil {
		c.before.after = c.after
	} else {
		q.first = c.after
	}
	if c.after != nil {
		c.after.before = c.before
	} else {
		q.last = c.before
	}
	c.queue = nil
}

// due gives the first connection whose limit has ended, or nil.
func (q *queue) due(now int64) *conn {
	if q.first == nil || q.limit == 0 || q.first.since+q.limit > now {
		return nil
	}
	return q.first
}

// next is when the limit ends for the first connection; ok is false if none is
// running.
func (q *queue) next() (at int64, ok bool) {
	if q.first == nil || q.limit == 0 {
		return 0, false
	}
	return q.first.since + q.limit, true
}
