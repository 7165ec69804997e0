package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const searched = `RDHUP is a half-close. No err in the nval of WRBAND.
see: https://example.org/Issues/7
-- script --
--family unix -s shw -c pol:none,snd:5,pol:in+msg
-- golden --
cmd #2 stp #1: pol:none(c): ret=1 ev=0x2005 (IN OUT RDHUP)
cmd #2 stp #2: snd:5(c): ret=-1 (EPIPE)
cmd #2 stp #3: pol(c): ret=0 ev=0
-- golden gvisor --
cmd #2 stp #1: pol:none(c): ret=1 ev=0x14 (OUT HUP)
-- skip linux<6.1 --
It lacks it.
`

func TestMentions(t *testing.T) {
	f, err := ParseFile("dir/half-close.probe", []byte(searched), testVerbs)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, word string
		want       bool
	}{
		{"a part of the name", "half", true},
		{"the sentence, in another case", "HALF-CLOSE.", true},
		{"a link", "issues/7", true},
		{"a step", "pol:none", true},
		{"a family", "unix", true},
		{"a kernel", "gvisor", true},
		{"a kernel that is skipped", "linux<6.1", true},
		{"an event", "rdhup", true},
		{"an event by its name in C", "POLLRDHUP", true},
		{"a set of events", "0x2005", true},
		{"a set as it prints", "ev=0x2005", true},
		{"a part of a set", "0x200", false},
		{"an event that another kernel reports", "hup", true},
		{"another in lower case in prose only", "ERR", false},
		{"an event in lower case in prose only", "nval", false},
		{"an event in prose only", "wrband", true},
		{"an event in a mask only", "msg", true},
		{"an event that is part of another's name only", "pri", false},
		{"an error", "epipe", true},
		{"a part of an error", "epip", false},
		{"nothing", "mptcp", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := f.Mentions(tt.word); got != tt.want {
				t.Errorf("Mentions(%q) is %v", tt.word, got)
			}
		})
	}
	if diff := cmp.Diff([]Events{0, 0x2005}, f.Reports()); diff != "" {
		t.Errorf("Reports (-want +got):\n%s", diff)
	}
	if !f.Answers("EPIPE") || f.Answers("ECONNRESET") {
		t.Error("Answers does not tell errors apart")
	}
}
