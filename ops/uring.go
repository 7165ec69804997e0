package ops

import (
	"errors"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// What io_uring_enter(2) and io_uring_setup(2) take: include/uapi/linux/io_uring.h.
const (
	ringEntries = 8

	opPollAdd    = 6 // IORING_OP_POLL_ADD
	opPollRemove = 7 // IORING_OP_POLL_REMOVE

	ringGetEvents = 1 // IORING_ENTER_GETEVENTS

	ringOffSQ      = 0
	ringOffCQ      = 0x8000000
	ringOffEntries = 0x10000000
)

// ringParams is struct io_uring_params.
type ringParams struct {
	sqEntries, cqEntries, flags, cpu, idle, features, wqFD uint32
	_                                                      [3]uint32
	sq                                                     struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		_                                                   uint64
	}
}

// A submission is struct io_uring_sqe as far as polls need it.
type submission struct {
	op, flags uint8
	prio      uint16
	fd        int32
	off, addr uint64
	length    uint32
	events    uint32
	user      uint64
	_         [3]uint64
}

// A completion is struct io_uring_cqe.
type completion struct {
	user  uint64
	res   int32
	flags uint32
}

// A ring is an io_uring.
type ring struct {
	fd              int
	sq, cq, entries []byte
	params          ringParams
	pending         int    // submissions that were put and not handed on
	polls           uint64 // how many were put
}

// ErrNoRing says that the kernel has no io_uring, or none for this process.
var ErrNoRing error = &LackError{What: "io_uring", Err: errors.New("it is not among the ways that answered")}

// newRing makes a ring. A kernel without, or one that does not let this process have one,
// is a *[LackError].
func newRing() (*ring, error) {
	r := &ring{fd: -1}
	a := reply(unix.RawSyscall(unix.SYS_IO_URING_SETUP, ringEntries, uintptr(unsafe.Pointer(&r.params)), 0))
	switch unix.Errno(a.errno) {
	case 0:
	case unix.ENOSYS, unix.EPERM, unix.EACCES, unix.ENOMEM: // before Linux 5.12 RLIMIT_MEMLOCK bounds rings
		return nil, lack("io_uring", a.failure("io_uring_setup"))
	default:
		return nil, a.failure("io_uring_setup")
	}
	var err error
	if r.fd, err = aside(a.ret); err != nil {
		return nil, err
	}
	p := &r.params
	for _, part := range []struct {
		data   *[]byte
		offset int64
		size   uint32
	}{
		{&r.sq, ringOffSQ, p.sq.array + p.sqEntries*4},
		{&r.cq, ringOffCQ, p.cq.cqes + p.cqEntries*uint32(unsafe.Sizeof(completion{}))},
		{&r.entries, ringOffEntries, p.sqEntries * uint32(unsafe.Sizeof(submission{}))},
	} {
		*part.data, err = unix.Mmap(r.fd, part.offset, int(part.size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
		if err != nil {
			r.close()
			return nil, errors.Join(errors.New("map the io_uring"), err)
		}
	}
	return r, nil
}

// close lets go of the ring, and of what it still waits for.
func (r *ring) close() {
	for _, data := range [][]byte{r.sq, r.cq, r.entries} {
		if data != nil {
			_ = unix.Munmap(data) // it was mapped, and cannot fail
		}
	}
	closeFD(r.fd)
}

// word is a number in the ring that the kernel changes, too.
func word(data []byte, offset uint32) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&data[offset]))
}

// put adds a submission, and submit hands on what was put.
func (r *ring) put(s submission) {
	p := &r.params
	tail := word(r.sq, p.sq.tail)
	at := tail.Load() & word(r.sq, p.sq.mask).Load()
	*(*submission)(unsafe.Pointer(&r.entries[uintptr(at)*unsafe.Sizeof(s)])) = s
	word(r.sq, p.sq.array+4*at).Store(at)
	tail.Add(1)
	r.pending++
}

// submit hands on what was put, and waits for a number of completions.
func (r *ring) submit(completions int) answer {
	flags := 0
	if completions > 0 {
		flags = ringGetEvents
	}
	for {
		a := reply(unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.pending), uintptr(completions), uintptr(flags), 0, 0))
		if a.ret > 0 {
			r.pending -= a.ret
		}
		if a.errno != interrupted {
			return a
		}
	}
}

// next takes a completion, if there is one.
func (r *ring) next() (completion, bool) {
	p := &r.params
	head := word(r.cq, p.cq.head)
	if head.Load() == word(r.cq, p.cq.tail).Load() {
		return completion{}, false
	}
	at := head.Load() & word(r.cq, p.cq.mask).Load()
	c := *(*completion)(unsafe.Pointer(&r.cq[uintptr(p.cq.cqes)+uintptr(at)*unsafe.Sizeof(completion{})]))
	head.Add(1)
	return c, true
}

// markRemove marks a submission that takes back a poll. Polls are numbered.
const markRemove = 1 << 32

// poll puts a poll of fd.
func (r *ring) poll(fd int, mask scenario.Events) {
	r.polls++
	r.put(submission{op: opPollAdd, fd: int32(fd), events: uint32(mask), user: r.polls})
}

// answered gives the answer to the last poll, if it is there.
func (r *ring) answered() (answer, bool) {
	for {
		c, ok := r.next()
		if !ok || c.user == r.polls {
			return c.answer(), ok
		}
	}
}

// withdraw takes back the last poll, and gives what it said all the same, if it did.
func (r *ring) withdraw() answer {
	r.put(submission{op: opPollRemove, fd: -1, addr: r.polls, user: r.polls | markRemove})
	var out answer
	for left := 2; left > 0; { // both complete: the poll, canceled or not, and this
		if a := r.submit(1); a.errno != 0 {
			return a
		}
		for c, ok := r.next(); ok; c, ok = r.next() {
			if c.user&^markRemove == r.polls {
				left--
			}
			if c.user == r.polls && unix.Errno(-c.res) != unix.ECANCELED {
				out = c.answer()
			}
		}
	}
	return out
}

// answer is what a completion of a poll says: the events, or an error.
func (c completion) answer() answer {
	if c.res < 0 {
		return answer{ret: -1, errno: scenario.Errno(-c.res)}
	}
	return answer{ret: 1, events: scenario.Events(c.res)}
}

// askRing asks io_uring about fd: a poll is submitted, and where it does not complete at once,
// taken back.
func (r *run) askRing(fd int, mask scenario.Events) answer {
	if r.ring == nil {
		r.ring = r.own.rings.take()
	}
	r.ring.poll(fd, mask)
	if a := r.ring.submit(0); a.errno != 0 {
		return a
	}
	if a, ok := r.ring.answered(); ok {
		return a
	}
	return r.ring.withdraw()
}

// awaitRing prepares a wait for fd, with a ring of its own, as two threads would
// take each other's completions.
func (r *run) awaitRing(fd int, mask scenario.Events, limit time.Duration) func() answer {
	ring := r.own.rings.take()
	return func() answer {
		ring.poll(fd, mask)
		if a := ring.submit(0); a.errno != 0 {
			return a
		}
		p := unix.PollFd{Fd: int32(ring.fd), Events: unix.POLLIN}
		if a := undisturbed(func() answer { return pollWaiting(&p, limit) }); a.errno != 0 {
			return a
		}
		if a, ok := ring.answered(); ok {
			return a
		}
		return ring.withdraw()
	}
}
