package why_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sockprobe/ops"
	"sockprobe/scenario"
	"sockprobe/why"
)

// TestEveryClassHasACheck holds that nothing can be claimed without a check.
func TestEveryClassHasACheck(t *testing.T) {
	for cause := range why.Causes {
		if checks[cause] == nil && absences[cause] == nil {
			t.Errorf("cause %d has none: %s", cause, why.Explanation{Cause: cause}.Text())
		}
	}
	for kind := range why.Kinds {
		if happened[kind] == nil {
			t.Errorf("kind %d has none: %s", kind, why.Part{Kind: kind})
		}
	}
}

// TestScripts shows what is said of scripts that are known to be telling.
func TestScripts(t *testing.T) {
	tests := []struct {
		name, script string
		extent       why.Extent
		want         []string // for each pol and wai a line with its bits' explanations
	}{
		{"the seed's", "-c snd,shw -s pol,rcv,pol,rcv,pol,snd,lin,clo -c pol,rcv,pol,rcv,pol,rcv,pol", why.Reported, []string{
			"IN: 3 bytes to read; OUT: room to send; RDHUP: FIN received",
			"IN: the end of the stream (FIN received): rcv answers 0; OUT: room to send; RDHUP: FIN received",
			"IN: the end of the stream (FIN received): rcv answers 0; OUT: room to send; RDHUP: FIN received",
			"IN: 3 bytes to read; OUT: the connection was reset (RST received at #2.8): snd answers ECONNRESET; " +
				"ERR: ECONNRESET pending; the next snd or err takes it; HUP: the connection was reset (RST received at #2.8); RDHUP: RST received at #2.8",
			"IN: RST received at #2.8: rcv answers ECONNRESET; OUT: the connection was reset (RST received at #2.8): snd answers ECONNRESET; " +
				"ERR: ECONNRESET pending; the next rcv, snd or err takes it; HUP: the connection was reset (RST received at #2.8); RDHUP: RST received at #2.8",
			"IN: the end of the stream (RST received at #2.8): rcv answers 0; OUT: the connection was reset (RST received at #2.8): snd answers EPIPE; " +
				"HUP: the connection was reset (RST received at #2.8); RDHUP: RST received at #2.8",
			"IN: the end of the stream (RST received at #2.8): rcv answers 0; OUT: the connection was reset (RST received at #2.8): snd answers EPIPE; " +
				"HUP: the connection was reset (RST received at #2.8); RDHUP: RST received at #2.8",
		}},
		{"a FIN in each direction", "-s shw -c pol -c shw,pol", why.Reported, []string{
			"IN: the end of the stream (FIN received): rcv answers 0; OUT: room to send; RDHUP: FIN received",
			"IN: the end of the stream (FIN received): rcv answers 0; OUT: both directions are shut (shw at #3.1, FIN received): snd answers EPIPE; " +
				"HUP: both directions are shut (shw at #3.1, FIN received); RDHUP: FIN received",
		}},
		{"refused, without a wait", "-l clo -c con:nb,pol,err,pol", why.Reported, []string{
			"IN: not connected (con at #2.1: ECONNREFUSED): rcv answers ECONNREFUSED; OUT: not connected (con at #2.1: ECONNREFUSED): snd answers ECONNREFUSED; " +
				"ERR: ECONNREFUSED pending; the next rcv, snd or err takes it; HUP: not connected (con at #2.1: ECONNREFUSED); " +
				"RDHUP: the reading side is shut (con at #2.1: ECONNREFUSED)",
			"IN: not connected (con at #2.1: ECONNREFUSED): rcv answers 0; OUT: not connected (con at #2.1: ECONNREFUSED): snd answers EPIPE; " +
				"HUP: not connected (con at #2.1: ECONNREFUSED); RDHUP: the reading side is shut (con at #2.1: ECONNREFUSED)",
		}},
		{"refused", "-l clo -c pol", why.Reported, []string{
			"OUT: not connected (con at #2.0: ECONNREFUSED): snd answers EPIPE; HUP: not connected (con at #2.0: ECONNREFUSED)",
		}},
		{"fresh", "-n -c pol", why.Reported, []string{"OUT: not connected: snd answers EPIPE; HUP: not connected"}},
		{"shut before it is connected", "-n -c shb,con,pol", why.Reported, []string{
			"IN: the end of the stream (shb at #1.1): rcv answers 0; OUT: the writing side is shut (shb at #1.1): snd answers EPIPE; " +
				"HUP: both directions are shut (shb at #1.1); RDHUP: the reading side is shut (shb at #1.1)",
		}},
		{"a listener, shut", "-l pol,shr,pol", why.Reported, []string{
			"", "OUT: no listener any more (shr at #1.2): snd answers EPIPE; HUP: no listener any more (shr at #1.2)",
		}},
		{"a listener's connections", "-l con,pol -d con -l pol", why.Reported, []string{"IN: 1 connection to accept", "IN: 2 connections to accept"}},
		{"full", "-c fil,pol -s shw -c pol", why.Reported, []string{
			"", "IN: the end of the stream (FIN received): rcv answers 0; RDHUP: FIN received",
		}},
		{"closed with unread data", "-c snd -s clo -c pol,err,pol", why.Reported, []string{
			"IN: RST received at #2.1: rcv answers ECONNRESET; OUT: the connection was reset (RST received at #2.1): snd answers ECONNRESET; " +
				"ERR: ECONNRESET pending; the next rcv, snd or err takes it; HUP: the connection was reset (RST received at #2.1); RDHUP: RST received at #2.1",
			"IN: the end of the stream (RST received at #2.1): rcv answers 0; OUT: the connection was reset (RST received at #2.1): snd answers EPIPE; " +
				"HUP: the connection was reset (RST received at #2.1); RDHUP: RST received at #2.1",
		}},
		{"data for one that reads no more", "-c shb -s snd -c pol", why.Reported, []string{
			"IN: the reading side is shut (shb at #1.1): rcv answers ECONNRESET; " +
				"OUT: the connection is gone (data received at #2.1 with the reading side shut): snd answers ECONNRESET; " +
				"ERR: ECONNRESET pending; the next rcv, snd or err takes it; " +
				"HUP: the connection is gone (data received at #2.1 with the reading side shut); RDHUP: the reading side is shut (shb at #1.1)",
		}},
		{"data held back until the other end is done", "-c shb -s mor,shw -c pol:out", why.Reported, []string{
			"OUT: the connection is gone (data received at #2.2 with the reading side shut): snd answers ECONNRESET; " +
				"ERR: ECONNRESET pending; the next rcv, snd or err takes it; " +
				"HUP: the connection is gone (data received at #2.2 with the reading side shut)",
		}},
		{"data held back until an option sends them", "-c shb -s mor,opt:NODELAY=1 -c pol:hup", why.Reported, []string{
			"ERR: ECONNRESET pending; the next rcv, snd or err takes it; HUP: the connection is gone (data received at #2.2 with the reading side shut)",
		}},
		{"a listener that is shut", "-n -c con,mor,shb -l shb -c pol:hup", why.Reported, []string{
			"ERR: ECONNRESET pending; the next rcv, snd or err takes it; HUP: the connection was reset (RST received at #2.1)",
		}},
		{"a listener that is closed beside data for it", "-n -c con,shb -d con,mor -l clo -c pol:hup", why.Reported, []string{
			"ERR: ECONNRESET pending; the next rcv, snd or err takes it; HUP: the connection was reset (RST received at #3.1)",
		}},
		{"urgent", "-s oob -c pol:in+pri", why.Reported, []string{"PRI: an urgent byte to read: rco answers 1"}},
		{"a blk that takes the error", "-c blk:200ms -s lin,clo -c pol", why.Reported, []string{
			"IN: the end of the stream (RST received at #2.2): rcv answers 0; OUT: the connection was reset (RST received at #2.2): snd answers EPIPE; " +
				"HUP: the connection was reset (RST received at #2.2); RDHUP: RST received at #2.2",
		}},
		{"UNIX: urgent, in the stream", "--family unix -s oob -c opt:OOBINLINE=1,pol:in+pri", why.Reported, []string{
			"IN: 1 byte to read; PRI: an urgent byte to read: rco answers EINVAL",
		}},
		{"a closed descriptor", "-c dup,clo,pol -C pol", why.Reported, []string{"NVAL: the descriptor is closed (clo at #1.2)", "OUT: room to send"}},
		{"select counts more", "-n --api select -c pol:in", why.Reported, []string{"IN: select counts HUP: not connected"}},
		{"a wait", "-c wai:10s -s snd", why.Reported, []string{"IN: 3 bytes to read"}},
		{"MPTCP listener: full", "--family mptcp-listener -c fil,pol,shw,pol:out", why.Reported, []string{
			"", "OUT: the writing side is shut (shw at #1.3): snd answers EPIPE",
		}},
		{"MPTCP listener: refused", "--family mptcp-listener -l clo -c con:nb,pol,err,pol", why.Reported, []string{
			"IN: not connected (con at #2.1: ECONNREFUSED): rcv answers ECONNREFUSED; OUT: not connected (con at #2.1: ECONNREFUSED): snd answers ECONNREFUSED; " +
				"ERR: ECONNREFUSED pending; the next rcv, snd or err takes it; HUP: not connected (con at #2.1: ECONNREFUSED); " +
				"RDHUP: the reading side is shut (con at #2.1: ECONNREFUSED)",
			"IN: not connected (con at #2.1: ECONNREFUSED): rcv answers 0; OUT: not connected (con at #2.1: ECONNREFUSED): snd answers EPIPE; " +
				"HUP: not connected (con at #2.1: ECONNREFUSED); RDHUP: the reading side is shut (con at #2.1: ECONNREFUSED)",
		}},
		{"MPTCP listener: shut", "--family mptcp-listener -l shb,pol", why.Reported, []string{
			"OUT: no listener any more (shb at #1.1): snd answers EPIPE; HUP: no listener any more (shb at #1.1)",
		}},
		{"MPTCP listener: a dissolved client", "--family mptcp-listener -c snd,dis,pol", why.Reported, []string{
			"OUT: not connected (dis at #1.2): snd answers ECONNRESET; ERR: ECONNRESET pending; the next rcv, snd or err takes it; HUP: not connected (dis at #1.2)",
		}},
		{"MPTCP listener: a FIN, then a RST", "--family mptcp-listener -s shw -c pol:rdhup,snd -s clo -c pol:rdhup", why.Reported, []string{
			"RDHUP: FIN received",
			"ERR: EPIPE pending; the next snd or err takes it; HUP: the connection was reset (RST received at #3.1); RDHUP: FIN received",
		}},
		{"MPTCP: the end is no byte", "--family mptcp -c snd -s clo -c pol:in,rcv,rcv", why.Reported, []string{
			"IN: the reading side is shut (the other end's clo at #2.1): rcv answers ECONNRESET; ERR: ECONNRESET pending; the next rcv, snd or err takes it; " +
				"HUP: both directions are shut (the other end's clo at #2.1)",
		}},
		{"MPTCP: much data", "--family mptcp -s fil -c pol:in", why.Reported, []string{"IN: data to read"}},
		{"UNIX", "--family unix -s snd,clo -c pol", why.Reported, []string{
			"IN: 3 bytes to read; OUT: room to send, but snd answers EPIPE (the other end's clo at #1.2); " +
				"HUP: both directions are shut (the other end's clo at #1.2); RDHUP: the reading side is shut (the other end's clo at #1.2)",
		}},
		{"UNIX: a wait that has held what is closed", "--family unix -s wai:30ms/pri -s clo -c slp:60ms,pol", why.Reported, []string{
			"IN: the end of the stream (the other end's clo at #2.1, when the wai at #1.1 had ended): rcv answers 0; " +
				"OUT: room to send, but snd answers EPIPE (the other end's clo at #2.1, when the wai at #1.1 had ended); " +
				"HUP: both directions are shut (the other end's clo at #2.1, when the wai at #1.1 had ended); " +
				"RDHUP: the reading side is shut (the other end's clo at #2.1, when the wai at #1.1 had ended)",
			"NVAL: the descriptor is closed (clo at #2.1)",
		}},
		{"UNIX: epoll holds nothing", "--family unix --api epoll -s wai:20ms/pri -s clo -c shw,pol:none", why.Reported, []string{
			"HUP: both directions are shut (the other end's clo at #2.1)", "",
		}},
		{"UNIX: a listener, shut", "--family unix -l shr,pol", why.Reported, []string{
			"IN: the reading side is shut (shr at #1.1): acc answers EINVAL; RDHUP: the reading side is shut (shr at #1.1)",
		}},
		{"UNIX: a non-blocking listener, shut", "--family unix -l nbl,shr,pol", why.Reported, []string{
			"IN: the reading side is shut (shr at #1.2): acc answers EAGAIN; RDHUP: the reading side is shut (shr at #1.2)",
		}},
		{"UNIX datagrams to one that is shut", "--family unix-dgram -s shr -c pol", why.Reported, []string{
			"OUT: room to send, but snd answers EPIPE (the other end's shr at #1.1)",
		}},
		{"edge-triggered, told already", "--api epoll-et -s snd -c pol,rcv:1,pol -s snd -c pol", why.Reported, []string{
			"IN: 3 bytes to read; OUT: room to send", "no IN OUT: reported at #2.1, no new event since", "IN: 5 bytes to read; OUT: room to send",
		}},
		{"edge-triggered, told at different steps", "--api epoll-et -c pol -s shw -c pol,shw,pol,pol", why.Reported, []string{
			"OUT: room to send",
			"IN: the end of the stream (FIN received): rcv answers 0; OUT: room to send; RDHUP: FIN received",
			"IN: the end of the stream (FIN received): rcv answers 0; OUT: both directions are shut (shw at #3.2, FIN received): snd answers EPIPE; " +
				"HUP: both directions are shut (shw at #3.2, FIN received); RDHUP: FIN received",
			"no IN OUT HUP RDHUP: reported at #3.3, no new event since",
		}},
		{"edge-triggered, told to a wait", "--api epoll-et -c wai:10s -s snd -c pol", why.Reported, []string{
			"IN: 3 bytes to read", "no IN: reported at #1.1, no new event since; no OUT: not in the registered mask (wai at #1.1)",
		}},
		{"one-shot, disarmed", "--api epoll-oneshot -c pol -s snd -c pol,mod,pol", why.Reported, []string{
			"OUT: room to send", "no IN OUT: disarmed by the report at #1.1, until a mod or another mask", "IN: 3 bytes to read; OUT: room to send",
		}},
		{"a mask that asks for less", "-e -c add:rdhup,pol -s snd -c pol:in", why.Reported, []string{
			"no OUT: not in the registered mask (add at #1.1)", "IN: 3 bytes to read",
		}},
		{"a registration that was closed", "--api epoll-et -c pol,clo,pol", why.Reported, []string{
			"OUT: room to send", "no IN OUT ERR HUP RDHUP: the descriptor is closed, and the registration with it (clo at #1.2)",
		}},
		{"all: a half-close", "-s snd,shw -c pol", why.All, []string{
			"IN: 3 bytes to read; OUT: room to send; RDHUP: FIN received; no ERR: no error is pending; no HUP: only the reading side is shut (FIN received)",
		}},
		{"all: the other half", "-c shw,pol:none", why.All, []string{
			"no ERR: no error is pending; no HUP: only the writing side is shut (shw at #1.1)",
		}},
		{"all: full", "-c fil,pol", why.All, []string{
			"no IN: nothing to read; no OUT: the send buffer is full (fil at #1.1); no ERR: no error is pending; " +
				"no HUP: neither direction is shut; no RDHUP: no FIN received, and no shr",
		}},
		{"all: unsent", "-c opt:NOTSENT_LOWAT=1000,fil,pol:out", why.All, []string{
			"no OUT: at least half of what NOTSENT_LOWAT allows is unsent (opt at #1.1); no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: unsent, and a send takes more", "-c opt:NOTSENT_LOWAT=120000,opt:SNDBUF=4000000 -s opt:RCVBUF=2304 -c snd:100000,snd,snd:60000,inf,pol:out", why.All, []string{
			"no OUT: at least half of what NOTSENT_LOWAT allows is unsent (opt at #1.1), but snd answers 3; no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: unsent, by the listener's option", "-l opt:NOTSENT_LOWAT=20000 -s fil:4096,inf,pol:out", why.All, []string{
			"no OUT: at least half of what NOTSENT_LOWAT allows is unsent (opt at #1.1); no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: full, and then a limit", "-c fil,opt:NOTSENT_LOWAT=1000,pol:out", why.All, []string{
			"no OUT: the send buffer is full (fil at #1.1); no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: a listener's option after the handshake", "-n -c con,snd -l opt:RCVLOWAT=10 -s acc,opt:RCVLOWAT=5,pol:in", why.All, []string{
			"no IN: 3 bytes to read, fewer than RCVLOWAT asks for (opt at #3.2); no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: a listener's option after the handshake of a full socket", "-n -c con -l opt:NOTSENT_LOWAT=1000 -s acc,fil,pol:out", why.All, []string{
			"no OUT: the send buffer is full (fil at #3.2); no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: a listener's option between two handshakes", "-n -c con -l opt:RCVLOWAT=10 -d con -s acc -t acc -d snd -t pol:in", why.All, []string{
			"no IN: unknown; no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: a listener's mark", "-l opt:RCVLOWAT=10 -c snd -s pol:in", why.All, []string{
			"no IN: 3 bytes to read, fewer than RCVLOWAT asks for (opt at #1.1); no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: an MPTCP listener's mark", "--family mptcp -l opt:RCVLOWAT=10 -c snd -s pol:in", why.All, []string{
			"no IN: 3 bytes to read, fewer than RCVLOWAT asks for (opt at #1.1); no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: a mark", "-c opt:RCVLOWAT=5 -s snd -c pol:in", why.All, []string{
			"no IN: 3 bytes to read, fewer than RCVLOWAT asks for (opt at #1.1); no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: an error that was taken", "-c snd -s clo -c err,pol:none", why.All, []string{
			"HUP: the connection was reset (RST received at #2.1); no ERR: no error is pending (err at #3.1 took ECONNRESET)",
		}},
		{"all: a listener", "-l pol", why.All, []string{
			"no IN: no connection to accept; no OUT ERR HUP RDHUP: a socket that listens never reports that",
		}},
		{"all: fresh", "-n -c pol", why.All, []string{
			"OUT: not connected: snd answers EPIPE; HUP: not connected; no IN: not connected: rcv answers ENOTCONN; " +
				"no ERR: no error is pending; no RDHUP: not connected",
		}},
		{"all: connecting", "-n -l lis:0,con -d con:nb,pol", why.All, []string{
			"no IN OUT HUP RDHUP: still connecting (con at #2.1); no ERR: no error is pending",
		}},
		{"all: select", "--api select -c pol:in+out+pri", why.All, []string{
			"OUT: room to send; no IN: nothing to read; no PRI: no urgent byte to read",
		}},
		{"all: bits of no socket", "-c pol:wrband+msg", why.All, []string{
			"no ERR: no error is pending; no HUP: neither direction is shut; no WRBAND MSG: no socket of this family reports that",
		}},
		{"all: an MPTCP listener of TCP clients", "--family mptcp-listener -l pol:pri -c pol:pri", why.All, []string{
			"no PRI ERR HUP: a socket that listens never reports that",
			"no PRI: no urgent byte to read; no ERR: no error is pending; no HUP: neither direction is shut",
		}},
		{"all: a UNIX listener", "--family unix -l pol", why.All, []string{
			"no IN: no connection to accept; no OUT: a socket that listens never reports that; no ERR: no error is pending; " +
				"no HUP: neither direction is shut; no RDHUP: the reading side is open",
		}},
		{"all: a full UNIX socket", "--family unix -c fil,shw,pol", why.All, []string{
			"no IN: nothing to read; no OUT: too little room in the send buffer (fil at #1.1), but snd answers EPIPE; no ERR: no error is pending; " +
				"no HUP: only the writing side is shut (shw at #1.2); no RDHUP: the reading side is open",
		}},
		{"all: MPTCP", "--family mptcp -c pol:in+rdhup+pri", why.All, []string{
			"no IN: nothing to read; no PRI: no socket of this family reports that; no ERR: no error is pending; " +
				"no HUP: neither direction is shut; no RDHUP: the reading side is open",
		}},
		{"UDP", "--family udp4 -s clo -c snd,pol", why.Reported, []string{
			"OUT: room to send, but snd answers ECONNREFUSED; ERR: ECONNREFUSED pending; the next rcv, snd or err takes it",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			script, err := scenario.Parse(strings.Fields(tt.script), ops.Verbs())
			if err != nil {
				t.Fatal(err)
			}
			obs, err := ops.Explained(script, ops.Options{Settle: ops.SettleAuto}, tt.extent)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range obs {
				if o.Polled && o.Errno == 0 {
					got = append(got, strings.Join(o.Why, "; "))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.script, diff)
			}
			newCount().holdScript(t, tt.script)
		})
	}
}

// TestNoGuess holds that what a wait saw is not explained where it may have been one thing
// or the other, and nothing is without the states of the sockets.
func TestNoGuess(t *testing.T) {
	script, err := scenario.Parse(strings.Fields("-c wai:10s -s snd,shw"), ops.Verbs())
	if err != nil {
		t.Fatal(err)
	}
	explained, err := ops.Explained(script, ops.Options{}, why.Reported)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range explained {
		if o.Verb == "wai" && o.Why[0] != "IN: unknown" {
			t.Errorf("a wait that ended with data, or with a FIN behind it: %q", o.Why)
		}
	}
	blind := []scenario.Observation{{Cmd: 1, Step: 1, Side: scenario.Client, Verb: "pol", Ret: 1, Polled: true, Events: scenario.Out | scenario.Hup}}
	want := []why.Explanation{{Bit: scenario.Out}, {Bit: scenario.Hup}}
	if diff := cmp.Diff(want, why.Explain(script, blind, nil, why.Reported)); diff != "" {
		t.Errorf("without states (-want +got):\n%s", diff)
	}
}
