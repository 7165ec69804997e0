package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sockprobe"
	"sockprobe/glossary"
	"sockprobe/ops"
	"sockprobe/scenario"
)

// wordHelp is what "sockprobe help WORD" says of a word that is no command: a verb by either name,
// an event, a set of events, a way to ask, a family, an option, an error or a mark of the output. It
// is "" for a word of which nothing is to be said.
func wordHelp(word string) (string, error) {
	files, err := sockprobe.Catalogue(ops.Verbs())
	if err != nil {
		return "", err
	}
	var parts []string
	name, _, _ := strings.Cut(word, ":")
	if v, ok := scenario.VerbNamed(name, ops.Verbs()); ok {
		parts = append(parts, stepHelp(v))
	}
	if events, ok := eventSet(word); ok {
		return setHelpText(events, files), nil
	}
	word = asked(word)
	for _, e := range glossary.Find(word) {
		parts = append(parts, e.Text+"\n"+boundsOf(e)+shown(files, e.Word))
	}
	if errno, ok := scenario.ErrnoNamed(strings.ToUpper(word)); ok && len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%s: %s.\n", errno.Name(), errno.Message()))
	}
	return strings.Join(parts, "\n"), nil
}

// boundsOf lists the options of the step opt that an entry is about, with their bounds. An entry about
// one option says itself what that does.
func boundsOf(e glossary.Entry) string {
	settings := slices.DeleteFunc(ops.Settings(), func(s scenario.Setting) bool { return !e.IsCalled(s.Name) })
	switch len(settings) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("\n    N is from %d to %d.\n", settings[0].Least, settings[0].Most)
	default:
		return "\n" + settingsTable(settings)
	}
}

var (
	placeOfCommand = regexp.MustCompile(`^#[0-9]+$`)
	placeOfStep    = regexp.MustCompile(`^#[0-9]+\.[0-9]+$`)
)

// asked is the word that is meant by one copied from the output: err=EPIPE, ended=#3, #2, #2.1. A
// number alone is that of an error.
func asked(word string) string {
	switch {
	case placeOfCommand.MatchString(word):
		return "cmd"
	case placeOfStep.MatchString(word):
		return "stp"
	}
	if n, err := strconv.ParseUint(word, 10, 12); err == nil { // MAX_ERRNO of include/linux/err.h is 4095
		if name := scenario.Errno(n).Name(); !strings.Contains(name, " ") && n > 0 {
			return name
		}
	}
	name, value, _ := strings.Cut(word, "=")
	if name == "err" && value != "" {
		return value
	}
	return name
}

// eventSet is the set that a text means: one in hexadecimal, or names joined by blanks, |, + or
// commas. It takes what the output prints, such as ev=0x2005 (IN OUT RDHUP) and ???[0x800]. A single
// name is no set: it has an entry of its own.
func eventSet(text string) (scenario.Events, bool) {
	text, isSet := strings.CutPrefix(text, "ev=")
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" |+,()", r) })
	var set scenario.Events
	names := 0
	for _, word := range words {
		if event, ok := scenario.EventNamed(word); ok {
			set |= event
			names++
			continue
		}
		word = strings.TrimSuffix(strings.TrimPrefix(word, "???["), "]")
		bits, err := strconv.ParseUint(word, 0, 16)
		if err != nil || !isSet && !strings.HasPrefix(word, "0x") {
			return 0, false
		}
		set |= scenario.Events(bits)
	}
	return set, len(words) > 1 || len(words) == 1 && names == 0
}

// setHelpText explains a set of events bit by bit.
func setHelpText(events scenario.Events, files []sockprobe.File) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", events)
	if events == 0 {
		b.WriteString("Nothing that was asked for is ready.\n")
		return b.String()
	}
	for _, name := range events.Names() {
		text := "no event of poll(2) or epoll_ctl(2)"
		for _, e := range glossary.Find(name) {
			_, text, _ = strings.Cut(e.Text, ": ")
			text, _, _ = strings.Cut(text, ".")
		}
		fmt.Fprintf(&b, "    %-11s  %s\n", name, text)
	}
	b.WriteString("\n\"sockprobe help EVENT\" says what each event does not say.\n")
	return b.String() + shown(files, fmt.Sprintf("%#x", uint32(events)))
}

// shown names the scenarios of the catalogue that show a word, first those that are about it.
func shown(files []sockprobe.File, word string) string {
	shows := shower(word)
	if shows == nil {
		return ""
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f sockprobe.File) bool { return !shows(f.File) })
	slices.SortStableFunc(files, func(a, b sockprobe.File) int {
		return cmp.Compare(distanceFrom(a, word), distanceFrom(b, word))
	})
	if len(files) == 0 {
		return ""
	}
	const most = 6
	var names []string
	for _, f := range files[:min(most, len(files))] {
		names = append(names, f.Name)
	}
	text := "\nScenarios that show it: " + strings.Join(names, ", ")
	if more := len(files) - most; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text + ". \"sockprobe run NAME\" runs one.\n"
}

// shower tells whether a scenario shows a word; it is nil for one that is not to be shown.
func shower(word string) func(*scenario.File) bool {
	if event, ok := scenario.EventNamed(word); ok {
		return func(f *scenario.File) bool {
			return slices.ContainsFunc(f.Reports(), func(e scenario.Events) bool { return e&event != 0 })
		}
	}
	if set, err := strconv.ParseUint(word, 0, 32); err == nil {
		return func(f *scenario.File) bool { return slices.Contains(f.Reports(), scenario.Events(set)) }
	}
	if _, ok := scenario.ErrnoNamed(word); ok {
		return func(f *scenario.File) bool { return f.Answers(word) }
	}
	if api, ok := scenario.APINamed(word); ok && api != scenario.Poll {
		return func(f *scenario.File) bool { return f.Script.Uses(api) }
	}
	if family, ok := scenario.FamilyNamed(word); ok && family != scenario.TCP4 {
		return func(f *scenario.File) bool { return f.Script.Family == family }
	}
	if slices.ContainsFunc(ops.Settings(), func(s scenario.Setting) bool { return s.Name == word }) {
		return func(f *scenario.File) bool { return strings.Contains(f.Script.String(), "opt:"+word+"=") }
	}
	return nil
}

// distanceFrom is how far from a word a scenario is: 0 where its name has it, 1 where its sentence
// has it, 2 otherwise.
func distanceFrom(f sockprobe.File, word string) int {
	has := func(text string) bool {
		words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" -,.:;()", r) })
		return slices.Contains(words, strings.ToLower(word))
	}
	switch {
	case has(f.Name):
		return 0
	case has(f.Essence()):
		return 1
	default:
		return 2
	}
}

// nearestHelp leads on from a word of which nothing is to be said.
func nearestHelp(word string, commands []string) string {
	words := slices.Concat(commands, scenario.VerbNames(ops.Verbs()), glossary.Names())
	if near, ok := scenario.Nearest(word, words); ok {
		return "did you mean " + near + "?"
	}
	files, err := sockprobe.Catalogue(ops.Verbs())
	if err == nil && slices.ContainsFunc(files, func(f sockprobe.File) bool { return f.Mentions(word) }) {
		return fmt.Sprintf("the word is in the catalogue: sockprobe list %s", scenario.Clip(word))
	}
	return `"sockprobe --help" lists the commands and topics; events, errors and options have help, too: sockprobe help POLLHUP`
}
