package report

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// suiteFormats is every format of suites.
var suiteFormats = map[string]func(io.Writer, []Suite) error{
	"KTAP": KTAP, "JUnit": JUnit, "JSON": SuitesJSON,
	"HTML": func(w io.Writer, suites []Suite) error { return HTML(w, Matrix{Suites: suites}) },
}

// written is what a format makes of suites.
func written(t *testing.T, format string, suites ...Suite) string {
	t.Helper()
	var b strings.Builder
	if err := suiteFormats[format](&b, suites); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// oneSuite has a result of each status.
var oneSuite = Suite{
	Kernel:   "gvisor",
	Release:  "4.4.0",
	Duration: 1234 * time.Millisecond,
	Results: []Result{
		{
			Name: "fin-is-rdhup", Essence: "A FIN is RDHUP.", Script: "-c shw -s pol",
			Status: Same, Golden: "golden", Duration: 12 * time.Millisecond,
		},
		{
			Name: "shutw-keeps-out", Essence: "OUT stays.", Script: "-c shw,pol",
			Status: Differs, Golden: "golden gvisor", Duration: 1500 * time.Microsecond,
			Diff: "--- x (golden)\n+++ x (this kernel)\n@@ -1,1 +1,1 @@\n-ret=1 ev=0x4 (OUT)\n+ret=0 ev=0\n",
		},
		{
			Name: "ipv6-only", Essence: "No IPv4.", Script: "-c pol",
			Status: Skipped, Reason: "no IPv6",
		},
		{
			Name: "law-6", Essence: "ERR brings all.", Script: "-c snd,pol",
			Status: Wrong, Reason: "not its golden", Golden: "golden gvisor", Duration: 2 * time.Second,
			Diff: "@@ -1,2 +1,2 @@\n-cmd #1 stp #1: snd(c): ret=1\n+cmd #1 stp #1: snd(c): ret=-1 (EPIPE)\n cmd #1 stp #2: pol(c): ret=0 ev=0",
		},
	},
}

// failedSuite is of a kernel that could not be run.
var failedSuite = Suite{
	Kernel:   "7.3.0-rc1",
	Duration: 60 * time.Second,
	Failure:  "no end mark after 60 s; the console's last lines:\r\n\x1b[1m[    0.1] Kernel panic #1\x1b[0m\r\n\r\nnot syncing <swapper> & ]]>\n",
}

// roughSuite has what every format must escape in a way of its own. Its order
// is that of oneSuite, so that the two make a matrix.
var roughSuite = Suite{
	Kernel:  "a <b> & \"c\" #1\nd",
	Release: "5.10\x00",
	Results: []Result{
		{Name: "fin-is-rdhup", Script: "-c shw -s pol", Status: Wrong},
		{Name: "shutw-keeps-out", Script: "-c shw,pol", Status: Skipped},
		{Name: "ipv6-only", Script: "-c pol", Status: Differs},
		{
			Name: "x#1 <i>\ny &amp; ]]>", Essence: "Less < \"more\" & 'so' \x07", Script: "-c snd:\"<&>\x01\"", Status: Wrong,
			Reason: "odd # \"<reason>\"\r\nnot ok 9 - forged", Golden: "golden <5.18 & \x1b",
			Diff: "-a < b & c ]]> \x00\x1b[31m\n+\xff\ufffe\n\nnot ok 7 - forged\n@@ </pre><script>alert(1)</script>",
		},
	},
}

// brokenSuite has a file that could not be read, one that has no golden, and one whose
// comment says why a kernel differs.
var brokenSuite = Suite{
	Kernel:  "6.18",
	Release: "6.18.1",
	Results: []Result{
		{Name: `"a\x1b.probe"`, Status: Broken, Reason: "no script"},
		{
			Name: "new.probe", Script: "-c pol", Status: Wrong, Reason: "it has no golden",
			Golden: "golden", Answers: "cmd #1 stp #0: con(c): ret=0\n",
		},
		{
			Name: "other.probe", Essence: "Others.", Script: "-c pol", Status: Differs, Golden: "golden linux", Diff: "-ret=0\n+ret=1\n",
			Why: "it says \x1b1.", WhySee: []string{"https://example.org/why"}, See: []string{"https://example.org/"},
		},
	},
}

var emptySuite = Suite{Kernel: "uml"}

// brokenWriter fails.
type brokenWriter struct{ writes int }

var errBroken = errors.New("broken")

func (w *brokenWriter) Write([]byte) (int, error) {
	w.writes++
	return 0, errBroken
}

// TestSuitesWriteOnce holds that a format writes once, and says when it could
// not.
func TestSuitesWriteOnce(t *testing.T) {
	suites := []Suite{oneSuite, failedSuite, roughSuite}
	for name, write := range suiteFormats {
		w := &brokenWriter{}
		if err := write(w, suites); !errors.Is(err, errBroken) {
			t.Errorf("%s: error %v, want %v", name, err, errBroken)
		}
		if w.writes != 1 {
			t.Errorf("%s: %d writes, want 1", name, w.writes)
		}
	}
}
