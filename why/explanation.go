package why

import (
	"fmt"
	"slices"
	"strings"

	"sockprobe/scenario"
)

// An Explanation is why one bit is set, or why some are not.
type Explanation struct {
	Bit    scenario.Events
	Absent bool // it is not set
	Cause  Cause
	Parts  []Part   // what brought the cause about, as far as that is established
	N      int      // bytes to be received, or connections to be accepted; 0 if not known
	Err    string   // the name of the pending error
	Takes  []string // the steps that take it; nil if not known
	// Verb is what a program may do now, and Got what the twin that did it was answered: a number
	// or an error's name. Both are "" where that adds nothing.
	Verb, Got string
	// By is the explanation of the bit that select(2) counts for this one.
	By *Explanation
}

// A Cause is what a bit can be set for.
type Cause uint8

// The causes.
const (
	Unknown      Cause = iota
	Data               // N bytes wait
	SomeData           // N bytes are received at once, 0 if not known; how many wait is not known
	EmptyMessage       // a datagram without bytes
	End                // nothing more comes: a receive answers 0
	ReadShut           // the reading side is shut, by either end
	Waiting            // connections wait to be accepted
	Urgent             // an urgent byte waits
	Room               // the send buffer has room
	WriteShut          // the writing side is shut
	BothShut           // both sides are shut
	Gone               // the connection has ended by an error
	NotConnected       // there is no connection
	NotListening       // what was a listener is none any more
	Pending            // an error is pending
	Closed             // the descriptor is closed
	CountedByBit       // select(2) counts another bit for this one

	// Those that a bit is not set for.
	NothingToRead // nothing waits, and more may come
	BelowMark     // N bytes wait, and SO_RCVLOWAT asks for more
	NoConnection  // no connection waits to be accepted
	NoUrgent      // no urgent byte waits
	NoRoom        // the send buffer has no room that counts
	NoRoomThere   // that, or the queue of the socket that a datagram is for has none
	Unsent        // at least half as many bytes are unsent as TCP_NOTSENT_LOWAT allows
	Connecting    // a con is under way
	Listening     // a listener does not report it
	NoError       // no error is pending
	OnlyReadShut  // the writing side is open
	OnlyWriteShut // the reading side is open
	NeitherShut   // both sides are open
	NoFIN         // no FIN came, and the reading side was not shut
	ReadOpen      // the reading side is open
	NeverSet      // no socket of the family reports it
	NoSocket      // the side has no socket, and poll(2) ignores its descriptor, -1
	NotAsked      // the registration with epoll does not ask for it
	Told          // edge-triggered epoll has reported it, and nothing has come since
	Disarmed      // a one-shot registration has reported, and reports no more until it is modified
	Unregistered  // the registration has ended with the descriptor
	numberOfCauses
)

// Known tells whether all of the explanation is established.
func (e Explanation) Known() bool {
	for _, p := range e.Parts {
		if p.Kind == Unclear {
			return false
		}
	}
	return e.Cause != Unknown && (e.By == nil || e.By.Known())
}

// String is the explanation in a line: "HUP: both directions are shut (shw at #2.1,
// FIN received)". That of bits that are not set begins with "no".
func (e Explanation) String() string {
	line := strings.Join(e.Bit.Names(), " ") + ": " + e.Text()
	if e.Absent {
		return "no " + line
	}
	return line
}

// Text is the explanation without the bit.
func (e Explanation) Text() string {
	text := e.cause()
	switch {
	case e.Got == "":
		return text
	case e.Cause == Room: // the parts are why a send fails
		return fmt.Sprintf("%s, but %s answers %s%s", text, e.Verb, e.Got, e.parts())
	case e.Cause == NoRoom, e.Cause == NoRoomThere, e.Cause == Unsent:
		return fmt.Sprintf("%s, but %s answers %s", text, e.Verb, e.Got)
	}
	return fmt.Sprintf("%s: %s answers %s", text, e.Verb, e.Got)
}

func (e Explanation) cause() string {
	switch e.Cause {
	case Data:
		return count(e.N, "byte") + " to read"
	case SomeData:
		if e.N == 0 {
			return "data to read"
		}
		return count(e.N, "byte") + " to read at once"
	case EmptyMessage:
		return "an empty message to read"
	case End:
		return "the end of the stream" + e.parts()
	case ReadShut:
		if len(e.Parts) == 1 && (e.Parts[0].Kind == FIN || e.Parts[0].Kind == RST) {
			return e.Parts[0].String()
		}
		return "the reading side is shut" + e.parts()
	case Waiting:
		if e.N == 0 {
			return "a connection to accept"
		}
		return count(e.N, "connection") + " to accept"
	case Urgent:
		return "an urgent byte to read"
	case Room:
		return "room to send"
	case WriteShut:
		return "the writing side is shut" + e.parts()
	case BothShut:
		return "both directions are shut" + e.parts()
	case Gone:
		if len(e.Parts) == 1 && e.Parts[0].Kind == RST {
			return "the connection was reset" + e.parts()
		}
		return "the connection is gone" + e.parts()
	case NotConnected:
		return "not connected" + e.parts()
	case NotListening:
		return "no listener any more" + e.parts()
	case Pending:
		if len(e.Takes) == 0 {
			return e.Err + " pending; err takes it, and rcv or snd may"
		}
		return fmt.Sprintf("%s pending; the next %s takes it", e.Err, alternatives(e.Takes))
	case Closed:
		return "the descriptor is closed" + e.parts()
	case CountedByBit:
		return fmt.Sprintf("select counts %s", e.By)
	default:
		return e.absence()
	}
}

// absence is the cause of what is not set.
func (e Explanation) absence() string {
	switch e.Cause {
	case NothingToRead:
		return "nothing to read"
	case BelowMark:
		return count(e.N, "byte") + " to read, fewer than RCVLOWAT asks for" + e.parts()
	case NoConnection:
		return "no connection to accept"
	case NoUrgent:
		return "no urgent byte to read"
	case NoRoom:
		if e.Got != "" { // where a send may still have room
			return "too little room in the send buffer" + e.parts()
		}
		return "the send buffer is full" + e.parts()
	case NoRoomThere:
		return "the send buffer or the other end's queue is full"
	case Unsent:
		return "at least half of what NOTSENT_LOWAT allows is unsent" + e.parts()
	case Connecting:
		return "still connecting" + e.parts()
	case Listening:
		return "a socket that listens never reports that"
	case NoError:
		return "no error is pending" + e.parts()
	case OnlyReadShut:
		return "only the reading side is shut" + e.parts()
	case OnlyWriteShut:
		return "only the writing side is shut" + e.parts()
	case NeitherShut:
		return "neither direction is shut"
	case NoFIN:
		return "no FIN received, and no shr"
	case ReadOpen:
		return "the reading side is open"
	case NeverSet:
		return "no socket of this family reports that"
	case NoSocket:
		return "there is no socket"
	case NotAsked:
		return "not in the registered mask" + e.parts()
	case Told:
		return "reported at " + e.Parts[0].Step.String() + ", no new event since"
	case Disarmed:
		return "disarmed by the report at " + e.Parts[0].Step.String() + ", until a mod or another mask"
	case Unregistered:
		return "the descriptor is closed, and the registration with it" + e.parts()
	default:
		return "unknown"
	}
}

func (e Explanation) parts() string {
	if len(e.Parts) == 0 {
		return ""
	}
	words := make([]string, len(e.Parts))
	for i, p := range e.Parts {
		words[i] = p.String()
	}
	return " (" + strings.Join(slices.Compact(words), ", ") + ")"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// alternatives joins words: "rcv, snd or err".
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
