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
}

func jsonLine(o scenario.Observation) string {
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
		r.Events, r.Names = (*uint32)(&o.Events), o.Events.Names()
	}
	line, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("report: %v", err)) // strings and integers always marshal
	}
	return string(line)
}
