package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pageTables reads the tables of a page, each as rows of the text of their
// cells, with the reader of encoding/xml set for HTML. The script is left out,
// which that reader would take for more of the page.
func pageTables(t *testing.T, page string) [][][]string {
	t.Helper()
	head, rest, _ := strings.Cut(page, "<script>")
	_, tail, ok := strings.Cut(rest, "</script>")
	if !ok {
		t.Fatal("the page has no script")
	}
	dec := xml.NewDecoder(strings.NewReader(head + tail))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity

	var tables [][][]string
	var cell *string
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return tables
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "table":
				tables = append(tables, nil)
			case "tr":
				last := &tables[len(tables)-1]
				*last = append(*last, nil)
			case "td", "th":
				rows := tables[len(tables)-1]
				row := &rows[len(rows)-1]
				*row = append(*row, "")
				cell = &(*row)[len(*row)-1]
			}
		case xml.EndElement:
			if name := token.Name.Local; name == "td" || name == "th" {
				*cell, cell = strings.TrimSpace(*cell), nil
			}
		case xml.CharData:
			if cell != nil {
				*cell += string(token)
			}
		}
	}
}

var htmlTests = []struct {
	name    string
	in      []Suite
	kernels [][]string
	news    [][]string
	rest    [][]string // nil if there is no such table
}{
	{
		name:    "no kernel",
		kernels: [][]string{{"kernel", "release", "same", "differs", "skipped", "wrong", "time"}},
	},
	{
		name: "every status and a failed kernel",
		in:   []Suite{failedSuite, oneSuite},
		kernels: [][]string{
			{"kernel", "release", "same", "differs", "skipped", "wrong", "time"},
			{
				"7.3.0-rc1", "unknown",
				"failed: no end mark after 60 s; the console's last lines:all of it" +
					"no end mark after 60 s; the console's last lines:\n␛[1m[    0.1] Kernel panic #1␛[0m\n\nnot syncing <swapper> & ]]>",
				"60.0 s",
			},
			{"gvisor", "4.4.0", "1", "1", "1", "1", "1.2 s"},
		},
		news: [][]string{
			{"scenario", "7.3.0-rc1failed no end mark after 60 s; the console's last lines:", "gvisor"},
			{
				"law-6 ERR brings all. -c snd,pol", "not run",
				"wrong" + `not its goldenheld against "golden gvisor"` +
					"@@ -1,2 +1,2 @@\n-cmd #1 stp #1: snd(c): ret=1\n+cmd #1 stp #1: snd(c): ret=-1 (EPIPE)\n cmd #1 stp #2: pol(c): ret=0 ev=0",
			},
			{
				"shutw-keeps-out OUT stays. -c shw,pol", "not run",
				"differs" + `differs from the default golden, as its own golden says: "golden gvisor"` +
					"--- x (golden)\n+++ x (this kernel)\n@@ -1,1 +1,1 @@\n-ret=1 ev=0x4 (OUT)\n+ret=0 ev=0",
			},
			{"ipv6-only No IPv4. -c pol", "not run", "skippedno IPv6"},
		},
		rest: [][]string{
			{"scenario", "7.3.0-rc1failed no end mark after 60 s; the console's last lines:", "gvisor"},
			{"fin-is-rdhup A FIN is RDHUP. -c shw -s pol", "not run", "same"},
		},
	},
	{
		name: "a broken file, one without a golden and reasons",
		in:   []Suite{emptySuite, brokenSuite},
		kernels: [][]string{
			{"kernel", "release", "same", "differs", "skipped", "wrong", "broken", "time"},
			{"uml", "unknown", "0", "0", "0", "0", "0", "0.0 s"},
			{"6.18", "6.18.1", "0", "1", "0", "1", "1", "0.0 s"},
		},
		news: [][]string{
			{"scenario", "uml", "6.18"},
			{`"a\x1b.probe"`, "not run", "brokenno script"},
			{"new.probe -c pol", "not run", "wrong" + `it has no goldenheld against "golden"cmd #1 stp #0: con(c): ret=0`},
			{
				"other.probe Others. -c pol see: example.org/", "not run",
				`differsdiffers from the default golden, as its own golden says: "golden linux": it says ␛1.` +
					"see: example.org/why -ret=0\n+ret=1",
			},
		},
	},
	{
		name: "characters",
		in:   []Suite{roughSuite},
		kernels: [][]string{
			{"kernel", "release", "same", "differs", "skipped", "wrong", "time"},
			{`a <b> & "c" #1 d`, "5.10␀", "0", "1", "1", "2", "0.0 s"},
		},
		news: [][]string{
			{"scenario", `a <b> & "c" #1 d`},
			{"fin-is-rdhup -c shw -s pol", "wrong"},
			{
				"x#1 <i>\ny &amp; ]]> Less < \"more\" & 'so' ␇ -c snd:\"<&>␁\"",
				"wrong" + `odd # "<reason>" not ok 9 - forgedheld against "golden <5.18 & ␛"` +
					"-a < b & c ]]> ␀␛[31m\n+\ufffd\ufffd\n\nnot ok 7 - forged\n@@ </pre><script>alert(1)</script>",
			},
			{"shutw-keeps-out -c shw,pol", "skipped"},
			{"ipv6-only -c pol", "differsdiffers from the default golden, as its own golden says"},
		},
	},
}

