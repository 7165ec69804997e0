package fwd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/sys/unix"

	"sockprobe/report"
	"sockprobe/scenario"
)

// TestObservations holds what a trace in JSON says of a connection whose client
// resets it, and each line against the schema.
func TestObservations(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../docs/relay.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	trace := NewObservations(&out)
	b := newBackend(t, "127.0.0.1:0")
	spec, err := ParseSpec("0:" + b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	r, err := Listen([]Spec{spec}, Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, r.Addr())
	say(t, client, "foo")
	if err := r.Start(trace); err != nil {
		t.Fatal(err)
	}
	server := b.accept(t)
	hear(t, server, "foo")
	reset(client)
	hearReset(t, server)
	r.Stop(0)
	if err := r.Wait(); err != nil {
		t.Error(err)
	}
	if err := trace.Close(); err != nil {
		t.Error(err)
	}

	var got []string
	sides := map[int]scenario.Side{}
	for line := range strings.Lines(out.String()) {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		o, _, err := report.ParseJSON([]byte(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		var rest map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &rest); err != nil || rest["time"] == nil {
			t.Errorf("no time: %s", line)
		}
		if o.Side != scenario.Listener {
			sides[o.FD] = o.Side
		}
		what := fmt.Sprintf("#%d %s(%s) %d", o.Cmd, strings.TrimSuffix(o.Verb+":"+o.Arg, ":"), o.Side, o.Ret)
		switch {
		case o.Polled:
			what += " " + o.Events.String()
		case o.Errno != 0:
			what += " " + o.Errno.Name()
		case o.Opened != 0:
			what = fmt.Sprintf("#%d %s(%s) %s", o.Cmd, o.Verb, o.Side, o.Opened)
		}
		got = append(got, what)
	}
	want := []string{
		"#0 pol(l) 1 0x1 (IN)",
		"#1 acc(l) s",
		"#1 con:nb(c) -1 EINPROGRESS",
		"#1 rcv(s) 3",
		"#1 rcv(s) -1 EAGAIN",
		"#1 snd(c) 3",
		"#1 pol(s) 1 0x2019 (IN ERR HUP RDHUP)",
		"#1 rcv(s) -1 ECONNRESET",
		"#1 lin(c) 0",
		"#1 clo(c) 0",
		"#1 clo(s) 0",
	}
	// The stop looks into the backlog once more.
	if n := len(got) - 1; n > 0 && got[n] == "#0 acc(l) -1 EAGAIN" {
		got = got[:n]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
	if len(sides) != 2 {
		t.Errorf("descriptors: %v", sides)
	}
}

// TestObservedError holds that a pending error is written as the probe's err has it.
func TestObservedError(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../docs/relay.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	o := &observer{ends: map[int]place{5: {1, scenario.Client}}, steps: map[int]int{}}
	line := o.call(nil, &sys{}, time.Now(), &call{name: "getsockopt", fd: 5, size: int(unix.ECONNREFUSED)})
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%v: %s", err, line)
	}
	got, _, err := report.ParseJSON(line)
	if err != nil {
		t.Fatal(err)
	}
	want := scenario.Observation{Cmd: 1, Side: scenario.Client, Verb: "err", FD: 5, Info: "err=ECONNREFUSED"}
	if diff := cmp.Diff(want, got.Observation); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
