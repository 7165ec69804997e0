package report

import (
	"fmt"
	"strings"

	"sockprobe/scenario"
)

// callWord is the step as it is written, with its side if that is not whose lifeline
// it is drawn at: a copy, or a con written for another.
func callWord(c call) string {
	w := oneLine(word(c.Observation))
	if c.Side == c.side || c.Verb == "acc" && c.Side == scenario.Listener {
		return w
	}
	return w + oneLine(fmt.Sprintf("(%s)", c.Side))
}

// answerPieces is what an arrow does not say of an answer already. A call that gave 0
// and nothing else has none.
func answerPieces(c call, family scenario.Family) []piece {
	var list []string
	var out []piece
	switch {
	case c.Polled:
		out = eventPieces(c.Observation)
	case sends(c.Verb):
		if c.wire == nil && (c.Errno == 0 || c.Ret > 0) {
			list = append(list, size(c.Ret))
		}
	case receives(c.Verb):
		if c.Ret > 0 || c.Ret == 0 && !endOfFile(c.Observation, family) {
			list = append(list, size(c.Ret))
		}
		if endOfFile(c.Observation, family) {
			list = append(list, "EOF")
		}
	case c.Opened != 0 && c.accepted == 0:
		list = append(list, oneLine(c.Opened.String()))
	case c.Verb == "acc" && c.accepted == 0 && c.Errno == 0:
		list = append(list, fmt.Sprintf("fd %d", c.Ret))
	case c.accepted == 0 && c.Ret != 0 && c.Errno == 0:
		list = append(list, fmt.Sprintf("ret=%d", c.Ret))
	}
	if len(list) > 0 {
		out = append(out, piece{text: strings.Join(list, ", ")})
	}
	if c.Errno != 0 {
		if len(out) > 0 {
			out = append(out, piece{text: ", "})
		}
		out = append(out, piece{c.Errno.Name(), alarming})
	}
	info := infoPiece(c.Observation)
	if info.text != "" && len(out) > 0 {
		out = append(out, piece{text: "  "})
		info.ink = faint
	}
	if info.text != "" {
		out = append(out, info)
	}
	return out
}

// endOfFile tells whether a receive found the end of the stream (recv(2)): messages
// may be empty, and so may be what was asked for. drn ends with it unless by an error.
func endOfFile(o scenario.Observation, family scenario.Family) bool {
	switch {
	case o.Errno != 0 || keepsMessages(family) || o.Arg == "0" || o.Verb == "rco":
		return false
	case o.Verb == "drn":
		return o.Ret >= 0
	default:
		return o.Ret == 0
	}
}

// eventPieces is the answer of a step that asked for readiness.
func eventPieces(o scenario.Observation) []piece {
	var out []piece
	for i, name := range o.Events.Names() {
		if i > 0 {
			out = append(out, piece{text: " "})
		}
		out = append(out, piece{name, eventInk(name)})
	}
	if o.Events == 0 && o.Errno == 0 {
		out = append(out, piece{"no events", faint})
	}
	if o.Errno == 0 && (o.Ret == 0) != (o.Events == 0) { // poll(2) has no such answer, a kernel might
		out = append(out, piece{fmt.Sprintf(", ret=%d", o.Ret), alarming})
	}
	return out
}

// infoPiece is what else a step has found out. What its verb asks for goes without a
// name.
func infoPiece(o scenario.Observation) piece {
	info := oneLine(o.Info)
	switch value, found := strings.CutPrefix(info, "err="); {
	case !found || o.Verb != "err":
		return piece{text: strings.TrimPrefix(info, "state=")}
	case value == "0":
		return piece{text: value}
	default:
		return piece{value, alarming}
	}
}

func size(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
