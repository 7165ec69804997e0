package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"sockprobe/scenario"
)

// record is an observation in JSON. docs/observation.schema.json describes it;
// a test holds the two together.
type record struct {
	Scenario string `json:"scenario,omitempty"`

	Cmd    int      `json:"cmd"`
	Step   int      `json:"step"`
	Side   string   `json:"side"`
	Verb   string   `json:"verb"`
	Arg    string   `json:"arg,omitempty"`
	FD     int      `json:"fd"`
	Ret    int      `json:"ret"`
	Opened string   `json:"opened,omitempty"`
	Errno  string   `json:"errno,omitempty"`
	Error  string   `json:"error,omitempty"`
	Events *uint32  `json:"events,omitempty"`
	Names  []string `json:"names,omitzero"`
	Info   pairs    `json:"info,omitempty"`
	Why    []string `json:"why,omitempty"`
	By     []string `json:"by,omitempty"`
	Count  int      `json:"count,omitempty"`
	Runs   int      `json:"runs,omitempty"`
}

// JSONLine is an observation in JSON, without the end of the line. The count is
// in it if there was more than one run.
func JSONLine(o scenario.Counted, runs int) string { return jsonLine("", o, runs) }

func jsonLine(name string, o scenario.Counted, runs int) string {
	r := record{
		Scenario: name,
		Cmd:      o.Cmd, Step: o.Step, Side: o.Side.String(), Verb: o.Verb, Arg: o.Arg, FD: o.FD, Ret: o.Ret,
		Info: pairs(o.Info), Why: o.Why, By: o.By.Names(),
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
	o.Observation = scenario.Observation{Cmd: r.Cmd, Step: r.Step, Verb: r.Verb, Arg: r.Arg, FD: r.FD, Ret: r.Ret, Info: string(r.Info), Why: r.Why}
	for _, name := range r.By {
		api, ok := scenario.APINamed(name)
		if !ok {
			return o, 0, fmt.Errorf("%q is no way to ask", name)
		}
		o.By |= api.Of()
	}
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

// pairs are name=value pairs with blanks between them; in JSON an object of strings
// in the same order.
type pairs string

// MarshalJSON writes the object.
func (p pairs) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, pair := range strings.Fields(string(p)) {
		if i > 0 {
			b = append(b, ',')
		}
		name, value, _ := strings.Cut(pair, "=")
		b = strconv.AppendQuote(b, name)
		b = append(b, ':')
		b = strconv.AppendQuote(b, value)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *pairs) UnmarshalJSON(data []byte) error {
	var words []string
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if s, ok := token.(string); ok {
			words = append(words, s)
		}
	}
	var out []string
	for pair := range slices.Chunk(words, 2) {
		out = append(out, strings.Join(pair, "="))
	}
	*p = pairs(strings.Join(out, " "))
	return nil
}
