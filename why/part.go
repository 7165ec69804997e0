package why

import (
	"fmt"

	"sockprobe/scenario"
)

// A Part is something that happened to a socket.
type Part struct {
	Kind Kind
	Step Ref    // where
	Verb string // Own, Other, Connect: which step
	Err  string // Failed, Connect: the error's name
	// Wait and By are the place and the verb of a wait, if this happened when it had ended.
	Wait Ref
	By   string
}

// A Kind is what happened.
type Kind uint8

// The kinds.
const (
	Unclear  Kind = iota // it is not known what
	Own                  // a step on this socket that has shut or ended something
	Began                // a step on this socket that something has been so since
	FIN                  // a FIN came; on loopback with a step of the other end
	RST                  // a RST came, during a step or before the accept
	Other                // a step on another socket, after which this one was shut
	Released             // a clo of the other end that took effect when a wait for that ended
	Earlier              // the other end, before the accept
	Unwanted             // data came when the reading side was shut, which ends a connection
	Failed               // an error that is no answer of the other end
	Connect              // a con that failed
	Took                 // a step that took the pending error
	numberOfKinds
)

// A Ref names a step of the script: #2.1. Its zero value names none.
type Ref struct{ Cmd, Step int }

func (r Ref) String() string { return fmt.Sprintf("#%d.%d", r.Cmd, r.Step) }

func refOf(o scenario.Observation) Ref { return Ref{o.Cmd, o.Step} }

func (p Part) String() string {
	switch p.Kind {
	case Own, Began:
		return p.Verb + " at " + p.Step.String()
	case FIN:
		return "FIN received"
	case RST:
		if p.Step == (Ref{}) {
			return "RST received before the accept"
		}
		return "RST received " + p.when()
	case Other:
		return "the other end's " + p.Verb + " at " + p.Step.String()
	case Released:
		return fmt.Sprintf("the other end's %s at %s, %s", p.Verb, p.Step, p.when())
	case Earlier:
		return "the other end before the accept"
	case Unwanted:
		return "data received " + p.when() + " with the reading side shut"
	case Failed:
		return p.Err + " " + p.when()
	case Took:
		return fmt.Sprintf("%s at %s took %s", p.Verb, p.Step, p.Err)
	case Connect:
		if p.Err == "" {
			return "con at " + p.Step.String() + " failed"
		}
		return "con at " + p.Step.String() + ": " + p.Err
	default:
		return "unknown"
	}
}

func (p Part) when() string {
	if p.By != "" {
		return fmt.Sprintf("when the %s at %s had ended", p.By, p.Wait)
	}
	return "at " + p.Step.String()
}
