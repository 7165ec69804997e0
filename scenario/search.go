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
// a whole word: an event, an event set as it prints (0x2015), an error. The name of an event is a
// whole word everywhere, as HUP is in RDHUP.
func (f *File) Mentions(word string) bool {
	word = strings.ToLower(strings.TrimPrefix(word, "ev="))
	texts := []string{f.Name, f.Comment, f.Script.String()}
	for _, o := range slices.Concat(f.Overlays, f.Skips) {
		texts = append(texts, o.When)
	}
	text := strings.ToLower(strings.Join(texts, "\n"))
	if event, ok := EventNamed(word); ok {
		word = strings.ToLower(event.bitName())
		return hasWord(text, word) || f.answers(word)
	}
	return strings.Contains(text, word) || f.answers(word)
}

// answers tells whether a word is in a golden.
func (f *File) answers(word string) bool {
	if hasWord(strings.ToLower(string(f.Golden)), word) {
		return true
	}
	return slices.ContainsFunc(f.Overlays, func(o Overlay) bool { return hasWord(strings.ToLower(string(o.Golden)), word) })
}

// hasWord tells whether text has a word that is not part of a longer one.
func hasWord(text, word string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
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
