package glossary_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sockprobe/glossary"
	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

// TestFacts holds sentences of the glossary to the running kernel: a script for each, with what its
// last steps return.
func TestFacts(t *testing.T) {
	if ops.System().Kind != "linux" {
		t.Skip("the glossary is about Linux")
	}
	runtime.LockOSThread()
	tests := []struct{ word, says, script, want string }{
		{
			"NOTSENT_LOWAT", "fewer than N/2 bytes", "-c opt:CORK=1,opt:NOTSENT_LOWAT=2000,snd:999,pol:out,snd:1,pol:out",
			"pol:out(c): ret=1 ev=0x4 (OUT)\nsnd:1(c): ret=1\npol:out(c): ret=0 ev=0\n",
		},
		{
			"ECONNRESET", "It is pending, with ERR and HUP", "-s snd,lin,clo -c pol,rcv,rcv,rcv,snd",
			"pol(c): ret=1 ev=0x201d (IN OUT ERR HUP RDHUP)\nrcv(c): ret=3\nrcv(c): ret=-1 (ECONNRESET)\nrcv(c): ret=0\nsnd(c): ret=-1 (EPIPE)\n",
		},
		{
			"ECONNRESET", "TCP's error is EPIPE instead, and no receive returns it", "-s clo -c snd,rcv,err",
			"rcv(c): ret=0\nerr(c): ret=0 err=EPIPE\n",
		},
		{"ECONNRESET", "MPTCP reports no error then", "--family mptcp -s clo -c snd,err", "err(c): ret=0 err=0\n"},
		{"RST", "the error is EPIPE instead", "-s clo -c snd,rcv,snd", "rcv(c): ret=0\nsnd(c): ret=-1 (EPIPE)\n"},
		{"EPIPE", "no receive does", "-s clo -c snd,rcv,err", "rcv(c): ret=0\nerr(c): ret=0 err=EPIPE\n"},
		{"EAGAIN", "a UNIX con returns it", "--family unix -l lis:0,con -d con", "con(d): ret=-1 (EAGAIN)\n"},
		{"EAGAIN", "a TCP con then returns EINPROGRESS", "-n -l lis:0,con -d con", "con(d): ret=-1 (EINPROGRESS)\n"},
		{
			"ECONNREFUSED", "pending, with IN, OUT, ERR, HUP and RDHUP", "-l clo -c con:nb,pol,err",
			"con:nb(c): ret=-1 (EINPROGRESS)\npol(c): ret=1 ev=0x201d (IN OUT ERR HUP RDHUP)\nerr(c): ret=0 err=ECONNREFUSED\n",
		},
		{
			"ECONNREFUSED", "A UNIX connect returns it at once, and leaves nothing pending", "--family unix -l clo -c con:nb,err",
			"con:nb(c): ret=-1 (ECONNREFUSED)\nerr(c): ret=0 err=0\n",
		},
		{"ENOPROTOOPT", "ENOPROTOOPT", "--family udp4 -c opt:NODELAY=1", "opt:NODELAY=1(c): ret=-1 (ENOPROTOOPT)\n"},
		{"ENOPROTOOPT", "UNIX sockets return EOPNOTSUPP", "--family unix -c opt:NODELAY=1", "opt:NODELAY=1(c): ret=-1 (EOPNOTSUPP)\n"},
		{"EOPNOTSUPP", "for an option of TCP", "--family unix -c opt:NODELAY=1", "opt:NODELAY=1(c): ret=-1 (EOPNOTSUPP)\n"},
		{"EBADF", "Calls on a closed side return", "-c clo,snd,pol", "snd(c): ret=-1 (EBADF)\npol(c): ret=1 ev=0x20 (NVAL)\n"},
		{
			"epoll-oneshot", "a pol with another mask, arms it again", "--api epoll-oneshot -s snd -c pol,pol,pol:in",
			"pol(c): ret=1 ev=0x5 (IN OUT)\npol(c): ret=0 ev=0\npol:in(c): ret=1 ev=0x1 (IN)\n",
		},
		{"FIN", "or lin came before", "-s lin,clo -c rcv", "rcv(c): ret=-1 (ECONNRESET)\n"},
		{"IN", "IN stays while a receive that does not block returns EAGAIN", "--family udp4 -c shr,rcv,pol:in", "rcv(c): ret=-1 (EAGAIN)\npol:in(c): ret=1 ev=0x1 (IN)\n"},
		{"IN", "UDP and UNIX datagram sockets that are shut", "--family unix-dgram -c shr,rcv,pol:in", "rcv(c): ret=-1 (EAGAIN)\npol:in(c): ret=1 ev=0x1 (IN)\n"},
		{
			"IN", "an urgent byte sets IN there", "--family unix -s oob -c pol:in,rcv,pol:in",
			"pol:in(c): ret=1 ev=0x1 (IN)\nrcv(c): ret=-1 (EAGAIN)\npol:in(c): ret=0 ev=0\n",
		},
		{"PRI", "On TCP an urgent byte alone does not set IN", "-s oob -c pol:in+pri", "pol:in+pri(c): ret=1 ev=0x2 (PRI)\n"},
		{"PRI", "on UNIX streams it does", "--family unix -s oob -c pol:in+pri", "pol:in+pri(c): ret=1 ev=0x3 (IN PRI)\n"},
		{"PRI", "discards it: it returns EAGAIN, and a later rco EINVAL", "-s oob -c rcv,rco", "rcv(c): ret=-1 (EAGAIN)\nrco(c): ret=-1 (EINVAL)\n"},
		{"PRI", "discards it: it returns EAGAIN, and a later rco EINVAL", "--family unix -s oob -c rcv,rco", "rcv(c): ret=-1 (EAGAIN)\nrco(c): ret=-1 (EINVAL)\n"},
		{"OUT", "Once the writing side of a TCP socket is shut", "-c fil,shw,pol,snd", "pol(c): ret=1 ev=0x4 (OUT)\nsnd(c): ret=-1 (EPIPE)\n"},
		{"OUT", "A UNIX stream whose send buffer is full does not report OUT even after SHUT_WR", "--family unix -c fil,shw,pol", "pol(c): ret=0 ev=0\n"},
		{"OUT", "a send returns EDESTADDRREQ", "--family udp4 -n -c pol,snd", "pol(c): ret=1 ev=0x4 (OUT)\nsnd(c): ret=-1 (EDESTADDRREQ)\n"},
		{"OUT", "or ENOTCONN", "--family unix-dgram -n -c pol,snd", "pol(c): ret=1 ev=0x4 (OUT)\nsnd(c): ret=-1 (ENOTCONN)\n"},
		{"HUP", "A TCP or UNIX stream socket that was never connected", "-n -c pol", "pol(c): ret=1 ev=0x14 (OUT HUP)\n"},
		{"HUP", "A TCP or UNIX stream socket that was never connected", "--family unix -n -c pol", "pol(c): ret=1 ev=0x14 (OUT HUP)\n"},
		{"HUP", "that were never connected have OUT only", "--family udp4 -n -c pol", "pol(c): ret=1 ev=0x4 (OUT)\n"},
		{"HUP", "that were never connected have OUT only", "--family unix-dgram -n -c pol", "pol(c): ret=1 ev=0x4 (OUT)\n"},
		{"WRBAND", "UNIX and UDP sockets report it", "--family udp4 -c pol:out+wrband", "pol:out+wrband(c): ret=1 ev=0x204 (OUT WRBAND)\n"},
		{"WRBAND", "UNIX and UDP sockets report it", "--family unix -c pol:out+wrband", "pol:out+wrband(c): ret=1 ev=0x204 (OUT WRBAND)\n"},
		{"WRBAND", "TCP does not", "-c pol:out+wrband", "pol:out+wrband(c): ret=1 ev=0x4 (OUT)\n"},
		{"RDHUP", "a program that closes on RDHUP loses unread data", "-s snd,shw -c pol,clo", "pol(c): ret=1 ev=0x2005 (IN OUT RDHUP)\nclo(c): ret=0\n"},
	}
	for _, tt := range tests {
		t.Run(tt.word+" "+tt.script, func(t *testing.T) {
			var text strings.Builder
			for _, e := range glossary.Find(tt.word) {
				text.WriteString(e.Text)
			}
			if !strings.Contains(text.String(), tt.says) {
				t.Errorf("no %q in the entry:\n%s", tt.says, &text)
			}
			if got := lastLines(t, tt.script, tt.want); got != tt.want {
				t.Errorf("%s (-want +got):\n%s", tt.script, cmp.Diff(tt.want, got))
			}
		})
	}
}

// lastLines is what a script prints in its last steps, without the places: as many lines as want
// has. Corked data are held for 200 ms (tcp(7)), which a busy machine may spend between two steps:
// a run that went otherwise is repeated.
func lastLines(t *testing.T, line, want string) string {
	t.Helper()
	script, err := scenario.Parse(strings.Fields(line), ops.Verbs())
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for range 5 {
		tally, err := ops.Repeat(script, ops.Options{Timeout: ops.DefaultTimeout / 10, Settle: ops.SettleAuto}, 1)
		if lack, ok := ops.Lacks(err); ok {
			t.Skip(lack)
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(strings.TrimSpace(string(report.Stable(tally)))+"\n", "\n")
		lines = lines[:len(lines)-1]
		got = ""
		for _, l := range lines[max(0, len(lines)-strings.Count(want, "\n")):] {
			_, text, _ := strings.Cut(l, ": ")
			got += text
		}
		if got == want {
			break
		}
	}
	return got
}
