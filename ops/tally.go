package ops

import (
	"errors"

	"sockprobe/scenario"
)

// Repeat runs a script a number of times and counts the answers. The tally is
// there, too, with ErrNoServer, which says that a run ended for want of a server's
// socket.
func Repeat(script scenario.Script, opts Options, times int) (*scenario.Tally, error) {
	var tally scenario.Tally
	var obs []scenario.Observation
	var ended error
	for range times {
		obs = obs[:0]
		err := Run(script, opts, func(o scenario.Observation) { obs = append(obs, o) })
		if errors.Is(err, ErrNoServer) {
			ended = err
		} else if err != nil {
			return nil, err
		}
		tally.Add(obs)
	}
	return &tally, ended
}
