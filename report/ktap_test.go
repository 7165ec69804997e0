package report

import (
	"bufio"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var ktapTests = []struct {
	name string
	in   []Suite
	want string
}{
	{
		name: "no kernel",
		want: "KTAP version 1\n1..0\n",
	},
	{
		name: "every status",
		in:   []Suite{oneSuite},
		want: `KTAP version 1
1..1
  KTAP version 1
  1..4
  ok 1 - fin-is-rdhup
  # differs from the default golden, as its own golden says: "golden gvisor"
  ok 2 - shutw-keeps-out
  ok 3 - ipv6-only # SKIP no IPv6
  # script: -c snd,pol
  # reason: not its golden
  # @@ -1,2 +1,2 @@
  # -cmd #1 stp #1: snd(c): ret=1
  # +cmd #1 stp #1: snd(c): ret=-1 (EPIPE)
  #  cmd #1 stp #2: pol(c): ret=0 ev=0
  not ok 4 - law-6
not ok 1 - gvisor
`,
	},
	{
		name: "kernels",
		in: []Suite{
			{Kernel: "host", Results: oneSuite.Results[:3]},
			failedSuite,
			{Kernel: "5.10", Results: oneSuite.Results[2:3]},
			emptySuite,
		},
		want: `KTAP version 1
1..4
  KTAP version 1
  1..3
  ok 1 - fin-is-rdhup
  # differs from the default golden, as its own golden says: "golden gvisor"
  ok 2 - shutw-keeps-out
  ok 3 - ipv6-only # SKIP no IPv6
ok 1 - host
# no end mark after 60 s; the console's last lines:
# ␛[1m[    0.1] Kernel panic #1␛[0m
#
# not syncing <swapper> & ]]>
not ok 2 - 7.3.0-rc1
  KTAP version 1
  1..1
  ok 1 - ipv6-only # SKIP no IPv6
ok 3 - 5.10 # SKIP no scenario ran
  KTAP version 1
  1..0
ok 4 - uml # SKIP no scenario ran
`,
	},
	{
		name: "a broken file, one without a golden and reasons",
		in:   []Suite{brokenSuite, {Kernel: "6.19", Results: brokenSuite.Results[:1]}},
		want: `KTAP version 1
1..2
  KTAP version 1
  1..3
  # error: no script
  not ok 1 - "a\x1b.probe"
  # script: -c pol
  # reason: it has no golden
  # cmd #1 stp #0: con(c): ret=0
  not ok 2 - new.probe
  # differs from the default golden, as its own golden says: "golden linux": it says ␛1.
  ok 3 - other.probe
not ok 1 - 6.18
  KTAP version 1
  1..1
  # error: no script
  not ok 1 - "a\x1b.probe"
not ok 2 - 6.19
`,
	},
	{
		name: "characters",
		in:   []Suite{roughSuite},
		want: `KTAP version 1
1..1
  KTAP version 1
  1..4
  # script: -c shw -s pol
  not ok 1 - fin-is-rdhup
  ok 2 - shutw-keeps-out # SKIP no reason given
  # differs from the default golden, as its own golden says
  ok 3 - ipv6-only
  # script: -c snd:"<&>␁"
  # reason: odd # "<reason>"
  # not ok 9 - forged
` + "  # -a < b & c ]]> ␀␛[31m\n  # +\ufffd\ufffd\n" + `  #
  # not ok 7 - forged
  # @@ </pre><script>alert(1)</script>
  not ok 4 - x_1 <i> y &amp; ]]>
not ok 1 - a <b> & "c" _1 d
`,
	},
}

func TestKTAP(t *testing.T) {
	for _, tt := range ktapTests {
		t.Run(tt.name, func(t *testing.T) {
			got := written(t, "KTAP", tt.in...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			p := ktapParser{sc: bufio.NewScanner(strings.NewReader(got))}
			p.next()
			if _, err := p.block(""); err != nil {
				t.Error(err)
			} else if p.more {
				t.Errorf("after the last result: %q", p.line)
			}
		})
	}
}

var ktapResult = regexp.MustCompile(`^(ok|not ok) (\d+) - ([^#]*[^# ])(?: # SKIP .+)?$`)

// A ktapParser holds output against ktap.rst: versions, plans, numbers, and
// that a test fails if one of its subtests does.
type ktapParser struct {
	sc   *bufio.Scanner
	line string
	more bool
}

func (p *ktapParser) next() {
	p.more = p.sc.Scan()
	p.line = p.sc.Text()
}

// block reads a version line, a plan and as many tests as it announces.
func (p *ktapParser) block(indent string) (passed bool, err error) {
	if p.line != indent+"KTAP version 1" {
		return false, fmt.Errorf("%q, want a version line", p.line)
	}
	p.next()
	plan, ok := strings.CutPrefix(p.line, indent+"1..")
	tests, err := strconv.Atoi(plan)
	if !ok || err != nil {
		return false, fmt.Errorf("%q, want a plan", p.line)
	}
	p.next()
	passed = true
	for n := 1; n <= tests; n++ {
		ok, err := p.test(indent, n)
		if err != nil {
			return false, err
		}
		passed = passed && ok
	}
	return passed, nil
}

func (p *ktapParser) test(indent string, n int) (passed bool, err error) {
	passed = true
	if strings.HasPrefix(p.line, indent+"  ") {
		if passed, err = p.block(indent + "  "); err != nil {
			return false, err
		}
	}
	for p.more && strings.HasPrefix(p.line, indent+"#") {
		p.next()
	}
	line := p.line
	p.next()
	m := ktapResult.FindStringSubmatch(strings.TrimPrefix(line, indent))
	if m == nil || m[2] != strconv.Itoa(n) {
		return false, fmt.Errorf("%q, want the result of test %d", line, n)
	}
	if m[1] == "ok" && !passed {
		return false, fmt.Errorf("%q, although a subtest failed", line)
	}
	return m[1] == "ok", nil
}
