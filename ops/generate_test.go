package ops

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sockprobe/scenario"
)

// A move is a step with the side that it is for and the way in which it asks. A list of
// them is easier to change than a script: a step can be put in, or given to
// another side, without a look at the commands around it.
type move struct {
	side scenario.Side
	api  scenario.API
	step scenario.Step
}

// script makes each move a command of its own, whose number is the move's place from 1.
// Nothing is implied, so that a move put in implies nothing either.
func scriptOf(family scenario.Family, moves []move) scenario.Script {
	s := scenario.Script{Family: family, Explicit: true}
	for _, m := range moves {
		s.Commands = append(s.Commands, scenario.Command{Side: m.side, API: m.api, Steps: []scenario.Step{m.step}})
	}
	return s
}

// written is the script as a person would write it, for messages.
func written(family scenario.Family, moves []move) string {
	return grouped(family, true, moves).String()
}

// grouped makes a command of the moves that follow each other for the same side.
func grouped(family scenario.Family, explicit bool, moves []move) scenario.Script {
	s := scenario.Script{Family: family, Explicit: explicit}
	for _, m := range moves {
		last := len(s.Commands) - 1
		if last >= 0 && s.Commands[last].Side == m.side && s.Commands[last].API == m.api {
			s.Commands[last].Steps = append(s.Commands[last].Steps, m.step)
			continue
		}
		s.Commands = append(s.Commands, scenario.Command{Side: m.side, API: m.api, Steps: []scenario.Step{m.step}})
	}
	return s
}

// movesOf are the moves of a script without implied steps.
func movesOf(line string) []move {
	s, err := scenario.Parse(strings.Fields(line), Verbs())
	if err != nil {
		panic(err)
	}
	var moves []move
	for _, c := range s.Commands {
		for _, st := range c.Steps {
			moves = append(moves, move{c.Side, c.API, st})
		}
	}
	return moves
}

// stepOf is one step, read.
func stepOf(word string) scenario.Step { return movesOf("-c " + word)[0].step }

// question asks a side.
func question(side scenario.Side, api scenario.API, word string) move {
	return move{side, api, stepOf(word)}
}

// connecting is how a family's script begins whose sides are connected.
func connecting(family scenario.Family, second bool) []move {
	switch {
	case family == scenario.Socketpair:
		return nil
	case family.HasListener() && second:
		return movesOf("-l con,acc -d con -l acc")
	case family.HasListener():
		return movesOf("-l con,acc")
	case second:
		return movesOf("-c con -s con -d con -t con")
	default:
		return movesOf("-c con -s con")
	}
}

// wordsOf are a verb's words with a choice of arguments, which follow from the
// form of its argument: a new verb is in the random scripts by itself.
func wordsOf(v scenario.Verb) []string {
	if v.Arg == nil {
		return []string{v.Name}
	}
	var args []string
	switch v.Arg.Form {
	case "N":
		args = []string{"0", "1", "5000", "100000"}
		if v.Name == "fil" { // 16 MiB by the byte would take half a minute
			args = args[3:]
		}
	case "MASK":
		args = []string{"in", "out", "rdhup", "none", "in+pri", "pri+rdhup", "rdnorm+wrnorm", "rdband+wrband", "0x7ff", "0xffff"}
	case "D":
		args = []string{"1ms"}
	case "D[/MASK]":
		args = []string{"1ms", "1ms/out", "1ms/hup"}
	case "NAME=V":
		for _, s := range Settings() {
			args = append(args, fmt.Sprintf("%s=%d", s.Name, s.Least))
			for _, n := range []int64{1, 5, 10000} {
				if n > s.Least && n <= s.Most {
					args = append(args, fmt.Sprintf("%s=%d", s.Name, n))
				}
			}
		}
	default:
		args = v.Arg.Words
	}
	var words []string
	if v.Arg.Optional {
		words = append(words, v.Name)
	}
	for _, arg := range args {
		word := v.Name + ":" + arg
		if _, err := scenario.Parse([]string{"-c", word}, Verbs()); err == nil { // else out of the verb's bounds
			words = append(words, word)
		}
	}
	return words
}

// A vocabulary is what random scripts are made of.
type vocabulary struct {
	sides []scenario.Side
	apis  []scenario.API
	verbs []string // by name
	most  int      // moves
}

// allVerbs names every verb but some.
func allVerbs(but ...string) []string {
	var names []string
	for _, v := range Verbs() {
		if !slices.Contains(but, v.Name) {
			names = append(names, v.Name)
		}
	}
	return names
}

// moves draws moves. Rapid shrinks to fewer of them, and to what stands first in each list.
func (v vocabulary) moves() *rapid.Generator[[]move] {
	var choices [][]scenario.Step
	for _, known := range Verbs() {
		if !slices.Contains(v.verbs, known.Name) {
			continue
		}
		var steps []scenario.Step
		for _, word := range wordsOf(known) {
			steps = append(steps, stepOf(word))
		}
		choices = append(choices, steps)
	}
	one := rapid.Custom(func(t *rapid.T) move {
		return move{
			side: rapid.SampledFrom(v.sides).Draw(t, "side"),
			api:  rapid.SampledFrom(v.apis).Draw(t, "api"),
			step: rapid.SampledFrom(rapid.SampledFrom(choices).Draw(t, "verb")).Draw(t, "step"),
		}
	})
	return rapid.SliceOfN(one, 0, v.most)
}

// check is rapid.Check with a number of checks of its own.
func check(t *testing.T, n int, prop func(*rapid.T)) {
	t.Helper()
	if testing.Short() {
		n *= 5 // of which rapid makes a fifth then
	}
	checks := flag.Lookup("rapid.checks").Value
	asked := checks.String()
	defer checks.Set(asked)
	checks.Set(strconv.Itoa(n))
	flag.Set("rapid.nofailfile", "true") // the message holds the script
	rapid.Check(t, prop)
}

// An outcome is what a move was answered, as a golden keeps it.
type outcome struct {
	ret    int
	errno  scenario.Errno
	events scenario.Events
	opened scenario.Side
	info   string
}

func (o outcome) String() string {
	text := fmt.Sprintf("ret=%d", o.ret)
	if o.opened != 0 {
		text = "ret=" + o.opened.String()
	}
	if o.errno != 0 {
		text += " (" + o.errno.Name() + ")"
	}
	return strings.TrimSpace(fmt.Sprintf("%s ev=%v %s", text, o.events, o.info))
}

// outcomes runs moves and gives what each was answered.
func outcomes(t rapid.TB, family scenario.Family, moves []move) []outcome {
	out := make([]outcome, len(moves))
	if len(moves) == 0 {
		return out
	}
	err := Run(scriptOf(family, moves), Options{Timeout: time.Millisecond, Settle: SettleAuto}, func(o scenario.Observation) {
		got := outcome{ret: o.Ret, errno: o.Errno, events: o.Events, opened: o.Opened, info: o.Info}
		if o.Errno == 0 && (o.Verb == "acc" || o.Verb == "dup") { // a number says nothing
			got.ret = 0
		}
		out[o.Cmd-1] = got
	})
	if lack, ok := Lacks(err); ok {
		t.Skip(lack)
	}
	if err != nil {
		t.Fatalf("%s: %v", written(family, moves), err)
	}
	return out
}
