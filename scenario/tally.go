package scenario

// A Tally counts the answers of several runs of one script, step by step. Most
// steps have one; those that depend on timing may have a set.
type Tally struct {
	Runs  int
	Steps [][]Counted // each step's answers, in the order in which they were first seen
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
	for i, answers := range t.Steps {
		if !sameStep(answers[0].Observation, c.Observation) {
			continue
		}
		for j := range answers {
			if sameAnswer(answers[j].Observation, c.Observation) {
				answers[j].Count += c.Count
				return
			}
		}
		t.Steps[i] = append(answers, c)
		return
	}
	t.Steps = append(t.Steps, []Counted{c})
}

func sameStep(a, b Observation) bool {
	return a.Cmd == b.Cmd && a.Step == b.Step && a.Side == b.Side && a.Verb == b.Verb
}

// sameAnswer compares what a golden keeps: not the descriptors.
func sameAnswer(a, b Observation) bool {
	return a.Errno == b.Errno && a.Events == b.Events && a.Opened == b.Opened &&
		(a.Ret == b.Ret || a.Opened != 0)
}
