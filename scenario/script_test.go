package scenario

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testVerbs is a vocabulary for the tests: what the verbs do is of no
// importance here.
var testVerbs = []Verb{
	{Name: "con", Long: "connect", Arg: Word("nb", "").IfGiven()},
	{Name: "acc"},
	{Name: "snd", Long: "send", Arg: Number("N", "bytes", 0, 1000).IfGiven()},
	{Name: "mor"},
	{Name: "rcv"},
	{Name: "drn"},
	{Name: "shr"},
	{Name: "shw", Long: "shutdown-wr"},
	{Name: "shb"},
	{Name: "lin"},
	{Name: "dup"},
	{Name: "clo"},
	{Name: "pol", Long: "poll", Arg: Mask("").IfGiven()},
	{Name: "opt", Arg: Settings("one of these", []Setting{{Name: "RCVLOWAT", Least: 0, Most: 100}, {Name: "LINGER2", Least: -1, Most: 10}})},
	{Name: "wai", Arg: Wait("the longest wait", time.Millisecond, time.Second)},
	{Name: "slp", Arg: Duration("how long", time.Millisecond, time.Second)},
}

// good are scripts and the way they print: "" where it is the same.
var good = []struct {
	name string
	in   string
	want string
}{
	{name: "one step", in: "-c pol"},
	{name: "several", in: "-c snd,shw -s pol,rcv"},
	{name: "listener", in: "-l pol,shr,pol"},
	{name: "repeated sides keep their order", in: "-c snd -s pol -c rcv -l pol -c clo"},
	{name: "epoll from the start", in: "-e -c pol -s pol"},
	{name: "epoll from the middle", in: "-c pol -e -s pol -c pol"},
	{name: "epoll twice is epoll", in: "-e -c pol -e -s pol", want: "-e -c pol -s pol"},
	{name: "epoll for nothing is dropped", in: "-c pol -e", want: "-c pol"},
	{name: "arguments", in: "-c con:nb,snd:0,snd:1000 -s opt:RCVLOWAT=8,opt:LINGER2=-1"},
	{name: "masks", in: "-c pol:in,pol:in+out+rdhup,pol:none,pol:in+0x800"},
	{name: "masks in order", in: "-c pol:rdhup+in,pol:0x1,pol:none+in,pol:0x2005", want: "-c pol:in+rdhup,pol:in,pol:in,pol:in+out+rdhup"},
	{name: "long names", in: "-c connect:nb,send,send:5,shutdown-wr -s poll:in,poll", want: "-c con:nb,snd,snd:5,shw -s pol:in,pol"},
	{name: "masks in upper case", in: "-c pol:IN+Out,pol:RDHUP+0X800,pol:NONE -s wai:1s/IN", want: "-c pol:in+out,pol:0x800+rdhup,pol:none -s wai:1s/in"},
	{name: "masks by poll's and epoll's names", in: "-c pol:POLLIN+POLLRDHUP,pol:EPOLLIN+epollout", want: "-c pol:in+rdhup,pol:in+out"},
	{name: "times", in: "-c slp:10ms,wai:1s,wai:1s/in+pri,wai:1s/none"},
	{name: "times in other units", in: "-c slp:0.01s,wai:1000ms/rdhup+in", want: "-c slp:10ms,wai:1s/in+rdhup"},
	{name: "numbers", in: "-c snd:007,opt:RCVLOWAT=+8", want: "-c snd:7,opt:RCVLOWAT=8"},
	{name: "a second connection", in: "-d snd -t rcv -c pol"},
	{name: "a copy", in: "-c dup -C pol,clo -c pol"},
	{name: "ways to ask", in: "--api epoll-et -c pol -e -c pol --api poll -c pol --api all -s pol"},
	{name: "epoll by name", in: "--api epoll -c pol", want: "-e -c pol"},
	{name: "a family", in: "--family mptcp -c pol"},
	{name: "a family, at the end and twice", in: "-c pol --family=unix --family unix", want: "--family unix -c pol"},
	{name: "the usual family is dropped", in: "--family tcp4 -c pol", want: "-c pol"},
	{name: "nothing implied", in: "-c pol -n --api=select -s pol", want: "-n -c pol --api select -s pol"},
	{name: "the seed's", in: "-c snd,shw -s pol,rcv,pol,rcv,pol,snd,lin,clo -c pol,rcv,pol,rcv,pol,rcv,pol"},
}

