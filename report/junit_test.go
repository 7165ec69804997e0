package report

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var junitTests = []struct {
	name string
	in   []Suite
	want string
}{
	{
		name: "no kernel",
		want: `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sockprobe" tests="0" failures="0" errors="0" skipped="0" time="0.000"></testsuites>
`,
	},
	{
		name: "every status and a failed kernel",
		in:   []Suite{oneSuite, failedSuite},
		want: `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sockprobe" tests="5" failures="1" errors="1" skipped="1" time="61.234">
  <testsuite name="gvisor" tests="4" failures="1" errors="0" skipped="1" time="1.234">
    <properties>
      <property name="release" value="4.4.0"></property>
    </properties>
    <testcase classname="sockprobe.gvisor" name="fin-is-rdhup" time="0.012"></testcase>
    <testcase classname="sockprobe.gvisor" name="shutw-keeps-out" time="0.002">
      <system-out><![CDATA[differs from the default golden, as its own golden says: "golden gvisor"
--- x (golden)
+++ x (this kernel)
@@ -1,1 +1,1 @@
-ret=1 ev=0x4 (OUT)
+ret=0 ev=0
]]></system-out>
    </testcase>
    <testcase classname="sockprobe.gvisor" name="ipv6-only" time="0.000">
      <skipped message="no IPv6"></skipped>
    </testcase>
    <testcase classname="sockprobe.gvisor" name="law-6" time="2.000">
      <failure message="not its golden" type="wrong"><![CDATA[-c snd,pol
@@ -1,2 +1,2 @@
-cmd #1 stp #1: snd(c): ret=1
+cmd #1 stp #1: snd(c): ret=-1 (EPIPE)
 cmd #1 stp #2: pol(c): ret=0 ev=0]]></failure>
    </testcase>
  </testsuite>
  <testsuite name="7.3.0-rc1" tests="1" failures="0" errors="1" skipped="0" time="60.000">
    <testcase classname="sockprobe.7.3.0-rc1" name="kernel" time="60.000">
      <error message="no end mark after 60 s; the console&#39;s last lines:" type="kernel"><![CDATA[no end mark after 60 s; the console's last lines:
␛[1m[    0.1] Kernel panic #1␛[0m

not syncing <swapper> & ]]]]><![CDATA[>
]]></error>
    </testcase>
  </testsuite>
</testsuites>
`,
	},
	{
		name: "a broken file, one without a golden and reasons",
		in:   []Suite{brokenSuite},
		want: `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sockprobe" tests="3" failures="1" errors="1" skipped="0" time="0.000">
  <testsuite name="6.18" tests="3" failures="1" errors="1" skipped="0" time="0.000">
    <properties>
      <property name="release" value="6.18.1"></property>
    </properties>
    <testcase classname="sockprobe.6.18" name="&#34;a\x1b.probe&#34;" time="0.000">
      <error message="no script" type="file"></error>
    </testcase>
    <testcase classname="sockprobe.6.18" name="new.probe" time="0.000">
      <failure message="it has no golden" type="wrong"><![CDATA[-c pol
cmd #1 stp #0: con(c): ret=0
]]></failure>
    </testcase>
    <testcase classname="sockprobe.6.18" name="other.probe" time="0.000">
      <system-out><![CDATA[differs from the default golden, as its own golden says: "golden linux": it says ␛1.
-ret=0
+ret=1
]]></system-out>
    </testcase>
  </testsuite>
</testsuites>
`,
	},
	{
		name: "characters",
		in:   []Suite{roughSuite},
		want: `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sockprobe" tests="4" failures="2" errors="0" skipped="1" time="0.000">
  <testsuite name="a &lt;b&gt; &amp; &#34;c&#34; #1 d" tests="4" failures="2" errors="0" skipped="1" time="0.000">
    <properties>
      <property name="release" value="5.10␀"></property>
    </properties>
    <testcase classname="sockprobe.a &lt;b&gt; &amp; &#34;c&#34; #1 d" name="fin-is-rdhup" time="0.000">
      <failure message="the answers are not the golden&#39;s" type="wrong"><![CDATA[-c shw -s pol
]]></failure>
    </testcase>
    <testcase classname="sockprobe.a &lt;b&gt; &amp; &#34;c&#34; #1 d" name="shutw-keeps-out" time="0.000">
      <skipped></skipped>
    </testcase>
    <testcase classname="sockprobe.a &lt;b&gt; &amp; &#34;c&#34; #1 d" name="ipv6-only" time="0.000">
      <system-out><![CDATA[differs from the default golden, as its own golden says
]]></system-out>
    </testcase>
    <testcase classname="sockprobe.a &lt;b&gt; &amp; &#34;c&#34; #1 d" name="x#1 &lt;i&gt; y &amp;amp; ]]&gt;" time="0.000">
      <failure message="odd # &#34;&lt;reason&gt;&#34; not ok 9 - forged" type="wrong"><![CDATA[-c snd:"<&>␁"
-a < b & c ]]]]><![CDATA[> ␀␛[31m
` + "+\ufffd\ufffd\n" + `
not ok 7 - forged
@@ </pre><script>alert(1)</script>]]></failure>
    </testcase>
  </testsuite>
</testsuites>
`,
	},
}

func TestJUnit(t *testing.T) {
	for _, tt := range junitTests {
		t.Run(tt.name, func(t *testing.T) {
			got := written(t, "JUnit", tt.in...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			parseJUnit(t, got)
		})
	}
}

// parseJUnit reads a file back as a CI server would, and holds its counts
// against the cases in it.
func parseJUnit(t *testing.T, text string) junitSuites {
	t.Helper()
	var all junitSuites
	if err := xml.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	var total junitCounts
	for _, s := range all.Suites {
		var c junitCounts
		for _, tc := range s.Cases {
			c.Tests++
			if tc.Failure != nil {
				c.Failures++
			}
			if tc.Error != nil {
				c.Errors++
			}
			if tc.Skipped != nil {
				c.Skipped++
			}
		}
		total.Tests += c.Tests
		total.Failures += c.Failures
		total.Errors += c.Errors
		total.Skipped += c.Skipped
		c.Time = s.Time
		if diff := cmp.Diff(c, s.junitCounts, cmp.AllowUnexported(junitCounts{})); diff != "" {
			t.Errorf("%s: counts (-cases +attributes):\n%s", s.Name, diff)
		}
	}
	total.Time = all.Time
	if diff := cmp.Diff(total, all.junitCounts); diff != "" {
		t.Errorf("counts (-suites +attributes):\n%s", diff)
	}
	return all
}

// TestJUnitReadsBack holds that what was escaped comes back as it was.
func TestJUnitReadsBack(t *testing.T) {
	all := parseJUnit(t, written(t, "JUnit", oneSuite, failedSuite, roughSuite))
	rough := all.Suites[2].Cases[3]
	if want := "x#1 <i> y &amp; ]]>"; rough.Name != want {
		t.Errorf("name %q, want %q", rough.Name, want)
	}
	if want := "@@ </pre><script>alert(1)</script>"; !strings.HasSuffix(rough.Failure.Text, want) {
		t.Errorf("failure %q does not end with %q", rough.Failure.Text, want)
	}
	if want := "not syncing <swapper> & ]]>\n"; !strings.HasSuffix(all.Suites[1].Cases[0].Error.Text, want) {
		t.Errorf("error %q does not end with %q", all.Suites[1].Cases[0].Error.Text, want)
	}
}
