package ops

import (
	"errors"

	"sockprobe/scenario"
)

// Repeat runs a script a number of times and counts the answers. A script that
// ends for want of a server's socket has ended as it does: that is no error.
func Repeat(script scenario.Script, opts Options, times int) (*scenario.Tally, error) {
	var tally scenario.Tally
	var obs []scenario.Observation
	for range times {
		obs = obs[:0]
		err := Run(script, opts, func(o scenario.Observation) { obs = append(obs, o) })
		if err != nil && !errors.Is(err, ErrNoServer) {
			return nil, err
		}
		tally.Add(obs)
	}
	return &tally, nil
}
