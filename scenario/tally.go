package scenario

// A Tally counts the answers of several runs of one script, step by step. Most
// steps have one; those that depend on timing, or on how readiness is asked for,
// may have a set.
type Tally struct {
	Runs  int
	Asked APIs        // the ways that the runs asked in, if they differ in that; else none
	Steps [][]Counted // each step's answers, in the order in which they were first seen

	at map[stepKey]int // a step's place in Steps
}

// A stepKey is what makes two observations ones of the same step. What a command
// implies may be two accepts, which are told apart by what they made.
type stepKey struct {
	cmd, step int
	side      Side
	verb      string
	opened    Side
}

// A Counted is an answer and how often it was given.
type Counted struct {
	Observation
	Count int
	// By is the ways of asking that gave it, where there are several and they
	// do not agree about the step; else none. Of is how often these asked.
	By APIs
	Of int
}

// Add counts one run.
func (t *Tally) Add(run []Observation) { t.AddBy(run, 0) }

// AddBy counts one run of those that ask in different ways.
func (t *Tally) AddBy(run []Observation, by APIs) {
	t.Runs++
	t.Asked |= by
	for _, o := range run {
		t.AddCounted(Counted{Observation: o, Count: 1, By: by})
	}
}

// AddCounted counts an answer that was given several times.
func (t *Tally) AddCounted(c Counted) {
	key := stepKey{cmd: c.Cmd, step: c.Step, side: c.Side, verb: c.Verb}
	if c.Step == 0 {
		key.opened = c.Opened
	}
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
		if a := &t.Steps[i][j]; a.SameAnswer(c.Observation) {
			a.Count += c.Count
			a.By |= c.By
			return
		}
	}
	t.Steps[i] = append(t.Steps[i], c)
}

// Done ends the counting: where all ways of asking gave the same answers to a
// step, it does not matter which.
func (t *Tally) Done() {
	for _, answers := range t.Steps {
		agree := true
		for _, a := range answers {
			agree = agree && a.By == t.Asked
		}
		for i := range answers {
			if agree {
				answers[i].By = 0
			} else if n := len(t.Asked.Names()); n > 0 {
				answers[i].Of = t.Runs / n * len(answers[i].By.Names())
			}
		}
	}
}
