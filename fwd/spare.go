package fwd

// What a connection needs for a while is kept for the next one: in steady state
// nothing is allocated.

// pop takes the last of the spare ones, if there are any.
func pop[T any](spare *[]T) (last T, ok bool) {
	n := len(*spare) - 1
	if n < 0 {
		return last, false
	}
	last = (*spare)[n]
	*spare = (*spare)[:n]
	return last, true
}

func (l *loop) newConn() *conn {
	c, ok := pop(&l.conns)
	if !ok {
		c = new(conn)
	}
	*c = conn{}
	c.client.conn, c.client.peer, c.client.fd = c, &c.server, -1
	c.server.conn, c.server.peer, c.server.fd = c, &c.client, -1
	return c
}

func (l *loop) recycle(c *conn) {
	again := c.client.again || c.server.again // then l.turns still has it
	if len(l.conns) < spares && !again {
		l.conns = append(l.conns, c)
	}
}

func (l *loop) freeBuffer() []byte {
	if b, ok := pop(&l.buffers); ok {
		return b
	}
	return make([]byte, bufferSize)
}

// keepBuffer leaves e the buffer with what could not be sent; if it is the
// loop's, the loop takes another.
func (l *loop) keepBuffer(e *end) {
	if e.len > 0 && &e.buf[0] == &l.buf[0] {
		l.buf = l.freeBuffer()
	}
}

// releaseBuffer takes e's buffer back, unless it is the loop's own.
func (l *loop) releaseBuffer(e *end) {
	if e.buf != nil && &e.buf[0] != &l.buf[0] && len(l.buffers) < spares {
		l.buffers = append(l.buffers, e.buf)
	}
	e.buf, e.len = nil, 0
}

// pipeFor gives e a pipe to splice through. It is false if there is none to be
// had, and copying has to do.
func (l *loop) pipeFor(e *end) bool {
	if e.pipe.w != 0 {
		return true
	}
	if p, ok := pop(&l.pipes); ok {
		e.pipe = p
		return true
	}
	p, errno := l.makePipe()
	if errno != 0 {
		e.bulk = 0
		return false
	}
	if l.setPipeSize(p, pipeSize) < bufferSize {
		// A user without privileges may have so many large pipes (pipe(7)),
		// and through a small one copying is faster.
		l.close(p.r)
		l.close(p.w)
		e.bulk = 0
		return false
	}
	e.pipe = p
	return true
}

// dropPipe takes e's pipe back. One with something in it is of no use to
// anybody.
func (l *loop) dropPipe(e *end) {
	switch p := e.pipe; {
	case p.w == 0:
	case e.piped == 0 && len(l.pipes) < spares:
		l.pipes = append(l.pipes, p)
	default:
		l.close(p.r)
		l.close(p.w)
	}
	e.pipe, e.piped = pipe{}, 0
}
