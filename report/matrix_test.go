package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// linuxSuite is a suite of a Linux that answers the samples' scenarios with these statuses.
func linuxSuite(kernel string, statuses ...Status) Suite {
	s := Suite{Kernel: kernel, Release: kernel + ".1", Duration: 6 * time.Second}
	for i, status := range statuses {
		r := oneSuite.Results[i%len(oneSuite.Results)]
		r.Status, r.Diff, r.Reason, r.Golden = status, "", "", "golden"
		if status == Differs {
			r.Golden, r.Diff = "golden linux<6", "@@ -1,1 +1,1 @@\n-ret=1 ev=0x4 (OUT)\n+ret=1 ev=0"
			r.Why, r.See = "it is silent.", []string{"https://example.org/1"}
		}
		s.Results = append(s.Results, r)
	}
	return s
}

// otherReason gives a suite's first result another reason.
func otherReason(s Suite) Suite {
	s.Results[0].Why = "it has no sound."
	return s
}

var matrixTests = []struct {
	name string
	in   []Suite
	all  bool
	want string
}{
	{
		name: "no kernel",
		want: "0 kernels in 22.4 s: 0 passed, 0 failed\n",
	},
	{
		name: "nothing differs",
		in:   []Suite{linuxSuite("6.1", Same, Same), linuxSuite("6.12", Same, Same)},
		want: `all 2 scenarios: same on all kernels (--all shows the table)
  6.1   2 same; 6.0 s; start and end took 6.0 s (6.1.1)
  6.12  2 same; 6.0 s; start and end took 6.0 s (6.12.1)
2 kernels in 22.4 s: 4 passed, 0 failed
`,
	},
	{
		name: "a failed kernel",
		in:   []Suite{failedSuite},
		want: `FAIL 7.3.0-rc1 did not run
  no end mark after 60 s; the console's last lines:
  ␛[1m[    0.1] Kernel panic #1␛[0m
  
  not syncing <swapper> & ]]>

1 kernel in 22.4 s: 0 passed, 1 failed
`,
	},
	{
		name: "every status",
		in: []Suite{
			linuxSuite("5.10", Differs, Differs, Same, Same), linuxSuite("5.15", Differs, Same, Same, Same),
			linuxSuite("5.19", Differs, Differs, Same, Same), linuxSuite("6.1", Same, Same, Same, Same), oneSuite,
		},
		want: `wrong on gvisor: not its golden
  law-6: ERR brings all.
    held against "golden gvisor"
    -c snd,pol
    -cmd #1 stp #1: snd(c): ret=1
    +cmd #1 stp #1: snd(c): ret=-1 (EPIPE)

differs on 5.10, 5.15, 5.19: it is silent.
  fin-is-rdhup: A FIN is RDHUP.
    see: https://example.org/1
    -c shw -s pol
    -ret=1 ev=0x4 (OUT)
    +ret=1 ev=0

differs on 5.10, 5.19: it is silent.
  shutw-keeps-out: OUT stays.
    see: https://example.org/1
    -c shw,pol
    -ret=1 ev=0x4 (OUT)
    +ret=1 ev=0

differs on gvisor
  shutw-keeps-out: OUT stays.
    -c shw,pol
    -ret=1 ev=0x4 (OUT)
    +ret=0 ev=0

skipped on gvisor: no IPv6
  ipv6-only

0 of 4 scenarios: same on all kernels (--all shows the table)
  5.10    2 same, 2 differ; 6.0 s; start and end took 4.0 s (5.10.1)
  5.15    3 same, 1 differs; 6.0 s; start and end took 4.0 s (5.15.1)
  5.19    2 same, 2 differ; 6.0 s; start and end took 4.0 s (5.19.1)
  6.1     4 same; 6.0 s; start and end took 4.0 s (6.1.1)
  gvisor  1 same, 1 differs, 1 skipped, 1 wrong; 1.2 s; start and end took 0.0 s (4.4.0)
5 kernels in 22.4 s: 18 passed, 1 failed, 1 skipped
`,
	},
	{
		name: "one reason for several scenarios, and the table",
		in:   []Suite{linuxSuite("5.10", Differs, Same, Differs), linuxSuite("6.1", Same, Same, Same), linuxSuite("6.12", Same, Same, Same)},
		all:  true,
		want: `differs on 5.10: it is silent.
  fin-is-rdhup: A FIN is RDHUP.
    see: https://example.org/1
    -c shw -s pol
    -ret=1 ev=0x4 (OUT)
    +ret=1 ev=0
  ipv6-only: No IPv4.
    see: https://example.org/1
    -c pol
    -ret=1 ev=0x4 (OUT)
    +ret=1 ev=0

scenario         5.10     6.1      6.12
fin-is-rdhup     differs  same since 6.1
shutw-keeps-out  same since 5.10
ipv6-only        differs  same since 6.1

  5.10  1 same, 2 differ; 6.0 s; start and end took 6.0 s (5.10.1)
  6.1   3 same; 6.0 s; start and end took 6.0 s (6.1.1)
  6.12  3 same; 6.0 s; start and end took 6.0 s (6.12.1)
3 kernels in 22.4 s: 9 passed, 0 failed
`,
	},
	{
		name: "reasons of their own, and many that are skipped",
		in:   []Suite{linuxSuite("5.10", Differs, Skipped, Skipped, Skipped, Skipped), otherReason(linuxSuite("uml", Differs, Skipped, Skipped, Skipped, Skipped))},
		want: `differs on 5.10: it is silent.
  fin-is-rdhup: A FIN is RDHUP.
    see: https://example.org/1
    -c shw -s pol
    -ret=1 ev=0x4 (OUT)
    +ret=1 ev=0

differs on uml: it has no sound.
  fin-is-rdhup: A FIN is RDHUP.
    see: https://example.org/1
    -c shw -s pol
    -ret=1 ev=0x4 (OUT)
    +ret=1 ev=0

skipped on 5.10, uml
  shutw-keeps-out, ipv6-only, law-6, and 1 more (--all names them)

0 of 5 scenarios: same on all kernels (--all shows the table)
  5.10  1 differs, 4 skipped; 6.0 s; start and end took 4.0 s (5.10.1)
  uml   1 differs, 4 skipped; 6.0 s; start and end took 4.0 s (uml.1)
2 kernels in 22.4 s: 2 passed, 0 failed, 8 skipped
`,
	},
	{
		name: "a broken file, one without a golden, reasons and escapes",
		in:   []Suite{brokenSuite, {Kernel: "exec:\x1b[31m", Release: "6\x1b", Results: brokenSuite.Results}},
		all:  true,
		want: `broken on 6.18, exec:␛[31m: no script
  "a\x1b.probe"

wrong on 6.18, exec:␛[31m: it has no golden
  new.probe
    -c pol
    cmd #1 stp #0: con(c): ret=0

differs on 6.18, exec:␛[31m: it says ␛1.
  see: https://example.org/why
  other.probe: Others.
    see: https://example.org/
    -c pol
    -ret=0
    +ret=1

scenario       6.18     exec:␛[31m
"a\x1b.probe"  broken since 6.18
new.probe      wrong since 6.18
other.probe    differs since 6.18

  6.18        1 differs, 1 wrong, 1 broken; 0.0 s; start and end took 0.0 s (6.18.1)
  exec:␛[31m  1 differs, 1 wrong, 1 broken; 0.0 s; start and end took 0.0 s (6␛)
2 kernels in 22.4 s: 2 passed, 2 failed, 2 broken
`,
	},
}

