package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrintable(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"text", "é…\t\n", "é…\t\n"},
		{"C0", "\x1b[31m\x7f", "␛[31m␡"},
		{"C1", "\u009b31m", "\ufffd31m"},
		{"bidirectional", "a\u202eb\u2066c\u2069", "a\ufffdb\ufffdc\ufffd"},
	} {
		if diff := cmp.Diff(tt.want, Printable(tt.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestSuitesJSONControls holds that no control character is in the JSON as it is, and that all of
// them come back.
func TestSuitesJSONControls(t *testing.T) {
	const name = "é\x1b\x7f\u009b31m\u202e\u2066\U0001f600"
	var b bytes.Buffer
	if err := SuitesJSON(&b, []Suite{{Kernel: "host", Results: []Result{{Name: name, Reason: name}}}}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\x7f\u009b\u202e\u2066") {
		t.Errorf("%q", &b)
	}
	var got resultRecord
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.Name != name || got.Reason != name {
		t.Errorf("%q, %v, want %q", got.Name, err, name)
	}
}
