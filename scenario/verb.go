package scenario

// A Verb is a word of the language: its name in scripts, the call it makes and
// what that call is for. The verbs themselves are listed where they are carried
// out, in package ops.
type Verb struct {
	Name string // as written in a script: "snd"
	Call string // the call, as its manual page has it: "send(2)"
	Doc  string // one line for help texts and tables
}

// lookup tells whether name is one of verbs.
func lookup(verbs []Verb, name string) bool {
	for _, v := range verbs {
		if v.Name == name {
			return true
		}
	}
	return false
}

// names holds the verbs' names.
func names(verbs []Verb) []string {
	out := make([]string, len(verbs))
	for i, v := range verbs {
		out[i] = v.Name
	}
	return out
}
