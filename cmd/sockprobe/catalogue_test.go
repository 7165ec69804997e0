package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"sockprobe/scenario"
)

// TestListFollowsItsSchema holds what list --format json prints and the schema together, from both
// sides.
func TestListFollowsItsSchema(t *testing.T) {
	const path = "../../docs/catalogue.schema.json"
	schema, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Properties map[string]struct{ Enum []string }
	}
	if err := json.Unmarshal(data, &described); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(described.Properties["family"].Enum, scenario.FamilyNames()); diff != "" {
		t.Errorf("families (-schema +program):\n%s", diff)
	}

	var stdout, stderr bytes.Buffer
	if code := run([]string{"list", "--format", "json"}, &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	lines := slices.Collect(strings.Lines(stdout.String()))
	if len(lines) < 100 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		for name := range v.(map[string]any) {
			delete(described.Properties, name)
		}
	}
	for name := range described.Properties {
		t.Errorf("%q is described, but in no line", name)
	}
}
