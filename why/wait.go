package why

import (
	"slices"

	"sockprobe/scenario"
)

// A wait is a wai or a blk of a script: a call in a thread beside the steps that follow it.
type wait struct {
	step Ref
	verb string
	side scenario.Side
	api  scenario.API
}

// waitsOf lists the waits of a script, in its order.
func waitsOf(script scenario.Script) (waits []wait) {
	for i, c := range script.Commands {
		for j, s := range c.Steps {
			if isWait(s.Verb) {
				waits = append(waits, wait{Ref{i + 1, j + 1}, s.Verb, c.Side, c.API})
			}
		}
	}
	return waits
}

func isWait(verb string) bool { return verb == "wai" || verb == "blk" }

// inFlight lists the waits that had begun before step i and were not reported before it. A wait
// may have ended by then: it is reported at the end of a command.
func (h *history) inFlight(i int) []wait {
	return slices.DeleteFunc(waitsOf(h.script), func(w wait) bool {
		return !h.begunBefore(w, i) || slices.ContainsFunc(h.obs[:i], func(o scenario.Observation) bool {
			return isWait(o.Verb) && refOf(o) == w.step
		})
	})
}

// begunBefore tells whether a wait had begun when step i was made.
func (h *history) begunBefore(w wait, i int) bool {
	for j := i; j >= 0; j-- {
		if o := h.obs[j]; !isWait(o.Verb) {
			return o.Cmd > w.step.Cmd || o.Cmd == w.step.Cmd && o.Step > w.step.Step
		} else if refOf(o) == w.step {
			return true
		}
	}
	return false
}

// holders lists the waits that may have held the socket of a step when the step was made. A
// close(2) takes effect when they have ended: poll(2), select(2) and recv(2) hold the file while
// they sleep (__pollwait in fs/select.c, fdget in include/linux/file.h), and so does a request of
// io_uring. epoll_wait(2) holds none of the files that it reports.
func (h *history) holders(i int) []wait {
	side := h.obs[i].Side.Original()
	return slices.DeleteFunc(h.inFlight(i), func(w wait) bool {
		return w.side.Original() != side || w.verb == "wai" && asksEpoll(w.api)
	})
}

// steady tells whether a wait that has ended is known to have seen how the socket
// stands now: from where it first could end, nothing has changed. A wait that ended without a bit
// could have ended at its beginning.
func (h *history) steady() bool {
	w := h.obs[len(h.obs)-1]
	if w.Verb != "wai" {
		return true
	}
	now := h.now()
	if now == nil {
		return false
	}
	ready := false
	for i, o := range h.obs[:len(h.obs)-1] {
		s := h.states[i]
		started := o.Cmd > w.Cmd || o.Cmd == w.Cmd && o.Step > w.Step
		last := i == len(h.obs)-2
		if next := i + 1; !started && !last {
			started = h.obs[next].Cmd > w.Cmd || h.obs[next].Cmd == w.Cmd && h.obs[next].Step > w.Step
		}
		if !started && !last || s == nil {
			continue
		}
		ready = ready || w.Events == 0 || s.Ready&w.Events != 0
		if ready && *s != *now {
			return false
		}
	}
	return ready
}

// hasBlocked tells whether a blk may have taken an error of this socket before its
// answer stands among the observations.
func (h *history) hasBlocked() bool {
	return slices.ContainsFunc(waitsOf(h.script), func(w wait) bool { return w.verb == "blk" && w.side.Original() == h.side })
}
