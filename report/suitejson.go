package report

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"time"
)

// SuitesJSON writes suites as JSON, one object a line: one for each scenario on
// each kernel, and one for each kernel that could not be run.
func SuitesJSON(w io.Writer, suites []Suite) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // diffs and scripts are to be read
	for _, s := range suites {
		if s.Failure != "" {
			if err := enc.Encode(failureRecord{Kernel: s.Kernel, Failure: s.Failure}); err != nil {
				return err
			}
		}
		for _, r := range s.Results {
			if err := enc.Encode(newResultRecord(s, r)); err != nil {
				return err
			}
		}
	}
	_, err := b.WriteTo(w)
	return err
}

// resultRecord is a scenario on a kernel in JSON. docs/results.schema.json
// describes it and failureRecord; a test holds them together.
type resultRecord struct {
	Kernel  string   `json:"kernel"`
	Release string   `json:"release,omitempty"`
	Name    string   `json:"name"`
	Status  string   `json:"status"`
	Reason  string   `json:"reason,omitempty"`
	Golden  string   `json:"golden,omitempty"`
	Script  string   `json:"script,omitempty"`
	Diff    string   `json:"diff,omitempty"`
	Answers string   `json:"answers,omitempty"`
	Host    []string `json:"host,omitempty"`
	Why     string   `json:"why,omitempty"`
	See     []string `json:"see,omitempty"`
	Seconds float64  `json:"seconds,omitempty"`
}

type failureRecord struct {
	Kernel  string `json:"kernel"`
	Failure string `json:"failure"`
}

func newResultRecord(s Suite, r Result) resultRecord {
	return resultRecord{
		Kernel:  s.Kernel,
		Release: s.Release,
		Name:    r.Name,
		Status:  r.Status.String(),
		Reason:  r.Reason,
		Golden:  r.Golden,
		Script:  r.Script,
		Diff:    r.Diff,
		Answers: r.Answers,
		Host:    r.Host,
		Why:     r.Why,
		See:     slices.Concat(r.WhySee, r.See),
		Seconds: r.Duration.Round(time.Microsecond).Seconds(),
	}
}
