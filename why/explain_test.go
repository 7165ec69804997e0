package why_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"sockprobe/ops"
	"sockprobe/scenario"
	"sockprobe/why"
)

// TestExplain explains observations that a run makes only in more than a second, or in one order of
// several.
func TestExplain(t *testing.T) {
	const refused = scenario.Out | scenario.Err | scenario.Hup
	connecting := func(step int, verb string, errno unix.Errno, state scenario.State) scenario.Observation {
		state.Side, state.Queue = scenario.Client2, -1
		return scenario.Observation{Cmd: 1, Step: step, Side: scenario.Client2, Verb: verb, Ret: -1, Errno: scenario.Errno(errno), States: []scenario.State{state}}
	}
	tests := []struct {
		name, script string
		obs          []scenario.Observation
		answers      why.Answers
		want         string
	}{
		{
			name: "a con that made no difference", script: "-n -d con:nb,con:nb,slp:1200ms,pol:none",
			obs: []scenario.Observation{
				connecting(1, "con", unix.EINPROGRESS, scenario.State{TCP: "SYN_SENT"}),
				connecting(2, "con", unix.EALREADY, scenario.State{TCP: "SYN_SENT"}),
				connecting(3, "slp", 0, scenario.State{TCP: "CLOSE", Ready: refused}),
				{
					Cmd: 1, Step: 4, Side: scenario.Client2, Verb: "pol", Ret: 1, Polled: true, Events: scenario.Hup,
					States: []scenario.State{{Side: scenario.Client2, TCP: "CLOSE", Ready: refused, Queue: -1}},
				},
			},
			answers: why.Answers{"err": {
				Verb: "err", Info: "err=ETIMEDOUT", States: []scenario.State{{Side: scenario.Client2, TCP: "CLOSE", Ready: scenario.Out | scenario.Hup}},
			}},
			want: "HUP: not connected (con at #1.1: ETIMEDOUT)",
		},
		{
			name: "UNIX: a close that a wait holds back", script: "--family unix -n -c con -s wai:1s/pri -s clo -c shw,pol:out",
			obs: []scenario.Observation{
				{Cmd: 1, Step: 1, Side: scenario.Client, Verb: "con", States: []scenario.State{{Side: scenario.Client, Ready: scenario.Out}}},
				{Cmd: 3, Step: 1, Side: scenario.Server, Verb: "clo", States: []scenario.State{{Side: scenario.Client, Ready: scenario.Out}}},
				{Cmd: 4, Step: 1, Side: scenario.Client, Verb: "shw", States: []scenario.State{{Side: scenario.Client, Ready: scenario.Out}}},
				{
					Cmd: 4, Step: 2, Side: scenario.Client, Verb: "pol", Ret: 1, Polled: true, Events: scenario.Out,
					States: []scenario.State{{Side: scenario.Client, Ready: scenario.Out}},
				},
			},
			answers: why.Answers{"snd": {Verb: "snd", Ret: -1, Errno: scenario.Errno(unix.EPIPE)}},
			want:    "OUT: room to send, but snd answers EPIPE (shw at #4.1)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			script, err := scenario.Parse(strings.Fields(tt.script), ops.Verbs())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range why.Explain(script, tt.obs, tt.answers, why.Reported) {
				got = append(got, e.String())
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.script, diff)
			}
		})
	}
}
