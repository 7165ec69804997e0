package effort

import (
	"flag"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "pgregory.net/rapid" // for its flags
)

func TestEffort(t *testing.T) {
	type effort struct {
		amount string
		checks string // of rapid
		same   bool   // what is the same in a plain run is done, too
	}
	tests := []struct {
		name, long, short, asked string
		want                     effort
	}{
		{"plain", "", "false", "100", effort{"plain", "20", true}},
		{"plain, in words", "0", "false", "100", effort{"plain", "20", true}},
		{"plain, with a number", "", "false", "3000", effort{"plain", "3000", true}},
		{"long", "1", "false", "100", effort{"long", "100", true}},
		{"the rest", "rest", "false", "100", effort{"long", "100", false}},
		{"long, with a number", "1", "false", "30", effort{"long", "30", true}},
		{"short", "", "true", "100", effort{"plain", "100", true}}, // rapid makes a fifth of them
		{"short wins", "1", "true", "100", effort{"plain", "100", true}},
		{"short wins over the rest", "rest", "true", "100", effort{"plain", "100", true}},
	}
	short, checks := flag.Lookup("test.short").Value, flag.Lookup("rapid.checks").Value
	defer short.Set(short.String())
	defer checks.Set(checks.String())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(Variable, tt.long)
			short.Set(tt.short)
			checks.Set(tt.asked)
			RapidChecks()
			ran := false
			t.Run("the same", func(t *testing.T) {
				Same(t)
				ran = true
			})
			got := effort{Of("plain", "long"), checks.String(), ran}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(effort{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
