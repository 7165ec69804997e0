package ops

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// quickly are the options of scripts that are run by the thousand.
var quickly = Options{Timeout: time.Millisecond}

// patience is for how long a script of a few dozen quick steps may run on a machine that
// has other things to do. A hang lasts longer.
const patience = 20 * time.Second

// runSanely runs a script and says what is wrong with its answers, whatever they are: what
// no kernel says, or says of another socket than the script's.
func runSanely(script scenario.Script) error {
	s := sanity{owner: map[int]scenario.Side{}, closed: map[scenario.Side]place{}}
	hang := time.AfterFunc(patience, func() { panic("hangs: " + script.String()) })
	defer hang.Stop()
	err := Run(script, quickly, func(o scenario.Observation) { s.take(script, o) })
	if _, lacks := Lacks(err); err != nil && !lacks && !errors.Is(err, ErrNoServer) {
		return fmt.Errorf("the run ended with: %w", err)
	}
	return s.fault
}

// A place is where a step stands in a script.
type place struct{ cmd, step int }

func (p place) before(q place) bool { return p.cmd < q.cmd || p.cmd == q.cmd && p.step < q.step }

// sanity holds the answers of one run against each other.
type sanity struct {
	owner  map[int]scenario.Side // of each number that was seen
	closed map[scenario.Side]place
	fault  error // the first one
}

func (s *sanity) broken(o scenario.Observation, what string) {
	if s.fault == nil {
		s.fault = fmt.Errorf("%s: %+v", what, o)
	}
}

// own notes that a number is a side's. No number has two, not even one after the other.
func (s *sanity) own(o scenario.Observation, fd int, side scenario.Side) {
	if was, seen := s.owner[fd]; seen && was != side {
		s.broken(o, fmt.Sprintf("number %d is that of %q and of %q", fd, was, side))
	}
	s.owner[fd] = side
}

func (s *sanity) take(script scenario.Script, o scenario.Observation) {
	if o.FD >= 0 {
		s.own(o, o.FD, o.Side)
	}
	switch {
	case o.Errno == 0 && o.Opened != 0:
		s.own(o, o.Ret, o.Opened)
	case o.Errno == 0 && (o.Verb == "acc" || o.Verb == "dup"):
		s.own(o, o.Ret, scenario.Side(-len(s.owner))) // it has no letter
	}

	counts := o.Verb == "drn" || o.Verb == "fil" // a count and an error may both be there
	switch {
	case o.Errno == interrupted:
		s.broken(o, "a signal got into an answer")
	case o.Errno == scenario.Errno(unix.EFAULT), o.Errno == scenario.Errno(unix.ENOSYS):
		s.broken(o, "a call that the probe made wrongly")
	case o.Ret < -1, o.Ret == -1 && o.Errno == 0, o.Ret != -1 && o.Errno != 0 && !counts:
		s.broken(o, "ret and error do not fit")
	case o.Verb == "clo" && o.Errno == 0:
		s.closed[o.Side] = place{o.Cmd, o.Step}
	}
	api := script.Commands[o.Cmd-1].API
	if o.Polled {
		s.polled(o, api)
	}
	closed, was := s.closed[o.Side]
	if o.FD < 0 || was && closed.before(place{o.Cmd, o.Step}) {
		s.gone(o, api)
	}
}

// polled holds that ret counts what is ready.
func (s *sanity) polled(o scenario.Observation, api scenario.API) {
	want := min(len(o.Events.Names()), 1)
	if api == scenario.Select {
		want = len(o.Events.Names())
	}
	if o.Errno == 0 && o.Ret != want || o.Errno != 0 && o.Events != 0 {
		s.broken(o, "ret does not count the events")
	}
}

// gone holds that the kernel knows nothing of a side that is closed, or not there yet.
func (s *sanity) gone(o scenario.Observation, api scenario.API) {
	switch o.Verb {
	case "con", "acc", "slp": // they are about other sides, or none
		return
	case "que":
		if o.Arg != "" {
			return
		}
	case "pol", "wai":
		switch {
		case o.Events == scenario.Nval:
			return
		case o.Ret == 0 && (api == scenario.Poll || api == scenario.PPoll) && o.FD < 0: // passed over (poll(2))
			return
		case o.Ret == 0 && api == scenario.Select: // perhaps in none of its sets
			return
		case api == scenario.Epoll, api == scenario.EpollET, api == scenario.EpollOneshot:
			if o.Errno == 0 { // a registration lives on, and with a copy reports, too (epoll(7))
				return
			}
		}
	}
	if o.Errno != ebadf {
		s.broken(o, "a closed side answers")
	}
}
