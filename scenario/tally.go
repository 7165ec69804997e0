package scenario

// A Tally counts the answers of several runs of one script, step by step. Most
// steps have one; those that depend on timing may have a set.
type Tally struct {
	Runs  int
	Steps [][]Counted // each step's answers, in the order in which they were first seen

	at map[stepKey]int // a step's place in Steps
}

// A stepKey is what makes two observations ones of the same step.
type stepKey struct {
	cmd, step int
	side      Side
	verb      string
}

// A Counted is an answer and how often it was given.
type Counted struct {
	Observation
	Count int
}

// Add counts one run.
func (t *Tally) Add(run []Observation) {
	t.Runs++
	for _, o := range run {
		t.AddCounted(Counted{o, 1})
	}
}

// AddCounted counts an answer that was given several times.
func (t *Tally) AddCounted(c Counted) {
	key := stepKey{c.Cmd, c.Step, c.Side, c.Verb}
	i, seen := t.at[key]
	if !seen {
		if t.at == nil {
			t.at = map[stepKey]int{}
		}
		t.at[key] = len(t.Steps)
		t.Steps = append(t.Steps, []Counted{c})
		return
	}
	for j := range t.Steps[i] {
		if sameAnswer(t.Steps[i][j].Observation, c.Observation) {
			t.Steps[i][j].Count += c.Count
			return
		}
	}
	t.Steps[i] = append(t.Steps[i], c)
}

// sameAnswer compares what a golden keeps: not the descriptors.
func sameAnswer(a, b Observation) bool {
	return a.Errno == b.Errno && a.Events == b.Events && a.Opened == b.Opened &&
		(a.Ret == b.Ret || a.Opened != 0)
}
