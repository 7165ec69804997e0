package ops

import (
	"fmt"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// A run is bound to one OS thread ([Run] locks it), and otherwise leaves both
// placement and signals alone. Why that is enough:
//
// Placement. What a loopback socket sends goes into the backlog of the CPU it is
// sent on (netif_rx in net/core/dev.c), and is delivered when the sending call
// enables softirqs again, which is before it returns. So a step sees all that
// the steps before it did, on whichever CPUs they ran, and the thread is not
// pinned. That is so unless receive packet steering hands lo's packets to another CPU (rps_cpus, off
// by default), or the kernel puts work off: see putsOff, steeredTo and backlogCanary, which pins it
// then. The thread is bound so that a trace shows one,
// and because block below changes its signal mask.
//
// Signals. The runtime sends SIGURG to a thread whose goroutine should yield,
// and a profile or the user may send others. Go installs every handler with
// SA_RESTART, which leaves two places where EINTR can come out (signal(7)): a
// poll that found nothing, and a call that sleeps under SO_RCVTIMEO or
// SO_SNDTIMEO. EINTR says nothing about the socket, so in these places, and
// for this error only, the call is made again.

const interrupted = scenario.Errno(unix.EINTR)

// asked makes a call that does not sleep until no signal came in between.
func asked(call func() answer) answer {
	for {
		if a := call(); a.errno != interrupted {
			return a
		}
	}
}

// slept makes a call on fd that may sleep for as long as option, SO_RCVTIMEO or
// SO_SNDTIMEO, lets it: the run's time limit. Readiness depends on neither.
//
// A descriptor that takes no time limit is no socket that could sleep.
func (r *run) slept(fd, option int, call func() answer) answer {
	if a := setTimeout(fd, option, r.timeout); a.errno != 0 && a.errno != scenario.Errno(unix.EBADF) {
		return a
	}
	return undisturbed(call)
}

// undisturbed makes a call that may sleep until no signal came in between. After
// an EINTR the thread takes no signals until the call is through: however many
// come, the wait ends within twice its limit. What can still interrupt it is a
// stop, whose length is up to whoever stops the process.
func undisturbed(call func() answer) answer {
	if a := call(); a.errno != interrupted {
		return a
	}
	defer block()()
	return asked(call)
}

// block keeps all signals from the thread until restore is called, but for those that it raises
// itself: with them blocked a fault ends the process without a word.
func block() (restore func()) {
	var all, old unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	for _, s := range []unix.Signal{unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP} {
		all.Val[0] &^= 1 << (s - 1)
	}
	setMask(&all, &old)
	return func() { setMask(&old, nil) }
}

// setMask cannot fail with the arguments it is given here (sigprocmask(2)).
func setMask(set, old *unix.Sigset_t) {
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, set, old); err != nil {
		panic(fmt.Sprintf("ops: set signal mask: %v", err))
	}
}
