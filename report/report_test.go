package report

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"sockprobe/scenario"
)

// samples is an observation of each kind, in every form.
var samples = []struct {
	name                        string
	in                          scenario.Observation
	text, classic, stable, json string
}{
	{
		name:    "a call that succeeds",
		in:      scenario.Observation{Cmd: 1, Step: 2, Side: scenario.Client, Verb: "snd", FD: 4, Ret: 3},
		text:    "cmd #1 stp #2: snd(c=4): ret=3",
		classic: "cmd #1 stp #2: do_snd(4): ret=3",
		stable:  "cmd #1 stp #2: snd(c): ret=3",
		json:    `{"cmd":1,"step":2,"side":"c","verb":"snd","fd":4,"ret":3}`,
	},
	{
		name: "a call that fails",
		in: scenario.Observation{
			Cmd: 2, Step: 4, Side: scenario.Server, Verb: "rcv", FD: 5,
			Ret: -1, Errno: scenario.Errno(syscall.ECONNRESET),
		},
		text:    "cmd #2 stp #4: rcv(s=5): ret=-1 (Connection reset by peer)",
		classic: "cmd #2 stp #4: do_rcv(5): ret=-1 (Connection reset by peer)",
		stable:  "cmd #2 stp #4: rcv(s): ret=-1 (ECONNRESET)",
		json:    `{"cmd":2,"step":4,"side":"s","verb":"rcv","fd":5,"ret":-1,"errno":"ECONNRESET","error":"Connection reset by peer"}`,
	},
	{
		name: "bytes and an error",
		in: scenario.Observation{
			Cmd: 1, Step: 1, Side: scenario.Client, Verb: "drn", FD: 4,
			Ret: 3, Errno: scenario.Errno(syscall.ECONNRESET),
		},
		text:    "cmd #1 stp #1: drn(c=4): ret=3 (Connection reset by peer)",
		classic: "cmd #1 stp #1: do_drn(4): ret=3 (Connection reset by peer)",
		stable:  "cmd #1 stp #1: drn(c): ret=3 (ECONNRESET)",
		json:    `{"cmd":1,"step":1,"side":"c","verb":"drn","fd":4,"ret":3,"errno":"ECONNRESET","error":"Connection reset by peer"}`,
	},
	{
		name: "a socket made",
		in: scenario.Observation{
			Cmd: 2, Step: 0, Side: scenario.Listener, Verb: "acc", FD: 3,
			Ret: 5, Opened: scenario.Server,
		},
		text:    "cmd #2 stp #0: acc(l=3): ret=5",
		classic: "cmd #2 stp #0: do_acc(3): ret=5",
		stable:  "cmd #2 stp #0: acc(l): ret=s",
		json:    `{"cmd":2,"step":0,"side":"l","verb":"acc","fd":3,"ret":5,"opened":"s"}`,
	},
	{
		name: "events",
		in: scenario.Observation{
			Cmd: 2, Step: 1, Side: scenario.Server, Verb: "pol", FD: 5,
			Ret: 1, Polled: true, Events: scenario.In | scenario.Out | scenario.RDHup,
		},
		text:    "cmd #2 stp #1: pol(s=5): ret=1 ev=0x2005 (IN OUT RDHUP)",
		classic: "cmd #2 stp #1: do_pol(5): ret=1 ev=0x2005 (IN OUT RDHUP)",
		stable:  "cmd #2 stp #1: pol(s): ret=1 ev=0x2005 (IN OUT RDHUP)",
		json:    `{"cmd":2,"step":1,"side":"s","verb":"pol","fd":5,"ret":1,"events":8197,"names":["IN","OUT","RDHUP"]}`,
	},
	{
		name:    "no events",
		in:      scenario.Observation{Cmd: 1, Step: 1, Side: scenario.Listener, Verb: "pol", FD: 3, Polled: true},
		text:    "cmd #1 stp #1: pol(l=3): ret=0 ev=0",
		classic: "cmd #1 stp #1: do_pol(3): ret=0 ev=0",
		stable:  "cmd #1 stp #1: pol(l): ret=0 ev=0",
		json:    `{"cmd":1,"step":1,"side":"l","verb":"pol","fd":3,"ret":0,"events":0,"names":[]}`,
	},
	{
		name: "an unknown event",
		in: scenario.Observation{
			Cmd: 1, Step: 1, Side: scenario.Client, Verb: "pol", FD: 4,
			Ret: 1, Polled: true, Events: 0x40000001,
		},
		text:    "cmd #1 stp #1: pol(c=4): ret=1 ev=0x40000001 (IN ???[0x40000000])",
		classic: "cmd #1 stp #1: do_pol(4): ret=1 ev=0x40000001 (IN ???[0x40000000])",
		stable:  "cmd #1 stp #1: pol(c): ret=1 ev=0x40000001 (IN ???[0x40000000])",
		json:    `{"cmd":1,"step":1,"side":"c","verb":"pol","fd":4,"ret":1,"events":1073741825,"names":["IN","???[0x40000000]"]}`,
	},
	{
		name: "events and why",
		in: scenario.Observation{
			Cmd: 1, Step: 1, Side: scenario.Client, Verb: "pol", FD: 4,
			Ret: 1, Polled: true, Events: scenario.Out | scenario.Hup, Why: []string{"OUT: not connected: snd answers EPIPE", "HUP: not connected"},
		},
		text: "cmd #1 stp #1: pol(c=4): ret=1 ev=0x14 (OUT HUP)\n" +
			"    OUT: not connected: snd answers EPIPE\n    HUP: not connected",
		classic: "cmd #1 stp #1: do_pol(4): ret=1 ev=0x14 (OUT HUP)",
		stable:  "cmd #1 stp #1: pol(c): ret=1 ev=0x14 (OUT HUP)",
		json: `{"cmd":1,"step":1,"side":"c","verb":"pol","fd":4,"ret":1,"events":20,"names":["OUT","HUP"],` +
			`"why":["OUT: not connected: snd answers EPIPE","HUP: not connected"]}`,
	},
	{
		name: "an argument, and what was found out",
		in: scenario.Observation{
			Cmd: 1, Step: 1, Side: scenario.Client.Copy(), Verb: "wai", Arg: "1s/in", FD: 7,
			Ret: 1, Polled: true, Events: scenario.In, Info: "busy=yes ended=#2",
		},
		text:    "cmd #1 stp #1: wai:1s/in(C=7): ret=1 ev=0x1 (IN) busy=yes ended=#2",
		classic: "cmd #1 stp #1: do_wai:1s/in(7): ret=1 ev=0x1 (IN) busy=yes ended=#2",
		stable:  "cmd #1 stp #1: wai:1s/in(C): ret=1 ev=0x1 (IN) busy=yes ended=#2",
		json:    `{"cmd":1,"step":1,"side":"C","verb":"wai","arg":"1s/in","fd":7,"ret":1,"events":1,"names":["IN"],"info":{"busy":"yes","ended":"#2"}}`,
	},
	{
		name: "many bytes",
		in: scenario.Observation{
			Cmd: 1, Step: 1, Side: scenario.Client, Verb: "que", FD: 4, Info: "in=4095 out=4096",
		},
		text:    "cmd #1 stp #1: que(c=4): ret=0 in=4095 out=4096",
		classic: "cmd #1 stp #1: do_que(4): ret=0 in=4095 out=4096",
		stable:  "cmd #1 stp #1: que(c): ret=0 in=4095 out=many",
		json:    `{"cmd":1,"step":1,"side":"c","verb":"que","fd":4,"ret":0,"info":{"in":"4095","out":"4096"}}`,
	},
	{
		name: "a poll that fails",
		in: scenario.Observation{
			Cmd: 1, Step: 2, Side: scenario.Server, Verb: "pol", FD: 5,
			Ret: -1, Errno: scenario.Errno(syscall.EBADF), Polled: true,
		},
		text:    "cmd #1 stp #2: pol(s=5): ret=-1 (Bad file descriptor) ev=0",
		classic: "cmd #1 stp #2: do_pol(5): ret=-1 (Bad file descriptor) ev=0",
		stable:  "cmd #1 stp #2: pol(s): ret=-1 (EBADF) ev=0",
		json:    `{"cmd":1,"step":2,"side":"s","verb":"pol","fd":5,"ret":-1,"errno":"EBADF","error":"Bad file descriptor","events":0,"names":[]}`,
	},
}

