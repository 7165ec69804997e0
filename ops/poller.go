package ops

import (
	"sync"
	"time"
)

// Prepare brings up the runtime's network poller, once, and out of the way. A
// program calls it before all else, so that the first descriptors are left for
// the sockets; [Run] does if nobody has.
//
// The runtime makes the poller's two descriptors when the first timer is set,
// by whomever: by the garbage collector's scavenger in the middle of a run, for
// one. They get the lowest free numbers, which in a run may be that of a side
// that the script has closed; its next steps would find an open descriptor, and
// a second clo would close the poller's. So it is made now, with all low numbers
// occupied.
func Prepare() { parkPoller() }

var parkPoller = sync.OnceFunc(func() {
	const above = 64 // a script needs no more than a handful
	var held []int
	defer func() { closeAll(held) }()
	for {
		a := dupFrom(0, 0)
		if a.errno != 0 {
			break // as many as the process may have: the poller gets the last two
		}
		held = append(held, a.ret)
		if a.ret >= above {
			break
		}
	}
	if len(held) < 2 {
		return // no room for a poller either: the runtime would die of it
	}
	for range 2 {
		closeFD(held[len(held)-1])
		held = held[:len(held)-1]
	}
	time.AfterFunc(time.Hour, func() {}).Stop()
})

// closeAll closes descriptors, which are in ascending order: those with no other descriptor between
// them by one call.
func closeAll(fds []int) {
	for len(fds) > 0 {
		n := 1
		for n < len(fds) && fds[n] == fds[0]+n {
			n++
		}
		if n == 1 || closeRange(fds[0], fds[n-1]).errno != 0 { // ENOSYS before Linux 5.9
			for _, fd := range fds[:n] {
				closeFD(fd)
			}
		}
		fds = fds[n:]
	}
}
