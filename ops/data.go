package ops

import (
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// payload is what snd and mor send. rcv takes up to three of them at once.
var payload = []byte("foo")

const (
	rcvSize  = 10      // bytes that rcv and pek ask for, unless told otherwise
	drnSize  = 16384   // bytes that drn asks for at a time
	mostData = 1 << 20 // bytes that a step can be told to send or ask for

	filSize  = 4096     // bytes that fil sends at a time
	filMost  = 16 << 20 // bytes after which fil ends, as UDP always has room,
	filSends = 1 << 14  // and sends
)

// data is what a step sends or receives into.
func (r *run) data(s step, otherwise int) []byte {
	n := otherwise
	if s.arg.Given() {
		n = int(s.arg.N)
	}
	if n <= len(r.few) {
		return r.few[:n]
	}
	if len(r.many) < n {
		r.many = make([]byte, n)
	}
	return r.many[:n]
}

func (r *run) snd(s step) answer { return r.sendWith(s, 0) }

func (r *run) mor(s step) answer { return r.sendWith(s, unix.MSG_MORE) }

func (r *run) sendWith(s step, flags int) answer {
	data := payload
	if s.arg.Given() {
		data = r.data(s, 0)
	}
	return send(s.fd, data, flags|unix.MSG_NOSIGNAL)
}

func (r *run) oob(s step) answer { return send(s.fd, payload[:1], unix.MSG_OOB|unix.MSG_NOSIGNAL) }

func (r *run) rcv(s step) answer { return recvNow(s.fd, r.data(s, rcvSize), 0) }

func (r *run) pek(s step) answer { return recvNow(s.fd, r.data(s, rcvSize), unix.MSG_PEEK) }

func (r *run) rco(s step) answer { return recvNow(s.fd, r.few[:1], unix.MSG_OOB) }

// fil sends until the kernel takes no more: what it answers to the last send is
// the error, most often EAGAIN, beside how many bytes it took before. Where what is
// sent is delivered later, a full buffer may have room again: there it settles, and
// has to be full still, or to have settled for as long as the run's time limit.
func (r *run) fil(s step) answer {
	data := r.data(s, filSize)
	total, full, begin := 0, false, time.Now()
	for sends := 0; total < filMost && sends < filSends; sends++ {
		a := send(s.fd, data, unix.MSG_NOSIGNAL)
		switch {
		case a.errno == 0:
			total, full = total+a.ret, false
		case a.errno == scenario.Errno(unix.EAGAIN) && !full && r.settles() && time.Since(begin) < r.timeout:
			full = true
			r.settle()
		default:
			if total > 0 {
				a.ret = total
			}
			return a
		}
	}
	return answer{ret: total}
}

// drn receives until recv gives no more bytes. It answers how many there were,
// beside the error that ended it if one did: a count and an error may both be
// there. An error at once answers -1; the end at once answers 0, where the
// original says -1 without an error.
func (r *run) drn(s step) answer {
	var buf [drnSize]byte
	total := 0
	for {
		a := r.slept(s.fd, unix.SO_RCVTIMEO, func() answer { return recvWaiting(s.fd, buf[:]) })
		if a.ret > 0 {
			total += a.ret
			continue
		}
		if total > 0 || a.errno == 0 {
			a.ret = total
		}
		return a
	}
}

// blk waits in recv(2) beside the steps that follow.
func (r *run) blk(s step) waiting {
	bound := setTimeout(s.fd, unix.SO_RCVTIMEO, s.arg.Duration())
	return waiting{call: func() answer {
		if bound.errno != 0 { // it is no open socket, and a receive might wait for ever
			return bound
		}
		var buf [rcvSize]byte
		return undisturbed(func() answer { return recvWaiting(s.fd, buf[:]) })
	}}
}
