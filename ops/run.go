package ops

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// DefaultTimeout bounds a step that can sleep, unless [Options] say otherwise.
const DefaultTimeout = time.Second

// ErrNoServer ends a run before a -s or -t whose implicit accept did not give a
// socket: there is nothing that its steps could act on. The original tool exits
// there. What was observed until then is true, the failed acc included.
var ErrNoServer = errors.New("no server socket: accept gave none")

// A LackError says that the running kernel, or this process on it, cannot run a
// script at all, and what for.
type LackError struct {
	What string // what is missing: "mptcp sockets"
	Err  error
}

func (e *LackError) Error() string { return fmt.Sprintf("no %s here: %v", e.What, e.Err) }

// Unwrap gives the kernel's reason.
func (e *LackError) Unwrap() error { return e.Err }

// Options say how a script is run.
type Options struct {
	// Timeout bounds each step that can sleep (con, acc, drn); 0 is
	// DefaultTimeout. When it is over, the kernel answers EAGAIN, or
	// EINPROGRESS to con. What waits for as long as its own argument says does
	// not depend on it.
	Timeout time.Duration
	// Settle is for how long readiness must have been unchanged before each
	// step; 0 is not to wait, SettleAuto what the running kernel needs.
	Settle time.Duration
	// States has every observation tell how each open socket stands after it. To look may
	// change what an edge-triggered registration reports later.
	States bool
	// Ran, if it is set, is called by Repeat after each run with how many there have been.
	Ran func(runs int)
}

// ErrNoLoopback ends a run whose con found no way to 127.0.0.1: nothing that it
// could observe would be about sockets.
var ErrNoLoopback = errors.New("the loopback address cannot be reached: the interface is down")

// ErrTooManyFiles is in the chain of an error that ends a run because the process may open no more
// files (RLIMIT_NOFILE): see [errors.Is]. As the answer to a step EMFILE ends nothing.
const ErrTooManyFiles = unix.EMFILE

// descriptors makes runs take turns. Descriptor numbers belong to the process,
// and a closed side's number must stay unused until its run ends.
var descriptors sync.Mutex

// Run carries out a script on fresh sockets and calls observe with each answer
// as soon as it is there. Every descriptor it made is closed when it returns.
//
// The script's verbs must be from [Verbs], and none of its commands may ask in all
// ways: that takes a run for each, as [Repeat] makes them. While it runs, nothing else in the
// process may open a descriptor: it could be given the number of a side that
// the script has closed, and the script's next step there would find it open.
// Runs take turns, and the Go runtime has made its own before the first.
func Run(script scenario.Script, opts Options, observe func(scenario.Observation)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	descriptors.Lock()
	defer descriptors.Unlock()
	Prepare()

	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	auto := opts.Settle < 0
	if auto {
		opts.Settle = settleHere(script.Family)
	}
	r := run{
		timeout: opts.Timeout, settleFor: opts.Settle, auto: auto, observe: observe,
		family: script.Family, explicit: script.Explicit, states: opts.States, epoll: -1,
	}
	for i := range r.sockets {
		r.sockets[i].fd = -1
	}
	defer r.cleanUp()
	if script.Does("oob") {
		// A receive at the mark of urgent data says EAGAIN if a signal is pending
		// (tcp_recvmsg_locked in net/ipv4/tcp.c).
		defer block()()
	}
	if err := r.makeOwn(script); err != nil {
		return err
	}
	if err := r.setUp(script); err != nil {
		return err
	}
	return r.script(script)
}

// A run is one script being carried out.
type run struct {
	timeout   time.Duration
	settleFor time.Duration
	auto      bool // it settles as the running kernel needs
	observe   func(scenario.Observation)
	family    scenario.Family
	explicit  bool
	states    bool

	sockets [sideCount]socket // by index
	failed  error             // why nothing more can be observed
	own     own               // descriptors of the probe's own,
	epoll   int               // of which this is for plain questions to epoll, -1 until there was one,
	ring    *ring             // and this for io_uring, nil likewise
	waiters []*waiter         // that have not been reported
	canary  canary            // to settle, or nil
	extra   []int             // accepted sockets and copies beyond those that have a letter
	few     [16]byte          // for what is sent and received,
	many    []byte            // and for more of it
}

