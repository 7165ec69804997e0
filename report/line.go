package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sockprobe/scenario"
)

// Line is an observation as the original tool's -v prints it:
//
//	cmd #2 stp #1: pol(s=5): ret=1 ev=0x2005 (IN OUT RDHUP)
func Line(o scenario.Observation) string {
	return textLine(o, palette{})
}

// ClassicLine is an observation in the form of 2019, without the side:
//
//	cmd #2 stp #1: do_pol(5): ret=1 ev=0x2005 (IN OUT RDHUP)
func ClassicLine(o scenario.Observation) string {
	return fmt.Sprintf("%sdo_%s(%d): ret=%d%s%s%s",
		place(o), word(o), o.FD, o.Ret, message(o), readiness(o, palette{}), found(o))
}

// StableLine is an observation as goldens hold it. It is the same on every run
// of a script: it has no descriptor numbers, a socket that was made is named by
// its side, and errors are named by their symbol:
//
//	cmd #2 stp #0: acc(l): ret=s
//	cmd #2 stp #2: rcv(s): ret=-1 (ECONNRESET)
//	cmd #2 stp #3: fil(s): ret=many (EAGAIN)
//
// Bytes beyond a few thousand are many: how many depends on the memory that the
// kernel has.
func StableLine(o scenario.Observation) string {
	ret := stableNumber(strconv.Itoa(o.Ret))
	if o.Opened != 0 {
		ret = o.Opened.String()
	}
	errno := ""
	if o.Errno != 0 {
		errno = " (" + o.Errno.Name() + ")"
	}
	return fmt.Sprintf("%s%s(%s): ret=%s%s%s%s",
		place(o), word(o), o.Side, ret, errno, readiness(o, palette{}), numbers.ReplaceAllStringFunc(found(o), stableNumber))
}

// many is the number from which a number of bytes is not a property of the script
// any more.
const many = 4096

var numbers = regexp.MustCompile(`\b[0-9]+\b`)

func stableNumber(digits string) string {
	if n, err := strconv.Atoi(digits); err == nil && n < many {
		return digits
	}
	return "many"
}

// Stable is what runs of a script answered in the stable form. The answers of a
// step that varied stand one below the other, in the order of their text.
func Stable(t *scenario.Tally) []byte {
	var b strings.Builder
	for _, answers := range t.Steps {
		lines := make([]string, len(answers))
		for i, a := range answers {
			lines[i] = StableLine(a.Observation) + ways(a) + "\n"
		}
		slices.Sort(lines)
		b.WriteString(strings.Join(slices.Compact(lines), ""))
	}
	return []byte(b.String())
}

func textLine(o scenario.Observation, p palette) string {
	return fmt.Sprintf("%s%s(%s=%d): ret=%d%s%s%s",
		p.faint(place(o)), p.bold(word(o)), o.Side, o.FD, o.Ret, p.alarm(message(o)), readiness(o, p), found(o))
}

// word is the step as it is written in a script.
func word(o scenario.Observation) string {
	if o.Arg == "" {
		return o.Verb
	}
	return o.Verb + ":" + o.Arg
}

// found is what else a step has found out.
func found(o scenario.Observation) string {
	if o.Info == "" {
		return ""
	}
	return " " + o.Info
}

// ways names the ways of asking that gave an answer that others did not.
func ways(c scenario.Counted) string {
	if c.By == 0 {
		return ""
	}
	return " [" + strings.Join(c.By.Names(), " ") + "]"
}

func place(o scenario.Observation) string {
	return fmt.Sprintf("cmd #%d stp #%d: ", o.Cmd, o.Step)
}

func message(o scenario.Observation) string {
	if o.Errno == 0 {
		return ""
	}
	return " (" + o.Errno.Message() + ")"
}

func readiness(o scenario.Observation, p palette) string {
	if !o.Polled {
		return ""
	}
	return " ev=" + p.events(o.Events)
}
