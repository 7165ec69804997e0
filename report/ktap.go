package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// KTAP writes suites as KTAP version 1, which is described in the kernel's
// Documentation/dev-tools/ktap.rst: a test for each kernel, and nested in it a
// subtest for each scenario. The diagnostics of a test stand before its result.
func KTAP(w io.Writer, suites []Suite) error {
	var outer ktapBlock
	outer.begin(len(suites))
	for i, s := range suites {
		skip := ""
		if s.Failure != "" {
			outer.diagnose(s.Failure)
		} else {
			inner := ktapBlock{indent: "  "}
			inner.begin(len(s.Results))
			for j, r := range s.Results {
				inner.scenario(j+1, r)
			}
			outer.Write(inner.Bytes())
		}
		// "It often makes sense for a test to be marked skipped if all of its
		// subtests have been skipped", says ktap.rst.
		c := Count(s)
		if c.Passed+c.Failed+c.Broken == 0 {
			skip = "no scenario ran"
		}
		outer.result(c.Failed+c.Broken == 0, i+1, s.Kernel, skip)
	}
	_, err := outer.WriteTo(w)
	return err
}

// A ktapBlock is what stands between a version line and the result of the test
// around it.
type ktapBlock struct {
	bytes.Buffer
	indent string
}

func (b *ktapBlock) begin(tests int) {
	b.line("KTAP version 1")
	b.line(fmt.Sprintf("1..%d", tests))
}

func (b *ktapBlock) scenario(n int, r Result) {
	skip := ""
	switch r.Status {
	case Same:
	case Differs:
		b.diagnose(differsSentence(r))
	case Skipped:
		skip = r.Reason
		if skip == "" {
			skip = "no reason given"
		}
	case Wrong:
		b.diagnose("script: " + r.Script)
		if r.Reason != "" {
			b.diagnose("reason: " + r.Reason)
		}
		b.diagnose(r.Diff + r.Answers)
		b.diagnose(strings.Join(hostLines(r), "\n"))
	case Broken:
		b.diagnose("error: " + r.Reason)
	}
	b.result(r.Status < Wrong, n, r.Name, skip)
}

// result ends a test. The hyphen is not in ktap.rst's grammar, where it would be
// the description's first word; TAP has it in its examples, and the kernel's
// tools/testing/kunit/kunit_parser.py takes it for a separator.
func (b *ktapBlock) result(ok bool, n int, name, skip string) {
	// A description "can't include #": the directive begins there.
	line := fmt.Sprintf("ok %d - %s", n, strings.ReplaceAll(oneLine(name), "#", "_"))
	if !ok {
		line = "not " + line
	}
	if skip != "" {
		line += " # SKIP " + oneLine(skip)
	}
	b.line(line)
}

func (b *ktapBlock) diagnose(text string) {
	for line := range strings.Lines(Printable(text)) {
		b.line(strings.TrimRight("# "+line, " \n"))
	}
}

func (b *ktapBlock) line(line string) { b.WriteString(b.indent + line + "\n") }

// differsSentence says what Differs means for a result, and why it does.
func differsSentence(r Result) string {
	sentence := "differs from the default golden, as its own golden says"
	if r.Golden != "" {
		sentence += fmt.Sprintf(": %q", oneLine(r.Golden))
	}
	if r.Why != "" {
		sentence += ": " + oneLine(r.Why)
	}
	return sentence
}
