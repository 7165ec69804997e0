package ops

import "golang.org/x/sys/unix"

// payload is what snd and mor send. rcv takes up to three of them at once.
var payload = []byte("foo")

const (
	rcvSize = 10    // bytes that rcv asks for
	drnSize = 16384 // bytes that drn asks for at a time
)

func (r *run) snd(s step) answer { return send(s.fd, payload, unix.MSG_NOSIGNAL) }

func (r *run) mor(s step) answer { return send(s.fd, payload, unix.MSG_NOSIGNAL|unix.MSG_MORE) }

func (r *run) rcv(s step) answer {
	var buf [rcvSize]byte
	return recvNow(s.fd, buf[:])
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
