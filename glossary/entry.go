// Package glossary explains the words that sockprobe prints and takes: events, ways to ask,
// families, options, errors, and the marks in its output. It is text only, a file a kind of word.
package glossary

import (
	"slices"
	"strings"
)

// An Entry is what is to be said of a word.
type Entry struct {
	Word string   // as it prints
	Also []string // other names
	Text string   // paragraphs with an empty line between them
}

// all is each entry there is.
var all = slices.Concat(events, ways, families, options, errnos, marks)

// Find gives the entries for a word, in either case. Events also have their C names.
func Find(word string) []Entry {
	return slices.DeleteFunc(slices.Clone(all), func(e Entry) bool { return !e.IsCalled(word) })
}

// IsCalled tells whether a word is the name of an entry, or another name of it.
func (e Entry) IsCalled(word string) bool {
	return slices.ContainsFunc(append([]string{e.Word}, e.Also...), func(w string) bool { return strings.EqualFold(w, word) })
}

// Words lists what there is an entry for, each by the name that it prints by.
func Words() []string {
	words := make([]string, len(all))
	for i, e := range all {
		words[i] = e.Word
	}
	return words
}

// Names lists every name of every entry.
func Names() []string {
	var names []string
	for _, e := range all {
		names = append(append(names, e.Word), e.Also...)
	}
	return names
}

// inC are an event's names in poll(2) and epoll_ctl(2).
func inC(name string) []string { return []string{"POLL" + name, "EPOLL" + name} }
