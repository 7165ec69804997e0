package ops

import (
	"context"
	"errors"

	"sockprobe/scenario"
)

// Repeat runs a script a number of times and counts the answers. A script that asks in all ways
// has as many runs for each of them, so that none can disturb another, as far as the kernel has them. The tally is
// there, too, with ErrNoServer, which says that a run ended for want of a server's
// socket.
func Repeat(script scenario.Script, opts Options, times int) (*scenario.Tally, error) {
	return RepeatContext(context.Background(), script, opts, times)
}

// RepeatContext is [Repeat] until ctx is done, which it looks at after each run. The tally then
// holds the runs before that, if any, and the error is ctx's.
func RepeatContext(ctx context.Context, script scenario.Script, opts Options, times int) (*scenario.Tally, error) {
	var tally scenario.Tally
	var ended error
	ways := []scenario.API{scenario.Poll}
	all := script.Uses(scenario.All)
	if all {
		ways = scenario.EachAPI()
	}
	for i := range times {
		var round []answered
		for _, api := range ways {
			a := answered{by: api}
			err := Run(script.With(api), opts, func(o scenario.Observation) { a.obs = append(a.obs, o) })
			switch _, lacks := Lacks(err); {
			case errors.Is(err, ErrNoServer):
				ended = err
			case lacks && api == scenario.Uring && all:
				continue
			case err != nil:
				return nil, err
			}
			round = append(round, a)
		}
		if err := ctx.Err(); err != nil { // the signal may have been the answer to a call
			ended = err
			break
		}
		for _, a := range round {
			if !all {
				tally.Add(a.obs)
				continue
			}
			if a.by == scenario.Select {
				agree(script, a.obs, round[0].obs)
			}
			tally.AddBy(a.obs, a.by.Of())
		}
		if opts.Ran != nil {
			opts.Ran(i + 1)
		}
	}
	tally.Done()
	return &tally, ended
}

// answered is one run, and the way in which it asked.
type answered struct {
	by  scenario.API
	obs []scenario.Observation
}

// agree puts poll's answers in the place of select's where these say the same in
// the fewer words that select has.
func agree(script scenario.Script, obs, asPoll []scenario.Observation) {
	type place struct{ cmd, step int }
	polled := map[place]scenario.Observation{} // by place, as waits may end in another order
	for _, p := range asPoll {
		if p.Polled {
			polled[place{p.Cmd, p.Step}] = p
		}
	}
	for i := range obs {
		o := &obs[i]
		p, ok := polled[place{o.Cmd, o.Step}]
		if !ok || !o.Polled || o.Errno != p.Errno {
			continue
		}
		if o.Events == p.Events.AsSelect(scenario.MaskOf(o.Verb, script.Commands[o.Cmd-1].Steps[o.Step-1].Arg)) {
			o.Ret, o.Events = p.Ret, p.Events
		}
	}
}
