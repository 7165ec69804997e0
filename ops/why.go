package ops

import (
	"sockprobe/scenario"
	"sockprobe/why"
)

// tries is how often a run is made again that went otherwise: an acknowledgement
// may come sooner or later, and a fil may send more or less.
const tries = 8

// renewals is how often in all a run with states is replaced that no twin goes as.
const renewals = 4

// Explained runs a script and gives its observations, those that ask for readiness with why each of
// their bits is set or, as far as the extent goes, is not. For that it runs the script again: once
// with the states of the sockets, as to read them may wake what epoll has registered
// (SOCK_NOSPACE), and once for each question that cannot be asked without a change to the socket
// ([why.Questions]), up to the pol that it is about. What was observed until then is there with
// [ErrNoServer], too.
//
// The states may differ where the answers do not, as an acknowledgement comes before or after a
// snapshot. If the run with states took a rare course, no twin goes the same way. Explained then
// replaces that run and asks again.
func Explained(script scenario.Script, opts Options, extent why.Extent) ([]scenario.Observation, error) {
	obs, err := observations(script, opts)
	seen, _ := withStates(script, opts, obs)
	left := renewals
	for i := range obs {
		answers, all := twins(script, opts, seen[:i+1], extent, left > 0)
		for !all && left > 0 {
			left--
			if other, same := withStates(script, opts, obs); same {
				seen = other
			}
			answers, all = twins(script, opts, seen[:i+1], extent, left > 0)
		}
		for _, e := range why.Explain(script, seen[:i+1], answers, extent) {
			obs[i].Why = append(obs[i].Why, e.String())
		}
	}
	return obs, err
}

// withStates are the observations of a run as they are in another that tells how the sockets
// stood, or the observations themselves if there is none that went so.
func withStates(script scenario.Script, opts Options, obs []scenario.Observation) (seen []scenario.Observation, same bool) {
	opts.States = true
	for range tries {
		if seen, _ := observations(script, opts); why.SameAnswers(obs, seen) {
			return seen, true
		}
	}
	return obs, false
}

func observations(script scenario.Script, opts Options) (obs []scenario.Observation, err error) {
	err = Run(script, opts, func(o scenario.Observation) { obs = append(obs, o) })
	return obs, err
}

// Twins asks twins of a run what there is to be asked about its last observation.
func Twins(script scenario.Script, opts Options, obs []scenario.Observation, extent why.Extent) why.Answers {
	answers, _ := twins(script, opts, obs, extent, false)
	return answers
}

// twins also tells whether all questions have an answer. If it is to hurry, it stops at the first
// that has none.
func twins(script scenario.Script, opts Options, obs []scenario.Observation, extent why.Extent, hurry bool) (answers why.Answers, all bool) {
	answers, all = why.Answers{}, true
	for _, step := range why.Questions(script, obs, extent) {
		a, ok := Twin(script, opts, obs, step)
		switch {
		case ok:
			answers[step.Verb] = a
		case hurry:
			return answers, false
		default:
			all = false
		}
	}
	return answers, all
}

// Twin runs a script again up to and with the last of some observations of it, then makes another
// there, and gives its answer. It gives none if the steps before went otherwise: then
// it says nothing about the run that was observed.
func Twin(script scenario.Script, opts Options, obs []scenario.Observation, step scenario.Step) (scenario.Observation, bool) {
	opts.States = true
	o := obs[len(obs)-1]
	twin := script.UpTo(o)
	// A registration with epoll tells of a closed side as long as its copy is open (epoll(7), Q6).
	side := o.Side
	if s, open := o.StateOf(side); open {
		side = s.Side
	}
	twin.Commands = append(twin.Commands, scenario.Command{Side: side, Steps: []scenario.Step{step}})
	for range tries {
		again, err := observations(twin, opts)
		if err != nil || !why.Same(obs, again) {
			continue
		}
		for _, a := range again[len(obs):] {
			if a.Cmd == len(twin.Commands) && a.Step == 1 {
				return a, true
			}
		}
	}
	return scenario.Observation{}, false
}
