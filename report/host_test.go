package report

import (
	"encoding/json"
	"strings"
	"testing"
)

// hostSuite is of a host that is set in an unusual way.
var hostSuite = Suite{Kernel: "6.18", Results: []Result{{
	Name: "x", Script: "-c pol", Status: Wrong, Golden: "golden", Diff: "-a\n+b",
	Host: []string{"net.ipv4.tcp_rmem is 1: small", "odd \x1b[31m\nok 1 - forged"},
}}}

// TestHost holds that each format says what of the host may be the cause of a difference, and that
// nothing in it reaches the terminal or forges a line.
func TestHost(t *testing.T) {
	texts := map[string]string{}
	for name := range suiteFormats {
		texts[name] = written(t, name, hostSuite)
	}
	var verify, matrix strings.Builder
	VerifyText(&verify, hostSuite, false, false)
	MatrixText(&matrix, Matrix{Suites: []Suite{hostSuite}}, false, false)
	texts["verify"], texts["matrix"] = verify.String(), matrix.String()
	for name, text := range texts {
		want := "host: net.ipv4.tcp_rmem is 1: small"
		if name == "JSON" {
			var record struct{ Host []string }
			if err := json.Unmarshal([]byte(text), &record); err != nil || len(record.Host) != 2 {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
			continue
		}
		if !strings.Contains(text, want) {
			t.Errorf("%s: no %q in\n%s", name, want, text)
		}
		if strings.ContainsRune(text, '\x1b') || strings.Contains(text, "\nok 1 - forged") {
			t.Errorf("%s: something got through:\n%s", name, text)
		}
	}
}
