package ops

import (
	"errors"

	"sockprobe/scenario"
)

// Repeat runs a script a number of times and counts the answers. A script that asks in all ways
// has as many runs for each of them, so that none can disturb another, as far as the kernel has them. The tally is
// there, too, with ErrNoServer, which says that a run ended for want of a server's
// socket.
func Repeat(script scenario.Script, opts Options, times int) (*scenario.Tally, error) {
	var tally scenario.Tally
	var ended error
	ways := []scenario.API{scenario.Poll}
	all := script.Uses(scenario.All)
	if all {
		ways = scenario.EachAPI()
	}
	for range times {
		var asPoll []scenario.Observation
		for _, api := range ways {
			var obs []scenario.Observation
			err := Run(script.With(api), opts, func(o scenario.Observation) { obs = append(obs, o) })
			switch _, lacks := Lacks(err); {
			case errors.Is(err, ErrNoServer):
				ended = err
			case lacks && api == scenario.Uring && all:
				continue
			case err != nil:
				return nil, err
			}
			if !all {
				tally.Add(obs)
				continue
			}
			switch api {
			case scenario.Poll:
				asPoll = obs
			case scenario.Select:
				agree(script, obs, asPoll)
			}
			tally.AddBy(obs, api.Of())
		}
	}
	tally.Done()
	return &tally, ended
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
		if o.Events == p.Events.AsSelect(maskOf(o.Verb, script.Commands[o.Cmd-1].Steps[o.Step-1].Arg)) {
			o.Ret, o.Events = p.Ret, p.Events
		}
	}
}
