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
	}
	tests := []struct {
		name, long, short, asked string
		want                     effort
	}{
		{"plain", "", "false", "100", effort{"plain", "20"}},
		{"plain, in words", "0", "false", "100", effort{"plain", "20"}},
		{"plain, with a number", "", "false", "3000", effort{"plain", "3000"}},
		{"long", "1", "false", "100", effort{"long", "100"}},
		{"long, with a number", "1", "false", "30", effort{"long", "30"}},
		{"short", "", "true", "100", effort{"plain", "100"}}, // rapid makes a fifth of them
		{"short wins", "1", "true", "100", effort{"plain", "100"}},
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
			got := effort{Of("plain", "long"), checks.String()}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(effort{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