var pageAnchor = regexp.MustCompile(`<a href="https://[^"]*" rel="noreferrer">`)

func TestHTML(t *testing.T) {
	for _, tt := range htmlTests {
		t.Run(tt.name, func(t *testing.T) {
			page := written(t, "HTML", tt.in...)
			want := [][][]string{tt.kernels}
			for _, table := range [][][]string{tt.news, tt.rest} {
				if table != nil {
					want = append(want, table)
				}
			}
			if diff := cmp.Diff(want, pageTables(t, page)); diff != "" {
				t.Errorf("kernels, news and rest (-want +got):\n%s", diff)
			}
			loaded := pageAnchor.ReplaceAllString(page, "") // what a person follows is not loaded
			for _, outside := range []string{"http://", "https://", "src=", "@import", "url(", "//cdn"} {
				if strings.Contains(loaded, outside) {
					t.Errorf("the page has %q in it, and should need nothing beside it", outside)
				}
			}
			if n := strings.Count(page, "<script"); n != 1 {
				t.Errorf("%d scripts, want 1", n)
			}
		})
	}
}

// TestHTMLFilters holds what the filter goes by: the statuses of a row, and how
// many rows have each.
func TestHTMLFilters(t *testing.T) {
	page := written(t, "HTML", oneSuite, roughSuite)
	for _, want := range []string{
		`<tr id="fin-is-rdhup" data-statuses="same wrong">`,
		`<tr id="shutw-keeps-out" data-statuses="differs skipped">`,
		`data-statuses="wrong">`,
		`<input type="checkbox" value="differs"> differs (2)`,
		`<input type="checkbox" value="skipped"> skipped (2)`,
		`<input type="checkbox" value="wrong"> wrong (2)`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// TestHTMLSaysWhatItIs holds the line below the page's heading, and the links.
func TestHTMLSaysWhatItIs(t *testing.T) {
	var b strings.Builder
	made := time.Date(2026, 12, 1, 11, 30, 0, 0, time.FixedZone("", 3600))
	odd := Suite{Kernel: "6.1", Results: []Result{{
		Name: "odd name", Script: "-c pol", Status: Differs,
		See: []string{"javascript:alert(1)", "https://example.org/?a=1&b=<2> (Readiness), https://example.org/2 (poll, x)", "Documentation/x"},
	}}}
	if err := HTML(&b, Matrix{Suites: []Suite{odd}, Made: made, Version: "sockprobe 1 <2>"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<p class="made">Made on 2026-12-01 10:30 UTC by sockprobe 1 &lt;2&gt;</p>`,
		`<tr id="odd-name" `, `<a class="name" href="#odd-name">odd name</a>`,
		`see: javascript:alert(1)</span>`, `see: Documentation/x</span>`,
		`<a href="https://example.org/2" rel="noreferrer">example.org/2 (poll, x)</a>`,
		`<a href="https://example.org/?a=1&amp;b=%3c2%3e" rel="noreferrer">example.org/?a=1&amp;b=&lt;2&gt; (Readiness)</a>`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if page := written(t, "HTML", Suite{Kernel: "6.1", Results: oneSuite.Results[:1]}); !strings.Contains(page, "There are none") {
		t.Error("the page does not say that there is no difference")
	}
}

// TestHTMLHoldsALargeMatrix makes the largest page that is expected.
func TestHTMLHoldsALargeMatrix(t *testing.T) {
	const scenarios, kernels = 100, 8
	var suites []Suite
	for k := range kernels {
		s := Suite{Kernel: fmt.Sprintf("6.%d", k), Duration: time.Second}
		for i := range scenarios {
			s.Results = append(s.Results, Result{
				Name: fmt.Sprintf("scenario-%d", i), Script: "-c pol", Status: Status((i + k) % 4),
				Reason: "reason", Diff: strings.Repeat("-cmd #1 stp #1: pol(c): ret=0 ev=0\n", 20),
			})
		}
		suites = append(suites, s)
	}
	matrix := pageTables(t, written(t, "HTML", suites...))[1]
	if len(matrix) != 1+scenarios {
		t.Fatalf("%d rows, want %d", len(matrix), 1+scenarios)
	}
	for _, row := range matrix {
		if len(row) != 1+kernels {
			t.Fatalf("%d cells in %q, want %d", len(row), row, 1+kernels)
		}
	}
}