func TestCounts(t *testing.T) {
	tally := &scenario.Tally{}
	for _, events := range []scenario.Events{scenario.In, scenario.In | scenario.RDHup, scenario.In} {
		tally.Add([]scenario.Observation{
			{Cmd: 1, Step: 1, Side: scenario.Client, Verb: "snd", FD: 4, Ret: 3},
			{Cmd: 1, Step: 2, Side: scenario.Client, Verb: "pol", FD: 4, Ret: 1, Polled: true, Events: events},
		})
	}
	var text, lines strings.Builder
	Text(&text, false).Tally(tally)
	JSON(&lines).Tally(tally)
	want := `cmd #1 stp #1: snd(c=4): ret=3
cmd #1 stp #2: pol(c=4): ret=1 ev=0x1 (IN) [2 of 3]
cmd #1 stp #2: pol(c=4): ret=1 ev=0x2001 (IN RDHUP) [1 of 3]
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	wantJSON := `{"cmd":1,"step":1,"side":"c","verb":"snd","fd":4,"ret":3,"count":3,"runs":3}
{"cmd":1,"step":2,"side":"c","verb":"pol","fd":4,"ret":1,"events":1,"names":["IN"],"count":2,"runs":3}
{"cmd":1,"step":2,"side":"c","verb":"pol","fd":4,"ret":1,"events":8193,"names":["IN","RDHUP"],"count":1,"runs":3}
`
	if diff := cmp.Diff(wantJSON, lines.String()); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// TestParseJSON holds that what is written is read again as it was.
func TestParseJSON(t *testing.T) {
	for _, tt := range samples {
		want := scenario.Counted{Observation: tt.in, Count: 2, By: scenario.Poll.Of() | scenario.EpollET.Of()}
		got, runs, err := ParseJSON([]byte(JSONLine(want, 3)))
		if err != nil || runs != 3 {
			t.Errorf("%s: %d runs, %v", tt.name, runs, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	for _, wrong := range []string{"", "{", `{"side":"cc"}`, `{"side":""}`, `{"side":"c","errno":"EWHAT"}`} {
		if _, _, err := ParseJSON([]byte(wrong)); err == nil {
			t.Errorf("%q is read without an error", wrong)
		}
	}
}

func TestAgrees(t *testing.T) {
	const one = "cmd #1 stp #0: con(c): ret=0\ncmd #1 stp #1: pol(c): ret=1 ev=0x1 (IN)\n"
	const set = one + "cmd #1 stp #1: pol(c): ret=1 ev=0x5 (IN OUT)\n"
	tests := []struct {
		name, golden, got string
		want              bool
	}{
		{"the same", one, one, true},
		{"another answer", one, strings.ReplaceAll(one, "0x1 (IN)", "0x4 (OUT)"), false},
		{"one of a set", set, one, true},
		{"the whole set", set, set, true},
		{"a set where there is one", one, set, false},
		{"outside the set", set, strings.ReplaceAll(one, "0x1 (IN)", "0x4 (OUT)"), false},
		{"a step less", one, "cmd #1 stp #0: con(c): ret=0\n", false},
		{"a step more", "cmd #1 stp #0: con(c): ret=0\n", one, false},
		{"nothing", "", "", true},
	}
	for _, tt := range tests {
		if got := Agrees([]byte(tt.golden), []byte(tt.got)); got != tt.want {
			t.Errorf("%s: Agrees is %v", tt.name, got)
		}
	}
}

func TestMerge(t *testing.T) {
	const one = "cmd #1 stp #0: con(c): ret=0\ncmd #1 stp #1: pol(c): ret=1 ev=0x1 (IN)\n"
	const set = one + "cmd #1 stp #1: pol(c): ret=1 ev=0x5 (IN OUT)\n"
	other := strings.ReplaceAll(one, "0x1 (IN)", "0x4 (OUT)")
	tests := []struct{ name, golden, got, want string }{
		{"one answer is replaced", one, other, other},
		{"a set grows", set, other, one + "cmd #1 stp #1: pol(c): ret=1 ev=0x4 (OUT)\ncmd #1 stp #1: pol(c): ret=1 ev=0x5 (IN OUT)\n"},
		{"other steps replace a set", set, "cmd #1 stp #0: con(c): ret=0\n", "cmd #1 stp #0: con(c): ret=0\n"},
		{"nothing before", "", one, one},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, string(Merge([]byte(tt.golden), []byte(tt.got)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestLines(t *testing.T) {
	for _, tt := range samples {
		t.Run(tt.name, func(t *testing.T) {
			got := []string{printed(Text(nil, false), tt.in), printed(Classic(nil), tt.in), StableLine(tt.in), printed(JSON(nil), tt.in)}
			if diff := cmp.Diff([]string{tt.text, tt.classic, tt.stable, tt.json}, got); diff != "" {
				t.Errorf("text, classic, stable, JSON (-want +got):\n%s", diff)
			}
		})
	}
}

// printed is the line that a printer makes of one observation.
func printed(p *Printer, o scenario.Observation) string {
	var b strings.Builder
	p.w = &b
	p.Observe(o)
	return strings.TrimSuffix(b.String(), "\n")
}

// TestWays holds that ways of asking are named where they do not agree, and only
// there.
func TestWays(t *testing.T) {
	tally := &scenario.Tally{}
	for _, api := range []scenario.API{scenario.Poll, scenario.Epoll, scenario.EpollET} {
		events := scenario.Out
		if api == scenario.EpollET {
			events = 0
		}
		tally.AddBy([]scenario.Observation{
			{Cmd: 1, Step: 1, Side: scenario.Client, Verb: "snd", FD: 4, Ret: 3},
			{Cmd: 1, Step: 2, Side: scenario.Client, Verb: "pol", FD: 4, Polled: true, Events: events},
		}, api.Of())
	}
	tally.Done()
	want := `cmd #1 stp #1: snd(c): ret=3
cmd #1 stp #2: pol(c): ret=0 ev=0 [epoll-et]
cmd #1 stp #2: pol(c): ret=0 ev=0x4 (OUT) [poll epoll]
`
	if diff := cmp.Diff(want, string(Stable(tally))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var text strings.Builder
	Text(&text, false).Tally(tally)
	if want := "ev=0x4 (OUT) [poll epoll]\n"; !strings.Contains(text.String(), want) {
		t.Errorf("the text lacks %q:\n%s", want, text.String())
	}
}

func TestClassicHidesTheImpliedConnect(t *testing.T) {
	var b strings.Builder
	p := Classic(&b)
	p.Begin()
	p.Observe(scenario.Observation{Cmd: 1, Step: 0, Side: scenario.Client, Verb: "con", FD: 4})
	p.Observe(scenario.Observation{Cmd: 1, Step: 1, Side: scenario.Client, Verb: "con", FD: 4, Ret: -1, Errno: scenario.Errno(syscall.EISCONN)})
	p.End()
	want := "#### BEGIN ####\ncmd #1 stp #1: do_con(4): ret=-1 (Transport endpoint is already connected)\n#### END ####\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJSONFollowsItsSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../docs/observation.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range samples {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.json))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", tt.json, err)
		}
	}
	for _, wrong := range []string{
		`{"cmd":1,"step":2,"side":"c","verb":"snd","fd":4}`,
		`{"cmd":1,"step":2,"side":"x","verb":"snd","fd":4,"ret":3}`,
		`{"cmd":1,"step":2,"side":"c","verb":"pol","fd":4,"ret":0,"events":0}`,
		`{"cmd":1,"step":2,"side":"c","verb":"snd","fd":4,"ret":3,"more":1}`,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(v) == nil {
			t.Errorf("the schema allows %s", wrong)
		}
	}
}

// TestSchemaDescribesEveryField holds the schema and the fields together from
// the other side: none is described that is never written.
func TestSchemaDescribesEveryField(t *testing.T) {
	var lines strings.Builder
	for _, tt := range samples {
		lines.WriteString(jsonLine("one-of-several", scenario.Counted{Observation: tt.in, Count: 1, By: scenario.Select.Of()}, 2) + "\n")
	}
	holdFields(t, "../docs/observation.schema.json", lines.String())
}

// holdFields holds that every field that a schema describes is in one of lines.
func holdFields(t *testing.T, path, lines string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(lines) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			delete(schema.Properties, name)
		}
	}
	for name := range schema.Properties {
		t.Errorf("the schema describes %q, which nothing prints", name)
	}
}

// TestColour holds that colour only adds escape sequences, and adds them
// whatever the colour package thinks of the test's output.
func TestColour(t *testing.T) {
	for _, tt := range samples {
		line := printed(Text(nil, true), tt.in)
		if line == tt.text {
			t.Errorf("%s: no colour", tt.name)
		}
		if got := uncolour(line); got != tt.text {
			t.Errorf("%s: without its colours the line is %q, want %q", tt.name, got, tt.text)
		}
	}
}

// uncolour takes the SGR sequences out of s.
func uncolour(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(after, "m")
	}
}

func TestGoldenDiff(t *testing.T) {
	golden, got := []byte("one\ntwo\nthree\n"), []byte("one\n2\nthree\n")
	if d := GoldenDiff("x", "golden", golden, golden); d != "" {
		t.Errorf("equal goldens differ:\n%s", d)
	}
	want := `--- x (golden)
+++ x (answered)
@@ -1,3 +1,3 @@
 one
-two
+2
 three
`
	got2 := GoldenDiff("x", "golden", golden, got)
	if diff := cmp.Diff(want, got2); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	coloured := palette{on: true}.diff(got2)
	if coloured == want || uncolour(coloured) != want {
		t.Errorf("in colour: %q", coloured)
	}
}
