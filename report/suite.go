package report

import "time"

// A Suite is what came of running scenarios on one kernel.
type Suite struct {
	Kernel   string        // short, for a column's head: "5.10.0-32-cloud-amd64", "uml", "gvisor"
	Release  string        // what the kernel says of itself, "" if it could not be asked
	Duration time.Duration // start and end of the kernel included
	Failure  string        // why there are no results, "" if there are
	Results  []Result      // one for each scenario, in the same order on every kernel
}

// A Result is what came of one scenario.
type Result struct {
	Name    string // the scenario's name
	Essence string // what it shows, in a sentence
	Script  string
	Status  Status
	Reason  string // why it was skipped or broken, or in a word what is wrong; "" otherwise
	Golden  string // which golden it was held against: "golden", "golden gvisor"
	// Diff is a unified diff: for Wrong, from its golden to the answers; for
	// Differs, from the default golden to the answers, which are as known.
	Diff string
	// Answers are what the kernel answered, in the stable form, where there is no golden to
	// hold them against.
	Answers string
	// Host is what of the host may be the cause of a difference, a line each. It is there only
	// with Wrong.
	Host     []string
	Why      string   // what the file says of such kernels, where they answer otherwise
	WhySee   []string // and where more is said of that
	See      []string // where more is said of the scenario
	Duration time.Duration
}

// A Status is how a scenario's answers are, held against what is known.
type Status int

// The statuses, from good to bad.
const (
	Same    Status = iota // as the default golden: what a current Linux answers
	Differs               // as the golden for such a kernel, which is another
	Skipped               // the kernel lacks what the scenario is about
	Wrong                 // not its golden, or there is none
	Broken                // its file cannot be read or makes no sense, so that nothing ran
)

func (s Status) String() string {
	return [...]string{"same", "differs", "skipped", "wrong", "broken"}[s]
}

// Counts are the results of suites by status; a kernel that could not be run
// counts as one that failed.
type Counts struct{ Passed, Failed, Skipped, Broken int }

// Count counts the results of suites. Same and Differs have passed.
func Count(suites ...Suite) Counts {
	var c Counts
	for _, s := range suites {
		if s.Failure != "" {
			c.Failed++
		}
		for _, r := range s.Results {
			switch r.Status {
			case Same, Differs:
				c.Passed++
			case Skipped:
				c.Skipped++
			case Wrong:
				c.Failed++
			case Broken:
				c.Broken++
			}
		}
	}
	return c
}