// A socket is a side's descriptor.
type socket struct {
	fd          int // -1 until there is one; keeps its number when closed
	closed      bool
	addr        *address       // its own, if it was bound
	tried       bool           // a con was made for it, whatever it answered
	nonblocking bool           // nbl was made for it, or for its copy
	kept        *[3]registered // its registrations with epoll, by trigger; nil without any
}

// A step is what a verb is told: where it acts and how.
type step struct {
	side scenario.Side
	fd   int
	api  scenario.API
	arg  scenario.Arg
}

// sideCount is how many sides there are, copies included.
const sideCount = 10

// sideIndex is the place of each letter in run.sockets, beginning with 1.
var sideIndex = func() (index [256]uint8) {
	for i, s := range scenario.Sides {
		index[s], index[s.Copy()] = uint8(i+1), uint8(i+1+len(scenario.Sides))
	}
	return index
}()

func (r *run) socket(side scenario.Side) *socket {
	i := sideIndex[side]
	if i == 0 {
		panic(fmt.Sprintf("ops: no side %q", side))
	}
	return &r.sockets[i-1]
}

// open tells whether a side has a descriptor that the script has not closed.
func (s *socket) open() bool { return s.fd >= 0 && !s.closed }

// script carries out the commands, with the steps that the language implies.
func (r *run) script(script scenario.Script) error {
	for i, cmd := range script.Commands {
		n := i + 1
		if !r.explicit {
			r.implied(n, cmd)
		}
		for j, s := range cmd.Steps {
			r.do(n, j+1, cmd.Side, s, cmd.API)
		}
		r.gather(n)
		if r.failed != nil {
			break
		}
	}
	r.gatherAll(len(script.Commands))
	return r.failed
}

// implied makes the steps that a command implies. Before the first one for a
// client or its server, the client connects, unless it has tried to, or is about
// to by a con that says how; and before one for a server as long as it has no
// socket, the listener accepts. Where there is no listener, each end connects to
// the other.
func (r *run) implied(n int, cmd scenario.Command) {
	side := cmd.Side.Original()
	if side == scenario.Listener || r.family == scenario.Socketpair {
		return
	}
	serves := side == scenario.Server || side == scenario.Server2
	before := []scenario.Side{side}
	if serves {
		before[0] = side.Peer()
		if side == scenario.Server2 && r.family.HasListener() { // the first accept is the first connection's
			before = []scenario.Side{scenario.Client, scenario.Client2}
		}
		if !r.family.HasListener() {
			before = append(before, side)
		}
	}
	for _, c := range before {
		asItSays := c == side && cmd.Steps[0].Verb == "con" && cmd.Steps[0].Arg.Given()
		if !r.socket(c).tried && !asItSays {
			r.do(n, 0, c, scenario.Step{Verb: "con"}, cmd.API)
		}
	}
	if !serves || !r.family.HasListener() {
		return
	}
	for r.socket(side).fd < 0 && r.failed == nil {
		first := r.socket(scenario.Server).fd
		r.do(n, 0, scenario.Listener, scenario.Step{Verb: "acc"}, cmd.API)
		if r.socket(side).fd < 0 && r.socket(scenario.Server).fd == first {
			r.fail(fmt.Errorf("cmd #%d: %w", n, ErrNoServer))
		}
	}
}

// fail ends the run after this step. The first failure is what it ends with.
func (r *run) fail(err error) {
	if r.failed == nil {
		r.failed = err
	}
}

