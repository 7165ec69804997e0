package scenario

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Mentions tells whether a word is in a file, in either case: in its name, the text above its
// script, the script itself, the kernels that it has goldens for, or an answer. Of an answer it is
// a whole word: an event set as it prints (0x2015), an error. The name of an event is looked for
// as an event only: see mentionsEvent.
func (f *File) Mentions(word string) bool {
	word = strings.ToLower(strings.TrimPrefix(word, "ev="))
	if event, ok := EventNamed(word); ok {
		return f.mentionsEvent(event)
	}
	texts := []string{f.Name, f.Comment, f.Script.String()}
	for _, o := range slices.Concat(f.Overlays, f.Skips) {
		texts = append(texts, o.When)
	}
	return strings.Contains(strings.ToLower(strings.Join(texts, "\n")), word) ||
		slices.ContainsFunc(f.goldens(), func(golden string) bool { return hasWord(strings.ToLower(golden), word) })
}

// mentionsEvent tells whether an event is in an answer, in a mask of the script or, in upper case,
// in the text above it. IN, OUT and ERR are also common words, or a verb, in lower case.
func (f *File) mentionsEvent(event Events) bool {
	texts := append(f.goldens(), f.Comment)
	return slices.ContainsFunc(texts, func(text string) bool { return hasWord(text, event.bitName()) }) ||
		slices.ContainsFunc(f.Script.Commands, func(c Command) bool {
			return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Arg.Mask&event != 0 })
		})
}

// goldens are the file's answers, for each kernel that it has some for.
func (f *File) goldens() []string {
	all := []string{string(f.Golden)}
	for _, o := range f.Overlays {
		all = append(all, string(o.Golden))
	}
	return all
}

// hasWord tells whether text has a word that is not part of a longer one.
func hasWord(text, word string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}), word)
}

var eventsAnswered = regexp.MustCompile(` ev=(0x[0-9a-f]+|0)\b`)

// Reports is each set of events that the default golden has as an answer, in ascending order.
func (f *File) Reports() []Events {
	var sets []Events
	for _, m := range eventsAnswered.FindAllSubmatch(f.Golden, -1) {
		n, err := strconv.ParseUint(string(m[1]), 0, 32)
		if err == nil && !slices.Contains(sets, Events(n)) {
			sets = append(sets, Events(n))
		}
	}
	slices.Sort(sets)
	return sets
}

// Answers tells whether the default golden has an error by its symbol.
func (f *File) Answers(errno string) bool {
	return bytes.Contains(f.Golden, []byte("("+errno+")")) || bytes.Contains(f.Golden, []byte("err="+errno+"\n"))
}
