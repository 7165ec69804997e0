package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var suiteJSONTests = []struct {
	name string
	in   []Suite
	want string
}{
	{
		name: "no kernel",
	},
	{
		name: "every status",
		in:   []Suite{oneSuite, emptySuite},
		want: `{"kernel":"gvisor","release":"4.4.0","name":"fin-is-rdhup","status":"same","golden":"golden","script":"-c shw -s pol","seconds":0.012}
{"kernel":"gvisor","release":"4.4.0","name":"shutw-keeps-out","status":"differs","golden":"golden gvisor","script":"-c shw,pol","diff":"--- x (golden)\n+++ x (this kernel)\n@@ -1,1 +1,1 @@\n-ret=1 ev=0x4 (OUT)\n+ret=0 ev=0\n","seconds":0.0015}
{"kernel":"gvisor","release":"4.4.0","name":"ipv6-only","status":"skipped","reason":"no IPv6","script":"-c pol"}
{"kernel":"gvisor","release":"4.4.0","name":"law-6","status":"wrong","reason":"not its golden","golden":"golden gvisor","script":"-c snd,pol","diff":"@@ -1,2 +1,2 @@\n-cmd #1 stp #1: snd(c): ret=1\n+cmd #1 stp #1: snd(c): ret=-1 (EPIPE)\n cmd #1 stp #2: pol(c): ret=0 ev=0","seconds":2}
`,
	},
	{
		name: "a broken file, one without a golden and reasons",
		in:   []Suite{brokenSuite},
		want: `{"kernel":"6.18","release":"6.18.1","name":"\"a\\x1b.probe\"","status":"broken","reason":"no script"}
{"kernel":"6.18","release":"6.18.1","name":"new.probe","status":"wrong","reason":"it has no golden","golden":"golden","script":"-c pol","answers":"cmd #1 stp #0: con(c): ret=0\n"}
{"kernel":"6.18","release":"6.18.1","name":"other.probe","status":"differs","golden":"golden linux","script":"-c pol","diff":"-ret=0\n+ret=1\n","why":"it says \u001b1.","see":["https://example.org/why","https://example.org/"]}
`,
	},
	{
		name: "a failed kernel and characters",
		in:   []Suite{failedSuite, {Kernel: roughSuite.Kernel, Results: roughSuite.Results[3:]}},
		want: `{"kernel":"7.3.0-rc1","failure":"no end mark after 60 s; the console's last lines:\r\n\u001b[1m[    0.1] Kernel panic #1\u001b[0m\r\n\r\nnot syncing <swapper> & ]]>\n"}
{"kernel":"a <b> & \"c\" #1\nd","name":"x#1 <i>\ny &amp; ]]>","status":"wrong","reason":"odd # \"<reason>\"\r\nnot ok 9 - forged","golden":"golden <5.18 & \u001b","script":"-c snd:\"<&>\u0001\"","diff":"-a < b & c ]]> \u0000\u001b[31m\n+\ufffd` + "\ufffe" + `\n\nnot ok 7 - forged\n@@ </pre><script>alert(1)</script>"}
`,
	},
}

func TestSuitesJSON(t *testing.T) {
	for _, tt := range suiteJSONTests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, written(t, "JSON", tt.in...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSuitesJSONFollowsItsSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../docs/results.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(line string) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return schema.Validate(v)
	}
	for line := range strings.Lines(written(t, "JSON", oneSuite, failedSuite, roughSuite, brokenSuite, hostSuite)) {
		if err := valid(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, wrong := range []string{
		`{}`,
		`{"kernel":"uml"}`,
		`{"kernel":"uml","name":"x"}`,
		`{"kernel":"uml","status":"same"}`,
		`{"name":"x","status":"same"}`,
		`{"kernel":"uml","name":"x","status":"passed"}`,
		`{"kernel":"uml","name":"x","status":"same","more":1}`,
		`{"kernel":"uml","name":"x","status":"same","seconds":-1}`,
		`{"kernel":"uml","name":"x","status":"same","failure":"no"}`,
		`{"kernel":"uml","failure":""}`,
		`{"kernel":"uml","release":"6.1","failure":"no"}`,
		`{"kernel":"uml","name":"x","status":"broken"}`,
		`{"kernel":"uml","name":"x","status":"broken","reason":"no script","diff":"-a"}`,
		`{"kernel":"uml","name":"x","status":"differs","see":[]}`,
	} {
		if valid(wrong) == nil {
			t.Errorf("the schema allows %s", wrong)
		}
	}
}

// TestResultsSchemaDescribesEveryField holds the schema and the fields together
// from the other side: none is described that is never written.
func TestResultsSchemaDescribesEveryField(t *testing.T) {
	holdFields(t, "../docs/results.schema.json", written(t, "JSON", oneSuite, failedSuite, brokenSuite, hostSuite))
}
