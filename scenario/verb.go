package scenario

import "slices"

// A Verb is a word of the language: its names in scripts, the call it makes and
// what that call is for. The verbs themselves are listed where they are carried
// out, in package ops.
type Verb struct {
	Name   string    // as it prints, and as written in a script: "snd"
	Long   string    // what may be written in its place: "send"; "" if the name is the field's own
	Arg    *Argument // what it takes behind a colon, nil if nothing
	Call   string    // the call, as its manual page has it: "send(2)"
	Doc    string    // one line for help texts and tables
	Answer string    // what it prints beside ret and an error, and what these mean
}

// Usage is the verb with its argument, in brackets if it may be left out.
func (v Verb) Usage() string { return v.usage(v.Name) }

// LongUsage is the same by the long name, or "" if the verb has none.
func (v Verb) LongUsage() string {
	if v.Long == "" {
		return ""
	}
	return v.usage(v.Long)
}

func (v Verb) usage(name string) string {
	switch {
	case v.Arg == nil:
		return name
	case v.Arg.Optional:
		return name + "[:" + v.Arg.Form + "]"
	default:
		return name + ":" + v.Arg.Form
	}
}

// IsCalled tells whether a word is one of the verb's two names.
func (v Verb) IsCalled(word string) bool {
	return word == v.Name || word != "" && word == v.Long
}

// VerbNamed finds a verb by either name.
func VerbNamed(word string, verbs []Verb) (Verb, bool) {
	i := slices.IndexFunc(verbs, func(v Verb) bool { return v.IsCalled(word) })
	if i < 0 {
		return Verb{}, false
	}
	return verbs[i], true
}

// VerbNames holds the verbs' names, the short ones first.
func VerbNames(verbs []Verb) []string {
	var short, long []string
	for _, v := range verbs {
		short = append(short, v.Name)
		if v.Long != "" {
			long = append(long, v.Long)
		}
	}
	return append(short, long...)
}
