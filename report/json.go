package report

import (
	"encoding/json"
	"fmt"

	"sockprobe/scenario"
)

// record is an observation in JSON. docs/observation.schema.json describes it;
// a test holds the two together.
type record struct {
	Cmd    int      `json:"cmd"`
	Step   int      `json:"step"`
	Side   string   `json:"side"`
	Verb   string   `json:"verb"`
	FD     int      `json:"fd"`
	Ret    int      `json:"ret"`
	Opened string   `json:"opened,omitempty"`
	Errno  string   `json:"errno,omitempty"`
	Error  string   `json:"error,omitempty"`
	Events *uint32  `json:"events,omitempty"`
	Names  []string `json:"names,omitzero"`
	Count  int      `json:"count,omitempty"`
	Runs   int      `json:"runs,omitempty"`
}

// JSONLine is an observation in JSON, without the end of the line. The count is
// in it if there was more than one run.
func JSONLine(o scenario.Counted, runs int) string {
	r := record{
		Cmd: o.Cmd, Step: o.Step, Side: o.Side.String(), Verb: o.Verb, FD: o.FD, Ret: o.Ret,
	}
	if o.Opened != 0 {
		r.Opened = o.Opened.String()
	}
	if o.Errno != 0 {
		r.Errno, r.Error = o.Errno.Name(), o.Errno.Message()
	}
	if o.Polled {
		events := uint32(o.Events)
		r.Events, r.Names = &events, o.Events.Names()
	}
	if runs > 1 {
		r.Count, r.Runs = o.Count, runs
	}
	line, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("report: %v", err)) // strings and integers always marshal
	}
	return string(line)
}

// ParseJSON reads what [JSONLine] wrote.
func ParseJSON(line []byte) (o scenario.Counted, runs int, err error) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return o, 0, err
	}
	o.Observation = scenario.Observation{Cmd: r.Cmd, Step: r.Step, Verb: r.Verb, FD: r.FD, Ret: r.Ret}
	if o.Side, err = oneSide(r.Side); err != nil {
		return o, 0, err
	}
	if r.Opened != "" {
		if o.Opened, err = oneSide(r.Opened); err != nil {
			return o, 0, err
		}
	}
	if r.Errno != "" {
		var ok bool
		if o.Errno, ok = scenario.ErrnoNamed(r.Errno); !ok {
			return o, 0, fmt.Errorf("no error is called %q", r.Errno)
		}
	}
	if r.Events != nil {
		o.Polled, o.Events = true, scenario.Events(*r.Events)
	}
	o.Count, runs = max(r.Count, 1), max(r.Runs, 1)
	return o, runs, nil
}

func oneSide(s string) (scenario.Side, error) {
	if len(s) != 1 {
		return 0, fmt.Errorf("%q is no side", s)
	}
	return scenario.Side(s[0]), nil
}
