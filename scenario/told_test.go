package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTold(t *testing.T) {
	f := &File{Comment: `A sentence: with a colon.
see: https://example.org/1
see: https://example.org/2
linux: before 6.1 it says nothing.
linux=6.1: it says OUT.
linux>=6.2 linux<6.4: it says IN.
linux>=6.2 linux<6.4 see: https://example.org/3
gvisor: it says HUP.
gvisor see: https://example.org/4
  gvisor see:
linux6: it is no kernel.
`}
	if diff := cmp.Diff([]string{"https://example.org/1", "https://example.org/2"}, f.Links()); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	tests := []struct {
		system System
		why    string
		see    []string
	}{
		{System{"linux", "5.10.0"}, "before 6.1 it says nothing.", nil},
		{System{"linux", "6.1.0"}, "before 6.1 it says nothing. it says OUT.", nil},
		{System{"linux", "6.3"}, "before 6.1 it says nothing. it says IN.", []string{"https://example.org/3"}},
		{System{"gvisor", "4.4.0"}, "it says HUP.", []string{"https://example.org/4"}},
	}
	for _, tt := range tests {
		why, see := f.Told(tt.system)
		if diff := cmp.Diff([]any{tt.why, tt.see}, []any{why, see}); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.system, diff)
		}
	}
}
