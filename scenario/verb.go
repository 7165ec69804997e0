package scenario

// A Verb is a word of the language: its name in scripts, the call it makes and
// what that call is for. The verbs themselves are listed where they are carried
// out, in package ops.
type Verb struct {
	Name   string    // as written in a script: "snd"
	Arg    *Argument // what it takes behind a colon, nil if nothing
	Call   string    // the call, as its manual page has it: "send(2)"
	Doc    string    // one line for help texts and tables
	Answer string    // what it prints beside ret and an error, and what these mean
}

// Usage is the verb with its argument, in brackets if it may be left out.
func (v Verb) Usage() string {
	switch {
	case v.Arg == nil:
		return v.Name
	case v.Arg.Optional:
		return v.Name + "[:" + v.Arg.Form + "]"
	default:
		return v.Name + ":" + v.Arg.Form
	}
}

// find gives the verb of a name, or nil.
func find(verbs []Verb, name string) *Verb {
	for i := range verbs {
		if verbs[i].Name == name {
			return &verbs[i]
		}
	}
	return nil
}

// names holds the verbs' names.
func names(verbs []Verb) []string {
	out := make([]string, len(verbs))
	for i, v := range verbs {
		out[i] = v.Name
	}
	return out
}