func TestParse(t *testing.T) {
	for _, tt := range good {
		t.Run(tt.name, func(t *testing.T) {
			script, err := Parse(strings.Fields(tt.in), testVerbs)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			if want == "" {
				want = tt.in
			}
			if diff := cmp.Diff(want, script.String()); diff != "" {
				t.Errorf("String (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseGivesCommands(t *testing.T) {
	got, err := Parse([]string{"-c", "snd,shw", "-e", "-s", "pol"}, testVerbs)
	if err != nil {
		t.Fatal(err)
	}
	want := Script{Commands: []Command{
		{Side: Client, Steps: []Step{{Verb: "snd"}, {Verb: "shw"}}},
		{Side: Server, API: Epoll, Steps: []Step{{Verb: "pol"}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

// bad are faults, each with its message and a part of its hint.
var bad = []struct {
	name string
	in   []string
	want string
	hint string
}{
	{"nothing", nil, `no steps to run`, "-c snd,shw"},
	{"epoll alone", []string{"-e"}, `no steps to run`, "at least one"},
	{"unknown verb", []string{"-c", "snd,fnd"}, `-c snd,fnd: cmd #1 stp #2: unknown verb "fnd"`, "did you mean snd?"},
	{"the second command", []string{"-c", "snd", "-s", "pool"}, `-s pool: cmd #2 stp #1: unknown verb "pool"`, "did you mean pol?"},
	{"upper case", []string{"-c", "SND"}, `-c SND: cmd #1 stp #1: unknown verb "SND"`, "did you mean snd?"},
	{"swapped letters", []string{"-c", "sdn"}, `-c sdn: cmd #1 stp #1: unknown verb "sdn"`, "did you mean snd?"},
	{"argument", []string{"-c", "shw:5"}, `-c shw:5: cmd #1 stp #1: shw takes no argument, "5" was given`, "write shw alone"},
	{"no argument", []string{"-c", "snd,opt"}, `-c snd,opt: cmd #1 stp #2: opt needs an argument`, "write opt:NAME=V: one of these"},
	{"empty argument", []string{"-c", "snd:"}, `-c snd:: cmd #1 stp #1: snd: "" is not a number from 0 to 1000`, "write snd[:N]: bytes, 0 to 1000"},
	{"too large", []string{"-c", "snd:1001"}, `-c snd:1001: cmd #1 stp #1: snd: "1001" is not a number from 0 to 1000`, "bytes"},
	{"another word", []string{"-c", "con:now"}, `-c con:now: cmd #1 stp #1: con: "now" is not "nb", which is all that it takes`, "con[:nb]"},
	{"no event", []string{"-c", "pol:in+rdhub"}, `-c pol:in+rdhub: cmd #1 stp #1: pol: "in+rdhub" has "rdhub" in it, which is no event; did you mean rdhup?`, "pol[:MASK]"},
	{"events joined as in C", []string{"-c", "pol:POLLIN|POLLOUT"}, `-c pol:POLLIN|POLLOUT: cmd #1 stp #1: pol: "POLLIN|POLLOUT" joins events by something other than +; write POLLIN+POLLOUT`, "pol[:MASK]"},
	{"a comma in an upper-case mask", []string{"-c", "pol:IN,OUT"}, `-c pol:IN,OUT: cmd #1 stp #2: "OUT" is an event, not a verb`, "joined by +"},
	{"a prefix alone", []string{"-c", "pol:EPOLL"}, `-c pol:EPOLL: cmd #1 stp #1: pol: "EPOLL" has "EPOLL" in it, which is no event: those are none in pri out err hup nval rdnorm rdband wrnorm wrband msg rdhup, and numbers from 0x0 to 0xffff`, "pol[:MASK]"},
	{"a long name's argument", []string{"-c", "shutdown-wr:5"}, `-c shutdown-wr:5: cmd #1 stp #1: shutdown-wr takes no argument, "5" was given`, "write shutdown-wr alone"},
	{"nearly a long name", []string{"-c", "shutdown-w"}, `-c shutdown-w: cmd #1 stp #1: unknown verb "shutdown-w"`, "did you mean shutdown-wr?"},
	{"decimal mask", []string{"-c", "pol:5"}, `-c pol:5: cmd #1 stp #1: pol: "5" has a number without 0x in it; write 0x5`, "pol[:MASK]"},
	{"empty mask", []string{"-c", "pol:in+"}, `-c pol:in+: cmd #1 stp #1: pol: "in+" lacks an event: they are joined by one +, with none before the first or after the last`, "pol[:MASK]"},
	{"no option", []string{"-c", "opt:RCVLOWATT=1"}, `-c opt:RCVLOWATT=1: cmd #1 stp #1: opt: "RCVLOWATT=1" is no option; did you mean RCVLOWAT?`, "opt:NAME=V"},
	{"nothing like an option", []string{"-c", "opt:X"}, `-c opt:X: cmd #1 stp #1: opt: "X" is none of RCVLOWAT LINGER2`, "opt:NAME=V"},
	{"an option's value", []string{"-c", "opt:RCVLOWAT=101"}, `-c opt:RCVLOWAT=101: cmd #1 stp #1: opt: "RCVLOWAT=101" is not RCVLOWAT= and a number from 0 to 100`, "opt:NAME=V"},
	{"no unit", []string{"-c", "slp:10"}, `-c slp:10: cmd #1 stp #1: slp: "10" is not a time from 1ms to 1s with its unit, such as 100ms`, "slp:D"},
	{"no copy", []string{"-c", "pol", "-C", "pol"}, `-C: there is no copy of the client`, "make one before: -c dup -C pol"},
	{"another side's copy", []string{"-c", "dup", "-S", "pol"}, `-S: there is no copy of the server`, "-s dup"},
	{"no way to ask", []string{"--api", "kqueue", "-c", "pol"}, `--api: "kqueue" is no way to ask`, "poll, ppoll, select"},
	{"nearly a way to ask", []string{"--api", "epol", "-c", "pol"}, `--api: "epol" is no way to ask`, "did you mean epoll?"},
	{"a way without steps", []string{"-c", "pol", "--api", "select"}, `--api: no steps behind it ask in its way`, "--api select -c pol"},
	{"a way overruled", []string{"--api", "all", "--api", "poll", "-c", "pol"}, `--api: no steps behind it ask in its way`, "--api select -c pol"},
	{"a way overruled by epoll", []string{"--api", "all", "-e", "-c", "pol"}, `--api: no steps behind it ask in its way`, "--api select -c pol"},
	{"a comma in a mask", []string{"-c", "pol:in,out"}, `-c pol:in,out: cmd #1 stp #2: "out" is an event, not a verb`, "joined by +"},
	{"no mask", []string{"-c", "pol:"}, `-c pol:: cmd #1 stp #1: pol: "" lacks an event: they are joined by one +, with none before the first or after the last`, "pol[:MASK]"},
	{"underscores", []string{"-c", "pol:0x1_0"}, `-c pol:0x1_0: cmd #1 stp #1: pol: "0x1_0" has "0x1_0" in it, which is no event: those are none in pri out err hup nval rdnorm rdband wrnorm wrband msg rdhup, and numbers from 0x0 to 0xffff`, "pol[:MASK]"},
	{"no family", []string{"--family=sctp", "-c", "pol"}, `--family: "sctp" is no family`, "tcp4, tcp6, mptcp"},
	{"two families", []string{"--family", "unix", "-c", "pol", "--family", "tcp6"}, `--family: both unix and tcp6 are given`, "of one family"},
	{"no family's name", []string{"-c", "pol", "--family"}, `--family: "" is no family`, "it is one of"},
	{"empty list", []string{"-c", ""}, `-c: the list of steps is missing`, "-c snd,pol"},
	{"no list", []string{"-s", "snd", "-c"}, `-c: the list of steps is missing`, "-c snd,pol"},
	{"a flag for a list", []string{"-c", "-s", "pol"}, `-c: the list of steps is missing`, "-c snd,pol"},
	{"empty step", []string{"-c", "snd,,pol"}, `-c snd,,pol: cmd #1 stp #2: empty step`, "one comma"},
	{"comma first", []string{"-c", ",snd"}, `-c ,snd: cmd #1 stp #1: empty step`, "one comma"},
	{"comma last", []string{"-c", "snd,"}, `-c snd,: cmd #1 stp #2: empty step`, "one comma"},
	{"a blank", []string{"-c", "snd, pol"}, `-c snd, pol: cmd #1 stp #2: unknown verb " pol"`, "did you mean pol?"},
	{"stray word", []string{"snd"}, `argument 1: "snd" is no part of a script`, "-c STEPS"},
	{"unknown option", []string{"-c", "snd", "-x", "pol"}, `argument 3: "-x" is no part of a script`, "-c STEPS"},
	{
		"a long word",
		[]string{"-c", strings.Repeat("x", 1000)},
		`-c ` + strings.Repeat("x", 60) + `… (1000 bytes): cmd #1 stp #1: unknown verb "` + strings.Repeat("x", 60) + `… (1000 bytes)"`,
		"help steps",
	},
	{"nothing near", []string{"-c", "e"}, `-c e: cmd #1 stp #1: unknown verb "e"`, `"sockprobe help steps" lists`},
	{"control characters", []string{"-c", "snd\nrcv\x1b"}, `-c "snd\nrcv\x1b": cmd #1 stp #1: unknown verb "snd\nrcv\x1b"`, "help steps"},
	{"quotes", []string{"-c", `"snd"`}, `-c "snd": cmd #1 stp #1: unknown verb "\"snd\""`, "help steps"},
	{"no UTF-8", []string{"-c", "\xff"}, `-c "\xff": cmd #1 stp #1: unknown verb "\xff"`, "help steps"},
}

func TestParseFaults(t *testing.T) {
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			script, err := Parse(tt.in, testVerbs)
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("Parse gave %v, %v; want an *Error", script, err)
			}
			if diff := cmp.Diff(tt.want, fault.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if !strings.Contains(fault.Hint, tt.hint) {
				t.Errorf("hint %q, want it to contain %q", fault.Hint, tt.hint)
			}
		})
	}
}

// FuzzParse holds that what parses prints, and that what it prints is the same
// script.
func FuzzParse(f *testing.F) {
	for _, tt := range good {
		f.Add(tt.in)
	}
	for _, tt := range bad {
		f.Add(strings.Join(tt.in, " "))
	}
	f.Fuzz(func(t *testing.T, in string) {
		script, err := Parse(strings.Split(in, " "), testVerbs) // so that other blanks get in
		if err != nil {
			if strings.ContainsRune(err.Error(), '\n') {
				t.Fatalf("a message of several lines: %q", err)
			}
			return
		}
		again, err := Parse(strings.Fields(script.String()), testVerbs)
		if err != nil {
			t.Fatalf("%q parses, but what it prints, %q, does not: %v", in, script, err)
		}
		if diff := cmp.Diff(script, again); diff != "" {
			t.Fatalf("%q (-first +printed and parsed):\n%s", in, diff)
		}
	})
}
