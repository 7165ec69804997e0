package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Arg is what stands behind a verb's colon, read.
type Arg struct {
	Text   string // as it prints; "" if there is none
	Name   string // what is before a "="
	N      int64  // the number: bytes, nanoseconds, a value; 1 for a word
	Mask   Events // the events asked for,
	Masked bool   // if any mask is given, none at all included
}

// Duration is the argument as a time.
func (a Arg) Duration() time.Duration { return time.Duration(a.N) }

// Given tells whether there is an argument.
func (a Arg) Given() bool { return a.Text != "" }

// An Argument is what a verb takes behind its colon.
type Argument struct {
	Form     string // "N", "MASK", "NAME=V", or the one word that it may be
	Doc      string // what it means, its unit and its bounds
	Optional bool
	Words    []string // what a shell can complete,
	After    []string // and that behind a "+" or "/"

	read func(text string) (arg Arg, problem string)
}

// IfGiven makes an argument one that may be left out.
func (a Argument) IfGiven() *Argument {
	a.Optional = true
	return &a
}

// Number is an argument that is a whole number.
func Number(form, doc string, least, most int64) *Argument {
	return &Argument{
		Form: form, Doc: fmt.Sprintf("%s, %d to %d", doc, least, most),
		read: func(text string) (Arg, string) {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < least || n > most {
				return Arg{}, fmt.Sprintf("is not a number from %d to %d", least, most)
			}
			return Arg{Text: strconv.FormatInt(n, 10), N: n}, ""
		},
	}
}

// Duration is an argument that is a time.
func Duration(doc string, least, most time.Duration) *Argument {
	return &Argument{
		Form: "D", Doc: fmt.Sprintf("%s, %v to %v", doc, least, most), Words: []string{"10ms", "100ms", "1s"},
		read: func(text string) (Arg, string) {
			d, err := time.ParseDuration(text)
			if err != nil || d < least || d > most {
				return Arg{}, fmt.Sprintf("is not a time from %v to %v with its unit, such as 100ms", least, most)
			}
			return Arg{Text: d.String(), N: d.Nanoseconds()}, ""
		},
	}
}

// Wait is an argument that is a time, and behind a slash an interest mask if that is not
// the usual one.
func Wait(doc string, least, most time.Duration) *Argument {
	d, m := Duration(doc, least, most), Mask("")
	return &Argument{
		Form: "D[/MASK]", Doc: d.Doc + "; and what is waited for", Words: d.Words, After: m.Words,
		read: func(text string) (Arg, string) {
			limit, mask, masked := strings.Cut(text, "/")
			arg, problem := d.read(limit)
			if problem != "" || !masked {
				return arg, problem
			}
			with, problem := m.read(mask)
			return Arg{Text: arg.Text + "/" + with.Text, N: arg.N, Mask: with.Mask, Masked: true}, problem
		},
	}
}

// Word is an argument that can be one word only.
func Word(word, doc string) *Argument {
	return &Argument{
		Form: word, Doc: doc, Words: []string{word},
		read: func(text string) (Arg, string) {
			if text != word {
				return Arg{}, fmt.Sprintf("is not %q, which is all that it takes", word)
			}
			return Arg{Text: word, N: 1}, ""
		},
	}
}

// Mask is an argument that is an interest mask: names of events joined by "+", a
// number, or "none".
func Mask(doc string) *Argument {
	words := []string{"none"}
	for _, n := range eventNames {
		words = append(words, strings.ToLower(n.name))
	}
	return &Argument{
		Form: "MASK", Doc: doc, Words: words, After: words[1:],
		read: func(text string) (Arg, string) {
			mask, word, ok := parseMask(text)
			if !ok {
				return Arg{}, maskProblem(word, words)
			}
			return Arg{Text: mask.maskText(), Mask: mask, Masked: true}, ""
		},
	}
}

// maskProblem says what is wrong with a word of a mask that is none of its words.
func maskProblem(word string, words []string) string {
	if joined := strings.NewReplacer("|", "+", " ", "+").Replace(word); joined != word {
		return "joins events by something other than +; write " + Clip(joined)
	}
	if word == "" {
		return "lacks an event: they are joined by one +, with none before the first or after the last"
	}
	if _, err := strconv.ParseUint(word, 16, 16); err == nil {
		return "has a number without 0x in it; write 0x" + Clip(word)
	}
	problem := fmt.Sprintf("has %s in it, which is no event", Quote(word))
	if near, ok := Nearest(word, words); ok {
		return problem + "; did you mean " + near + "?"
	}
	return fmt.Sprintf("%s: those are %s, and numbers from 0x0 to 0xffff", problem, strings.Join(words, " "))
}

// A Setting is what an argument of the form NAME=V may set, and to what.
type Setting struct {
	Name        string
	Doc         string
	Least, Most int64
}

// Settings is an argument that is one of several settings and its value.
func Settings(doc string, settings []Setting) *Argument {
	var names, words []string
	for _, s := range settings {
		names, words = append(names, s.Name), append(words, s.Name+"=")
	}
	return &Argument{
		Form: "NAME=V", Doc: doc, Words: words,
		read: func(text string) (Arg, string) {
			name, value, _ := strings.Cut(text, "=")
			i := slices.Index(names, name)
			if i < 0 {
				problem := "is none of " + strings.Join(names, " ")
				if near, ok := Nearest(name, names); ok {
					problem = "is no option; did you mean " + near + "?"
				}
				return Arg{}, problem
			}
			s := settings[i]
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil || n < s.Least || n > s.Most {
				return Arg{}, fmt.Sprintf("is not %s= and a number from %d to %d", name, s.Least, s.Most)
			}
			return Arg{Text: fmt.Sprintf("%s=%d", name, n), Name: name, N: n}, ""
		},
	}
}

// parseMask reads a mask, or gives the word that spoils it.
func parseMask(text string) (mask Events, word string, ok bool) {
	for word := range strings.SplitSeq(text, "+") {
		if strings.EqualFold(word, "none") {
			continue
		}
		if event, ok := EventNamed(word); ok {
			mask |= event
			continue
		}
		digits, hex := strings.CutPrefix(strings.ToLower(word), "0x")
		n, err := strconv.ParseUint(digits, 16, 16)
		if err != nil || !hex {
			return 0, word, false
		}
		mask |= Events(n)
	}
	return mask, "", true
}

// maskText is a mask as an argument.
func (e Events) maskText() string {
	if e == 0 {
		return "none"
	}
	var words []string
	for rest := e; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		word := strings.ToLower(bit.bitName())
		if strings.HasPrefix(word, "?") {
			word = fmt.Sprintf("%#x", uint32(bit))
		}
		words = append(words, word)
	}
	return strings.Join(words, "+")
}
