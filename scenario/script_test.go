package scenario

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testVerbs is a vocabulary for the tests: what the verbs do is of no
// importance here.
var testVerbs = []Verb{
	{Name: "con"},
	{Name: "acc"},
	{Name: "snd"},
	{Name: "mor"},
	{Name: "rcv"},
	{Name: "drn"},
	{Name: "shr"},
	{Name: "shw"},
	{Name: "shb"},
	{Name: "lin"},
	{Name: "clo"},
	{Name: "pol"},
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
	{"argument", []string{"-c", "snd:5"}, `-c snd:5: cmd #1 stp #1: snd takes no argument, "5" was given`, "write snd alone"},
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
