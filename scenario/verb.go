package scenario

import "strings"

// A Verb is a word of the language: its name in scripts, the call it makes and
// what that call is for. The verbs themselves are listed where they are carried
// out, in package ops.
type Verb struct {
	Name string // as written in a script: "snd"
	Call string // the call, as its manual page has it: "send(2) MSG_DONTWAIT"
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

// nearest is the verb that takes the fewest edits to reach from word; the first
// of several. A word much longer than any verb has no neighbour.
func nearest(verbs []Verb, word string) (string, bool) {
	const longest = 16
	if len(word) > longest {
		return "", false
	}
	best, at := "", longest
	for _, v := range verbs {
		if d := distance(strings.ToLower(word), v.Name); d < at {
			best, at = v.Name, d
		}
	}
	return best, best != ""
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour to turn a into b (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
