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

// ErrNoServer ends a run before a -s whose implicit accept did not give a
// socket: there is nothing that its steps could act on. The original tool exits
// there. What was observed until then is true, the failed acc included.
var ErrNoServer = errors.New("no server socket: accept gave none")

// Options say how a script is run.
type Options struct {
	// Timeout bounds each step that can sleep (con, acc, drn); 0 is
	// DefaultTimeout. When it is over, the kernel answers EAGAIN, or
	// EINPROGRESS to con.
	Timeout time.Duration
	// Settle is for how long readiness must have been unchanged before each
	// step; 0 is not to wait, SettleAuto what the running kernel needs.
	Settle time.Duration
}

// ErrNoLoopback ends a run whose con found no way to 127.0.0.1: nothing that it
// could observe would be about sockets.
var ErrNoLoopback = errors.New("127.0.0.1 cannot be reached: the loopback interface is down")

// descriptors makes runs take turns. Descriptor numbers belong to the process,
// and a closed side's number must stay unused until its run ends.
var descriptors sync.Mutex

// Run carries out a script on fresh sockets and calls observe with each answer
// as soon as it is there. Every descriptor it made is closed when it returns.
//
// The script's verbs must be from [Verbs]. While it runs, nothing else in the
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
	if opts.Settle < 0 {
		opts.Settle = settleHere()
	}
	r := run{timeout: opts.Timeout, settleFor: opts.Settle, observe: observe, epoll: -1}
	for i := range r.sockets {
		r.sockets[i].fd = -1
	}
	defer r.cleanUp()
	if err := r.setUp(script.UsesEpoll()); err != nil {
		return err
	}
	return r.script(script)
}

// A run is one script being carried out.
type run struct {
	timeout   time.Duration
	settleFor time.Duration
	observe   func(scenario.Observation)

	sockets    [3]socket // by index
	addr       unix.RawSockaddrInet4
	connected  bool  // a con was made, whatever it answered
	noLoopback bool  // it answered ENETUNREACH
	epoll      int   // the epoll descriptor, -1 if the script needs none
	extra      []int // sockets beyond the server's, where a kernel lets the client connect again
}

// A socket is a side's descriptor.
type socket struct {
	fd     int // -1 until there is one; keeps its number when closed
	closed bool
}

// A step is what a verb is told: where it acts and how.
type step struct {
	side  scenario.Side
	fd    int
	epoll bool
}

func index(side scenario.Side) int {
	switch side {
	case scenario.Listener:
		return 0
	case scenario.Client:
		return 1
	case scenario.Server:
		return 2
	default:
		panic(fmt.Sprintf("ops: no side %q", side))
	}
}

func (r *run) socket(side scenario.Side) *socket { return &r.sockets[index(side)] }

// setUp makes the listener and the client's socket, in this order: in a process
// with only 0, 1 and 2 open they are 3 and 4, and accept's will be 5.
func (r *run) setUp(epoll bool) error {
	listener, client := r.socket(scenario.Listener), r.socket(scenario.Client)
	var err error
	if listener.fd, err = newSocket(); err != nil {
		return fmt.Errorf("create listener: %w", err)
	}
	if r.addr, err = listen(listener.fd); err != nil {
		return fmt.Errorf("create listener: %w", err)
	}
	if client.fd, err = newSocket(); err != nil {
		return fmt.Errorf("create client: %w", err)
	}

	if epoll {
		if r.epoll, err = newEpoll(); err != nil {
			return fmt.Errorf("create epoll descriptor: %w", err)
		}
	}
	return nil
}

// cleanUp closes what is still open. A connection that the script left is
// reset rather than closed: thousands of runs would else leave as many ports in
// TIME_WAIT for a minute.
func (r *run) cleanUp() {
	reset := false
	for _, side := range []scenario.Side{scenario.Client, scenario.Server, scenario.Listener} {
		s := r.socket(side)
		if s.fd < 0 || s.closed {
			continue
		}
		if !reset {
			setLinger(s.fd, unix.Linger{Onoff: 1, Linger: 0})
			reset = true
		}
		closeFD(s.fd)
	}
	for _, fd := range r.extra {
		closeFD(fd)
	}
	if r.epoll >= 0 {
		closeFD(r.epoll)
	}
}

// script carries out the commands, with the steps that the language implies:
// con before the first -c or -s unless there was one, and acc before a -s as
// long as none has given a socket.
func (r *run) script(script scenario.Script) error {
	for i, cmd := range script {
		n := i + 1
		if cmd.Side != scenario.Listener && !r.connected {
			r.do(n, 0, scenario.Client, "con", cmd.Epoll)
		}
		if r.noLoopback {
			return ErrNoLoopback
		}
		if cmd.Side == scenario.Server && r.socket(scenario.Server).fd < 0 {
			r.do(n, 0, scenario.Listener, "acc", cmd.Epoll)
			if r.socket(scenario.Server).fd < 0 {
				return fmt.Errorf("cmd #%d: %w", n, ErrNoServer)
			}
		}
		for j, s := range cmd.Steps {
			r.do(n, j+1, cmd.Side, s.Verb, cmd.Epoll)
		}
	}
	return nil
}

// do carries out one step and reports what came of it.
func (r *run) do(cmd, num int, side scenario.Side, name string, epoll bool) {
	r.settle()
	fd := r.socket(side).fd
	a := byName[name].do(r, step{side: side, fd: fd, epoll: epoll})
	r.observe(scenario.Observation{
		Cmd: cmd, Step: num, Side: side, Verb: name, FD: fd,
		Ret: a.ret, Errno: a.errno,
		Polled: a.polled, Events: a.events,
		Opened: a.opened,
	})
}
