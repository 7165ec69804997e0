package why

import (
	"slices"
	"strconv"

	"sockprobe/scenario"
)

// Answers are what twins answered in the place of a pol, by the verb. What was not
// asked, or what a twin whose steps before went otherwise was asked, is not in it.
type Answers map[string]scenario.Observation

// most is how much a twin asks for: all that there is, but after a fil.
const most = 1 << 20

// questions are what there is to be asked where one of some bits is set, or where one was asked for
// and is not.
var questions = []struct {
	step      scenario.Step
	set, lack scenario.Events
	side      scenario.Side // 0 for all
}{
	{scenario.Step{Verb: "rcv", Arg: scenario.Arg{Text: strconv.Itoa(most), N: most}}, scenario.In | scenario.Err, reading, 0},
	{scenario.Step{Verb: "acc"}, scenario.In, 0, scenario.Listener},
	{scenario.Step{Verb: "rco"}, scenario.In | scenario.Pri, 0, 0}, // an urgent byte is IN, too, for UNIX sockets
	{scenario.Step{Verb: "snd"}, scenario.Out | scenario.Err, writing | scenario.Hup, 0},
	{scenario.Step{Verb: "inf"}, 0, writing, 0}, // what is not sent yet
	{scenario.Step{Verb: "err"}, scenario.Err, 0, 0},
}

// Questions are the steps to ask twins about the last observation of obs, each
// a twin of its own.
func Questions(script scenario.Script, obs []scenario.Observation, extent Extent) []scenario.Step {
	h := newHistory(script, obs, nil)
	s, o := h.now(), obs[len(obs)-1]
	if s == nil || !o.Polled || o.Errno != 0 || extent == Reported && o.Events == 0 {
		return nil
	}
	var lack scenario.Events
	if extent == All && !h.listens() {
		g, _ := h.registration()
		wanted, _ := h.wanted(g)
		lack = wanted &^ s.Ready
	}
	var steps []scenario.Step
	for _, q := range questions {
		if (s.Ready&q.set != 0 || lack&q.lack != 0) && (q.side == 0 || q.side == h.side) {
			steps = append(steps, q.step)
		}
	}
	return steps
}

// answered is what a step answered in a word: an error's name, what err found, or a number.
func answered(o scenario.Observation) string {
	if o.Errno != 0 {
		return o.Errno.Name()
	}
	if name, found := o.Found("err"); found {
		return name
	}
	return strconv.Itoa(o.Ret)
}

// Same tells whether a twin's steps went as those of the run that it is the twin of, and
// left the socket of the last one as they did there after each. Other sockets are not compared: their
// acknowledgements may come sooner or later.
func Same(run, twin []scenario.Observation) bool {
	if len(run) == 0 || len(twin) < len(run) || !SameAnswers(run, twin[:len(run)]) {
		return false
	}
	side := run[len(run)-1].Side
	for i, a := range run {
		was, open := a.StateOf(side)
		is, alsoOpen := twin[i].StateOf(side)
		if was != is || open != alsoOpen {
			return false
		}
	}
	return true
}

// SameAnswers tells whether two runs of a script gave the same answers. Descriptors are not
// compared: on each run they are others.
func SameAnswers(run, other []scenario.Observation) bool {
	return slices.EqualFunc(run, other, func(a, b scenario.Observation) bool {
		return a.Cmd == b.Cmd && a.Step == b.Step && a.Side == b.Side && a.Verb == b.Verb && a.SameAnswer(b)
	})
}
