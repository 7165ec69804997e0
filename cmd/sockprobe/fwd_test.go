package main

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// freePort is "port NAME...": it sets each to a port of 127.0.0.1 on which nobody
// listens.
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		ln, err := net.Listen("tcp4", "127.0.0.1:0")
		ts.Check(err)
		defer ln.Close() // held until all are found
		ts.Setenv(name, fmt.Sprint(ln.Addr().(*net.TCPAddr).Port))
	}
}

// await is "await FILE REGEXP": it waits, for a bounded time, until the file has
// such a line. "await listening PORT" waits for a listener, and "await ended PORT"
// for a connection to it whose client has sent its FIN, and "await over PORT" for
// one that the listening side has ended last.
func await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: await FILE REGEXP, or await listening PORT")
	}
	file, pattern := args[0], args[1]
	if socket, ok := tcpSockets[file]; ok {
		file = "/proc/net/tcp"
		port, err := strconv.Atoi(pattern)
		ts.Check(err)
		pattern = fmt.Sprintf(socket, port)
	}
	re, err := regexp.Compile("(?m)" + pattern)
	ts.Check(err)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(60 * time.Second); ; {
		data, err := os.ReadFile(ts.MkAbs(file))
		if err == nil && re.Match(data) {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			ts.Fatalf("%s has nothing like %q; it is:\n%s", file, pattern, data)
		}
	}
}

// tcpSockets are lines of /proc/net/tcp: the addresses of this side and the
// other, and the state.
var tcpSockets = map[string]string{
	"listening": `:%04X 0{8}:0000 0A`,
	"ended":     `:%04X [0-9A-F]{8}:[0-9A-F]{4} 08`, // CLOSE_WAIT
	"over":      `[0-9A-F]{8}:%04X 06`,              // TIME_WAIT
}

// hold is "hold FIFO": it opens the FIFO for writing, and "hold -FIFO" closes it,
// which is the end of the file for its reader.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	open := ts.Value(heldKey{}).(map[string]*os.File)
	if name, ok := strings.CutPrefix(args[0], "-"); ok {
		ts.Check(open[name].Close())
		return
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0) // does not wait for a reader
	ts.Check(err)
	open[args[0]] = f
	ts.Defer(func() { f.Close() })
}

type heldKey struct{}

// A tracedCall is a line of a trace, or two that belong together.
type tracedCall struct {
	tid, name, args, result string
}

var traceLine = regexp.MustCompile(`^(\d+) +\d\d:\d\d:\d\d\.\d{6} (?:(\w+)\((.*?)|<\.\.\. (\w+) resumed>(.*?))(?: <unfinished \.\.\.>|\) += (.*))$`)

// readTrace reads what --trace has written, or strace, in whose output other lines are
// left out: signals, exits.
func readTrace(ts *testscript.TestScript, file string, byStrace bool) []tracedCall {
	var calls []tracedCall
	unfinished := map[string]tracedCall{}
	for line := range strings.Lines(ts.ReadFile(file)) {
		m := traceLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil && byStrace {
			continue
		} else if m == nil {
			ts.Fatalf("%s: not a line of strace's: %s", file, line)
		}
		c := tracedCall{tid: m[1], name: m[2], args: m[3], result: m[6]}
		if m[4] != "" {
			c = unfinished[c.tid]
			c.args, c.result = c.args+m[5], m[6]
		}
		if strings.HasPrefix(c.result, "? ") {
			continue // a signal came, and the kernel makes the call again
		}
		if c.result == "" {
			unfinished[c.tid] = c
			continue
		}
		calls = append(calls, c)
	}
	return calls
}

// roles says which descriptor is what at each line: "client" is an accepted
// socket, "server" one that was made to connect.
func roles(calls []tracedCall, each func(c tracedCall, role func(fd string) string)) {
	is := map[string]string{}
	for _, c := range calls {
		if fd := c.result; c.name == "accept4" && !strings.HasPrefix(fd, "-1") {
			is[fd] = "client"
		} else if c.name == "socket" {
			is[fd] = "server"
		}
		each(c, func(fd string) string { return is[fd] })
		if c.name == "close" {
			delete(is, c.args)
		}
	}
}

var traceEvent = regexp.MustCompile(`\{events=([A-Z|]+), data=\{u32=(\d+),`)

// printEvents is "events TRACE": what epoll_wait told of connections.
func printEvents(ts *testscript.TestScript, _ bool, args []string) {
	roles(readTrace(ts, args[0], false), func(c tracedCall, role func(string) string) {
		if c.name != "epoll_wait" {
			return
		}
		for _, e := range traceEvent.FindAllStringSubmatch(c.args, -1) {
			if who := role(e[2]); who != "" {
				fmt.Fprintf(ts.Stdout(), "%s %s\n", who, e[1])
			}
		}
	})
}

var firstArgument = regexp.MustCompile(`^\d+`)

// printCalls is "calls TRACE [CALL...]": the calls for connections, or those of the given names, without the waits.
func printCalls(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	roles(readTrace(ts, args[0], false), func(c tracedCall, role func(string) string) {
		fd := firstArgument.FindString(c.args)
		switch c.name {
		case "accept4", "socket":
			fd = c.result
		case "epoll_ctl":
			fd = strings.Split(c.args, ", ")[2]
		}
		who := role(fd)
		if who == "" {
			return
		}
		n++
		if len(args) == 1 || slices.Contains(args[1:], c.name) {
			fmt.Fprintf(ts.Stdout(), "%s %s %s\n", who, c.name, c.result)
		}
	})
	fmt.Fprintf(ts.Stdout(), "%d calls\n", n)
}

// sameTrace is "same TRACE STRACE": what each thread of TRACE did is, call by
// call, in STRACE, which strace -f has written of the same run.
func sameTrace(ts *testscript.TestScript, _ bool, args []string) {
	ours, theirs := map[string][]string{}, map[string][]string{}
	known := map[string]bool{}
	for _, c := range readTrace(ts, args[0], false) {
		known[c.name] = true
		ours[c.tid] = append(ours[c.tid], c.name+"("+c.args+") = "+c.result)
	}
	for _, c := range readTrace(ts, args[1], true) {
		if known[c.name] {
			theirs[c.tid] = append(theirs[c.tid], c.name+"("+c.args+") = "+c.result)
		}
	}
	if len(ours) == 0 {
		ts.Fatalf("%s is empty", args[0])
	}
	n := 0
	for tid, calls := range ours {
		n += len(calls)
		// What came before was the runtime's, which then gave the thread away.
		begin := max(slices.Index(theirs[tid], calls[0]), 0)
		if diff := cmp.Diff(theirs[tid][begin:], calls); diff != "" {
			ts.Fatalf("thread %s (-strace +trace):\n%s", tid, diff)
		}
	}
	fmt.Fprintf(ts.Stdout(), "%d calls of %d threads\n", n, len(ours))
}
