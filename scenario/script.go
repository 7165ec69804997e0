package scenario

import (
	"fmt"
	"strings"
)

// A Script is a list of commands, carried out in order.
type Script []Command

// A Command is one -c, -s or -l and its steps.
type Command struct {
	Side  Side
	Epoll bool // pol asks epoll rather than poll(2): an -e stands before
	Steps []Step
}

// A Step is one verb of a command.
type Step struct {
	Verb string
}

// Parse reads a script from its arguments, one element of args each, and checks
// every verb against verbs. A fault is an *[Error] that names its place.
func Parse(args []string, verbs []Verb) (Script, error) {
	var script Script
	epoll := false
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch arg {
		case "-e":
			epoll = true
			continue
		case "-c", "-s", "-l":
		default:
			return nil, &Error{
				Where:   fmt.Sprintf("argument %d", i+1),
				Problem: Quote(arg) + " is no part of a script",
				Hint:    "a script is made of -c STEPS, -s STEPS, -l STEPS and -e, as in -c snd,shw -s pol,rcv",
			}
		}
		if i+1 == len(args) {
			return nil, NoSteps(arg)
		}
		i++
		steps, err := parseSteps(arg, args[i], len(script)+1, verbs)
		if err != nil {
			return nil, err
		}
		script = append(script, Command{Side: Side(arg[1]), Epoll: epoll, Steps: steps})
	}
	if len(script) == 0 {
		return nil, &Error{
			Problem: "no steps to run",
			Hint:    "give at least one of -c, -s and -l, as in -c snd,shw -s pol,rcv",
		}
	}
	return script, nil
}

// parseSteps reads one list of steps: the argument of option, which is command
// number cmd of the script.
func parseSteps(option, list string, cmd int, verbs []Verb) ([]Step, error) {
	if list == "" || strings.HasPrefix(list, "-") {
		return nil, NoSteps(option)
	}
	words := strings.Split(list, ",")
	steps := make([]Step, len(words))
	for i, word := range words {
		if !lookup(verbs, word) {
			return nil, badStep(fmt.Sprintf("%s %s: cmd #%d stp #%d", option, Clip(list), cmd, i+1), word, verbs)
		}
		steps[i] = Step{Verb: word}
	}
	return steps, nil
}

// NoSteps is the error for a -c, -s or -l without its steps.
func NoSteps(option string) error {
	return &Error{
		Where:   option,
		Problem: "the list of steps is missing",
		Hint:    fmt.Sprintf("write the steps behind it, separated by commas: %s snd,pol", option),
	}
}

// badStep is the error for a word that is no verb.
func badStep(where, word string, verbs []Verb) error {
	e := &Error{Where: where}
	if word == "" {
		e.Problem = "empty step"
		e.Hint = "steps are separated by one comma, with none before the first or after the last"
		return e
	}
	if verb, arg, ok := strings.Cut(word, ":"); ok && lookup(verbs, verb) {
		e.Problem = fmt.Sprintf("%s takes no argument, %s was given", verb, Quote(arg))
		e.Hint = fmt.Sprintf("write %s alone", verb)
		return e
	}
	e.Problem = "unknown verb " + Quote(word)
	e.Hint = "\"sockprobe help steps\" lists the verbs"
	if near, ok := Nearest(word, names(verbs)); ok {
		e.Hint = fmt.Sprintf("did you mean %s? %s", near, e.Hint)
	}
	return e
}

// UsesEpoll tells whether any command has -e before it.
func (s Script) UsesEpoll() bool {
	return len(s) > 0 && s[len(s)-1].Epoll // -e is for all that follows it
}

// String gives the script back as it is written on a command line; [Parse] of
// its fields gives the same script.
func (s Script) String() string {
	var b strings.Builder
	epoll := false
	for i, c := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		if c.Epoll && !epoll {
			b.WriteString("-e ")
			epoll = true
		}
		b.WriteByte('-')
		b.WriteByte(byte(c.Side))
		for j, step := range c.Steps {
			if j == 0 {
				b.WriteByte(' ')
			} else {
				b.WriteByte(',')
			}
			b.WriteString(step.Verb)
		}
	}
	return b.String()
}
