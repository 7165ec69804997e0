package report

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"

	"sockprobe/scenario"
)

// scenarioRecord is a scenario of the catalogue in JSON. docs/catalogue.schema.json describes it;
// a test holds the two together.
type scenarioRecord struct {
	Name    string            `json:"name"`
	Essence string            `json:"essence"`
	Script  string            `json:"script"`
	Family  string            `json:"family"`
	Events  []scenario.Events `json:"events"`
	Names   []string          `json:"names"`
	Links   []string          `json:"links,omitempty"`
	Differs []string          `json:"differs,omitempty"`
	Skips   []string          `json:"skips,omitempty"`
}

// ScenariosJSON writes what the scenarios are, one object a line.
func ScenariosJSON(w io.Writer, files []*scenario.File) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // scripts and links are to be read
	for _, f := range files {
		if err := enc.Encode(newScenarioRecord(f)); err != nil {
			return err
		}
	}
	_, err := b.WriteTo(w)
	return err
}

var urls = regexp.MustCompile(`https?://[^\s)]+`)

func newScenarioRecord(f *scenario.File) scenarioRecord {
	r := scenarioRecord{
		Name: f.Name, Essence: f.Essence(), Script: f.Script.String(), Family: f.Script.Family.String(),
		Events: []scenario.Events{}, Names: []string{}, Links: urls.FindAllString(f.Comment, -1),
	}
	var all scenario.Events
	for _, e := range f.Reports() {
		r.Events = append(r.Events, e)
		all |= e
	}
	r.Names = append(r.Names, all.Names()...)
	for _, o := range f.Overlays {
		r.Differs = append(r.Differs, o.When)
	}
	for _, o := range f.Skips {
		r.Skips = append(r.Skips, o.When)
	}
	return r
}
