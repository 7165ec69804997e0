package ops

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sockprobe/scenario"
)

// TestRepeatContext holds that a tally has whole runs only, however soon it is ended.
func TestRepeatContext(t *testing.T) {
	tests := []struct {
		name, script string
		looks        int // how often the context may be looked at before it is done
		want         int // runs
	}{
		{name: "before the first is over", script: "-c pol", looks: 0, want: 0},
		{name: "after two", script: "-c pol", looks: 2, want: 2},
		{name: "by each way to ask", script: "--api all -c pol", looks: 1, want: len(scenario.EachAPI())},
		{name: "not at all", script: "-c pol", looks: 10, want: 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			script, err := scenario.Parse(strings.Fields(tt.script), Verbs())
			if err != nil {
				t.Fatal(err)
			}
			ctx := &patient{Context: t.Context(), looks: tt.looks}
			tally, err := RepeatContext(ctx, script, Options{}, 10)
			if ended := errors.Is(err, context.Canceled); ended != (tt.looks < 10) || err != nil && !ended {
				t.Errorf("the error is %v", err)
			}
			if lacksRing := tally.Asked != 0 && tally.Asked&scenario.Uring.Of() == 0; tally.Runs != tt.want && !lacksRing {
				t.Errorf("%d runs, want %d", tally.Runs, tt.want)
			}
			for _, answers := range tally.Steps {
				sum := 0
				for _, a := range answers {
					sum += a.Count
				}
				if sum != tally.Runs {
					t.Errorf("%d answers of %d runs to %s", sum, tally.Runs, answers[0].Verb)
				}
			}
		})
	}
}

// patient is a context that is done once it has been looked at often enough.
type patient struct {
	context.Context
	looks int
}

func (p *patient) Err() error {
	if p.looks--; p.looks < 0 {
		return context.Canceled
	}
	return nil
}
