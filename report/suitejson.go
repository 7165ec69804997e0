package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"
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
	_, err := w.Write(escapeControls(b.Bytes()))
	return err
}

// escapeControls escapes the control characters that package json leaves as they are, and which a
// terminal may obey: U+007F to U+009F, and the bidirectional ones. In JSON they stand in strings only.
func escapeControls(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for _, r := range string(data) {
		if 0x7f <= r && r < 0xa0 || isBidi(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
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