// colours are what a palette writes around text.
var colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func TestMatrixText(t *testing.T) {
	for _, tt := range matrixTests {
		t.Run(tt.name, func(t *testing.T) {
			var plain, coloured strings.Builder
			m := Matrix{Suites: tt.in, Took: 22400 * time.Millisecond}
			MatrixText(&plain, m, tt.all, false)
			if diff := cmp.Diff(tt.want, plain.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			MatrixText(&coloured, m, tt.all, true)
			if diff := cmp.Diff(tt.want, colours.ReplaceAllString(coloured.String(), "")); diff != "" {
				t.Errorf("with colours (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMatrixIsShort holds that a matrix in which nothing differs is ten lines, on as many kernels
// as "make matrix" has.
func TestMatrixIsShort(t *testing.T) {
	var suites []Suite
	for i := range 8 {
		suites = append(suites, linuxSuite(fmt.Sprintf("6.%d", i), Same, Same, Same, Same))
	}
	var b strings.Builder
	MatrixText(&b, Matrix{Suites: suites}, false, false)
	if n := strings.Count(b.String(), "\n"); n > 10 {
		t.Errorf("%d lines:\n%s", n, &b)
	}
}

func TestVerifyText(t *testing.T) {
	var b strings.Builder
	rough := roughSuite
	rough.Results = append(rough.Results[1:], brokenSuite.Results...)
	VerifyText(&b, rough, true, false)
	want := `skip shutw-keeps-out: 
ok   ipv6-only ()
FAIL x#1 <i> y &amp; ]]>: -c snd:"<&>␁"
-a < b & c ]]> ␀␛[31m
` + "+\ufffd\ufffd\n" + `
not ok 7 - forged
@@ </pre><script>alert(1)</script>
FAIL "a\x1b.probe": no script
FAIL new.probe: it has no golden
-- golden --
cmd #1 stp #0: con(c): ret=0
ok   other.probe (golden linux)
2 passed, 2 failed, 1 skipped, 1 broken
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
