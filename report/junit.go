package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// JUnit writes suites as the XML that CI servers read. It has no standard; this
// is what Jenkins, GitLab and GitHub's actions have in common. A kernel is a
// testsuite, a scenario a testcase, a file that could not be read has an error, and
// a kernel that could not be run has one testcase, with an error.
func JUnit(w io.Writer, suites []Suite) error {
	all := junitSuites{Name: "sockprobe"}
	var total time.Duration
	for _, s := range suites {
		js := newJUnitSuite(s)
		all.Suites = append(all.Suites, js)
		all.Tests += js.Tests
		all.Failures += js.Failures
		all.Errors += js.Errors
		all.Skipped += js.Skipped
		total += s.Duration
	}
	all.Time = junitTime(total)

	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(w)
	return err
}

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCounts
	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
}

type junitCounts struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"` // s
}

type junitProperties struct {
	Property []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Time    string     `xml:"time,attr"`
	Failure *junitWhy  `xml:"failure"`
	Error   *junitWhy  `xml:"error"`
	Skipped *junitWhy  `xml:"skipped"`
	Output  *junitText `xml:"system-out,omitempty"`
}

// junitWhy is an element that says why a case has not simply passed.
type junitWhy struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	junitText
}

// junitText is in a CDATA section, which can be read in the file itself: outside
// of one, encoding/xml writes a newline as "&#xA;".
type junitText struct {
	Text string `xml:",cdata"`
}

func newJUnitSuite(s Suite) junitSuite {
	c := Count(Suite{Results: s.Results})
	js := junitSuite{
		Name: oneLine(s.Kernel),
		junitCounts: junitCounts{
			Tests:    len(s.Results),
			Failures: c.Failed,
			Errors:   c.Broken,
			Skipped:  c.Skipped,
			Time:     junitTime(s.Duration),
		},
	}
	if s.Release != "" {
		js.Properties = &junitProperties{[]junitProperty{{Name: "release", Value: oneLine(s.Release)}}}
	}
	class := "sockprobe." + js.Name
	if s.Failure != "" {
		js.Tests++
		js.Errors++
		js.Cases = append(js.Cases, junitCase{
			Class: class,
			Name:  "kernel",
			Time:  js.Time,
			Error: &junitWhy{Message: firstLine(s.Failure), Type: "kernel", junitText: junitText{Printable(s.Failure)}},
		})
	}
	for _, r := range s.Results {
		js.Cases = append(js.Cases, newJUnitCase(class, r))
	}
	return js
}

func newJUnitCase(class string, r Result) junitCase {
	jc := junitCase{Class: class, Name: oneLine(r.Name), Time: junitTime(r.Duration)}
	switch r.Status {
	case Same:
	case Differs:
		jc.Output = &junitText{Printable(differsSentence(r) + "\n" + r.Diff)}
	case Broken:
		jc.Error = &junitWhy{Message: oneLine(r.Reason), Type: "file"}
	case Skipped:
		jc.Skipped = &junitWhy{Message: oneLine(r.Reason)}
	case Wrong:
		message := oneLine(r.Reason)
		if message == "" {
			message = "the answers are not the golden's"
		}
		// Servers show the text and little else, so the script is in it.
		text := strings.TrimRight(r.Script, "\n") + "\n" + r.Diff + r.Answers
		for _, line := range hostLines(r) {
			text = wholeLines(text) + line
		}
		jc.Failure = &junitWhy{Message: message, Type: Wrong.String(), junitText: junitText{Printable(text)}}
	}
	return jc
}

func junitTime(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
