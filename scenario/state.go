package scenario

import (
	"strconv"
	"strings"
)

// A State is how one socket stood right after a step, as far as that can be read
// without a change to it. Neither SO_ERROR nor a receive is among what it is made
// of: both take a pending error.
type State struct {
	Side   Side
	Ready  Events // what poll(2) answers to every bit that it has
	TCP    string // TCP_INFO's state: "CLOSE_WAIT"; "" where the kernel has none or does not tell
	Unread int    // SIOCINQ, in bytes; -1 if the kernel does not tell
	Queue  int    // connections to be accepted; -1 if it does not listen, or the kernel does not tell
}

// StateOf is the state of a side's socket, by its own letter or by that of a copy,
// if the script has one of them open.
func (o Observation) StateOf(side Side) (State, bool) {
	var found State
	for _, s := range o.States {
		if s.Side == side {
			return s, true
		}
		if s.Side.Original() == side.Original() {
			found = s
		}
	}
	return found, found.Side != 0
}

// UpTo is the script up to and with the step of an observation. A wait's stands behind the
// command that has ended it, if the script has that one.
func (s Script) UpTo(o Observation) Script {
	number, _ := o.Found("ended")
	if n, err := strconv.Atoi(strings.TrimPrefix(number, "#")); err == nil && 1 <= n && n <= len(s.Commands) {
		return s.Until(n, len(s.Commands[n-1].Steps))
	}
	return s.Until(o.Cmd, o.Step)
}

// Until is the script up to and with a step of a command, from 1.
func (s Script) Until(cmd, step int) Script {
	commands := make([]Command, cmd)
	copy(commands, s.Commands)
	last := &commands[cmd-1]
	last.Steps = last.Steps[:step:step]
	s.Second = s.HasSecond()
	s.Commands = commands
	return s
}
