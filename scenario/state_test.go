package scenario

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUpTo(t *testing.T) {
	tests := []struct {
		name, info, want string
	}{
		{"no wait", "", "-c pol"},
		{"a wait that the second command has ended", "ended=#2", "-c pol,rcv -s snd,clo"},
		{"by no command", "ended=#0", "-c pol"},
		{"by a command before the first", "ended=#-1", "-c pol"},
		{"by a command after the last", "ended=#9", "-c pol"},
		{"by a word", "ended=x", "-c pol"},
	}
	script, err := Parse(strings.Fields("-c pol,rcv -s snd,clo -c pol"), testVerbs)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := script.UpTo(Observation{Cmd: 1, Step: 1, Info: tt.info})
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