// do carries out one step and reports what came of it.
func (r *run) do(cmd, num int, side scenario.Side, s scenario.Step, api scenario.API) {
	if r.failed != nil {
		return
	}
	r.settle()
	fd := r.socket(side).fd
	o := scenario.Observation{
		Cmd: cmd, Step: num, Side: side, Verb: s.Verb, Arg: s.Arg.Text, FD: fd,
	}
	st := step{side: side, fd: fd, api: api, arg: s.Arg}
	v := byName[s.Verb]
	if v.wait != nil {
		r.waiters = append(r.waiters, startWaiter(r.own.threads.take(), v.wait(r, st), o))
		return
	}
	r.report(o, v.do(r, st))
}

// report hands on an observation, completed by its answer.
func (r *run) report(o scenario.Observation, a answer) {
	o.Ret, o.Errno = a.ret, a.errno
	o.Polled, o.Events = a.polled, a.events
	o.Opened, o.Info = a.opened, a.info
	if r.states {
		o.States = r.snapshot(a)
	}
	r.observe(o)
}

// setUp makes the sockets that a script begins with: where there is a listener,
// it, the client's and, if the script has one, the second client's, in this order. In a process
// with only 0, 1 and 2 open they are 3, 4 and, without a second, accept's will be 5.
func (r *run) setUp(script scenario.Script) error {
	second := script.HasSecond()
	var sides []scenario.Side
	switch {
	case r.family == scenario.Socketpair:
		return r.setUpPairs(second)
	case r.family.HasListener() && second:
		sides = []scenario.Side{scenario.Listener, scenario.Client, scenario.Client2}
	case r.family.HasListener():
		sides = []scenario.Side{scenario.Listener, scenario.Client}
	case second:
		sides = []scenario.Side{scenario.Server, scenario.Client, scenario.Server2, scenario.Client2}
	default:
		sides = []scenario.Side{scenario.Server, scenario.Client}
	}
	for _, side := range sides {
		s := r.socket(side)
		var err error
		family := r.family
		if family == scenario.MPTCPListener && side != scenario.Listener {
			family = scenario.TCP4
		}
		if s.fd, err = newSocket(family); err != nil {
			return err
		}
		if side == scenario.Listener || !r.family.HasListener() {
			if s.addr, err = bind(s.fd, r.family); err != nil {
				return err
			}
		}
		if side == scenario.Listener {
			if a := listen(s.fd, backlog); a.errno != 0 {
				return a.failure("listen")
			}
		}
	}
	return nil
}

// setUpPairs makes socket pairs, of which each has both ends connected.
func (r *run) setUpPairs(second bool) error {
	for _, side := range []scenario.Side{scenario.Client, scenario.Client2} {
		if side == scenario.Client2 && !second {
			break
		}
		c, s, err := newPair()
		if err != nil {
			return err
		}
		r.socket(side).fd, r.socket(side.Peer()).fd = c, s
	}
	return nil
}

// cleanUp closes what is still open. A connection that the script left is
// reset rather than closed: thousands of runs would else leave as many ports in
// TIME_WAIT for a minute.
func (r *run) cleanUp() {
	for _, pair := range [][]scenario.Side{
		{scenario.Client, scenario.Client.Copy(), scenario.Server, scenario.Server.Copy()},
		{scenario.Client2, scenario.Client2.Copy(), scenario.Server2, scenario.Server2.Copy()},
		{scenario.Listener, scenario.Listener.Copy()},
	} {
		reset := false
		for _, side := range pair {
			s := r.socket(side)
			if !s.open() {
				continue
			}
			if !reset && side.Original() != scenario.Listener {
				setLinger(s.fd, unix.Linger{Onoff: 1, Linger: 0})
				reset = true
			}
			closeFD(s.fd)
		}
	}
	for _, fd := range r.extra {
		setLinger(fd, unix.Linger{Onoff: 1, Linger: 0})
		closeFD(fd)
	}
	r.own.close()
	if r.canary != nil {
		r.canary.close()
	}
}

// lack is a LackError.
func lack(what string, err error) error {
	return &LackError{What: what, Err: err}
}
