package report

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"sockprobe/ops"
	"sockprobe/scenario"
)

// drawings are files with a script, what it was answered as JSON, and what that is
// drawn as.
const drawings = "testdata/draw/*.txtar"

// TestDraw holds drawings against their files. UPDATE_SCRIPTS=1 writes them.
func TestDraw(t *testing.T) {
	for _, path := range drawingFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, script, tally := readDrawing(t, path)
			var b strings.Builder
			text := &archive.Files[1]
			if _, err := Draw(&b, script, tally, false, columnsFor(t, text.Name)); err != nil {
				t.Fatal(err)
			}
			if os.Getenv("UPDATE_SCRIPTS") != "" {
				text.Data = []byte(b.String())
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(text.Data), b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkDrawing(t, script, tally)
		})
	}
}

// columnsFor is how many columns a section is for: "text 60", or any number if it is just "text".
func columnsFor(t *testing.T, section string) int {
	t.Helper()
	if section == "text" {
		return 1 << 20
	}
	n, err := strconv.Atoi(strings.TrimPrefix(section, "text "))
	if err != nil {
		t.Fatalf("section %q: %v", section, err)
	}
	return n
}

func drawingFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(drawings)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, %v", drawings, len(paths), err)
	}
	return paths
}

func readDrawing(t *testing.T, path string) (*txtar.Archive, scenario.Script, *scenario.Tally) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil || len(archive.Files) != 2 {
		t.Fatalf("%s: %v, or not two sections", path, err)
	}
	script, err := scenario.Parse(strings.Fields(string(archive.Comment)), ops.Verbs())
	if err != nil {
		t.Fatal(err)
	}
	tally := &scenario.Tally{}
	for line := range strings.Lines(string(archive.Files[0].Data)) {
		c, runs, err := ParseJSON([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		tally.Runs = runs
		tally.AddCounted(c)
	}
	return archive, script, tally
}

// checkDrawing holds what is true of every drawing: each answer has its row, no text
// covers a lifeline, nothing is lost in a narrow one, and the SVG is a document that has all
// that the text has.
func checkDrawing(t *testing.T, script scenario.Script, tally *scenario.Tally) {
	t.Helper()
	d := newDrawing(script, tally)
	var want []string
	for _, answers := range tally.Steps {
		for _, a := range answers {
			want = append(want, strings.TrimSuffix(strings.NewReplacer("cmd ", "", " stp #", ".", ": ", " ").Replace(place(a.Observation)), " "))
		}
	}
	if diff := cmp.Diff(want, checkText(t, script, d)); diff != "" {
		t.Errorf("%s: labels (-want +got):\n%s", script, diff)
	}
	narrowest := d.fit(0)
	for columns, narrow := range map[int]drawing{80: d.fit(80), 0: narrowest} {
		if diff := cmp.Diff(want, checkText(t, script, narrow)); diff != "" {
			t.Errorf("%s: labels in %d columns (-want +got):\n%s", script, columns, diff)
		}
		if diff := cmp.Diff(wordsOf(d), wordsOf(narrow)); diff != "" {
			t.Errorf("%s: words in %d columns (-want +got):\n%s", script, columns, diff)
		}
		if narrow.width > max(columns, narrowest.width) {
			t.Errorf("%s: %d columns for %d", script, narrow.width, columns)
		}
	}
	texts := svgTexts(t, d.svg())
	for _, r := range d.rows {
		if len(r.call) > 0 && !slices.Contains(texts, joined(r.call)) || r.label != "" && !slices.Contains(texts, r.label) {
			t.Errorf("%s: the SVG lacks %s %q", script, r.label, joined(r.call))
		}
		if r.arrow != nil && !slices.Contains(texts, r.arrow.label.text) {
			t.Errorf("%s: the SVG lacks the arrow %q", script, r.arrow.label.text)
		}
	}
	for _, c := range d.columns {
		if !slices.Contains(texts, c.name) {
			t.Errorf("%s: the SVG lacks the %s", script, c.name)
		}
	}
}

// checkText holds the lines of a drawing and gives the labels in front of them.
func checkText(t *testing.T, script scenario.Script, d drawing) (labels []string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(d.text(palette{}), "\n"), "\n")
	for _, line := range lines[:d.headLines()+len(d.rows)] {
		if cells(line) > d.width {
			t.Errorf("%s: a line of more than %d cells: %q", script, d.width, line)
		}
	}
	for i, r := range d.rows {
		line := lines[i+d.headLines()]
		if r.label != "" {
			label, _, _ := strings.Cut(line, " ")
			labels = append(labels, label)
		}
		for _, c := range d.columns {
			if at := []rune(line)[c.x]; !strings.ContainsRune("│┊┬┴┃├┤└┘┌┐┠┨┼╂", at) {
				t.Errorf("%s: %q at the lifeline of the %s:\n%s", script, at, c.name, strings.Join(lines, "\n"))
			}
		}
		if length(r.call) > 0 && !strings.Contains(line, strings.TrimRight(joined(r.call), " ")) {
			t.Errorf("%s: the call %q is not whole:\n%s", script, joined(r.call), line)
		}
		if r.arrow != nil && !strings.Contains(line, " "+r.arrow.label.text+" ") {
			t.Errorf("%s: the arrow %q is not whole:\n%s", script, r.arrow.label.text, line)
		}
	}
	return labels
}

// wordsOf is what stands in a drawing, column by column, and at its arrows.
func wordsOf(d drawing) [][]string {
	words := make([][]string, len(d.columns)+1)
	for _, r := range d.rows {
		words[r.column] = append(words[r.column], strings.Fields(joined(r.call))...)
		if r.arrow != nil {
			words[len(d.columns)] = append(words[len(d.columns)], r.arrow.label.text)
		}
	}
	return words
}

func joined(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

// svgTexts reads a document to its end and gives the content of its texts.
func svgTexts(t *testing.T, doc string) []string {
	t.Helper()
	var texts []string
	inside := false
	for dec := xml.NewDecoder(strings.NewReader(doc)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return texts
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, doc)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "text" {
				inside = true
				texts = append(texts, "")
			}
		case xml.EndElement:
			inside = inside && token.Name.Local != "text"
		case xml.CharData:
			if inside {
				texts[len(texts)-1] += string(token)
			}
		}
	}
}

// TestDrawColour holds that colour changes nothing but colour.
func TestDrawColour(t *testing.T) {
	escapes := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, path := range drawingFiles(t) {
		_, script, tally := readDrawing(t, path)
		d := newDrawing(script, tally)
		coloured := d.text(palette{on: true})
		if !escapes.MatchString(coloured) {
			t.Errorf("%s: no colour", path)
		}
		if diff := cmp.Diff(d.text(palette{}), escapes.ReplaceAllString(coloured, "")); diff != "" {
			t.Errorf("%s (-plain +coloured):\n%s", path, diff)
		}
	}
}

// TestSVGStandsAlone holds that a picture asks for nothing from elsewhere, and tells
// what it is of.
func TestSVGStandsAlone(t *testing.T) {
	for _, path := range drawingFiles(t) {
		_, script, tally := readDrawing(t, path)
		var b strings.Builder
		if err := SVG(&b, script, tally); err != nil {
			t.Fatal(err)
		}
		doc := strings.Replace(b.String(), ` xmlns="http://www.w3.org/2000/svg"`, "", 1)
		for _, outside := range []string{"http", "url(", "@import", "href", "<script"} {
			if strings.Contains(doc, outside) {
				t.Errorf("%s: the SVG has %s in it", path, outside)
			}
		}
		if title := "<title>sockprobe " + script.String() + "</title>"; !strings.Contains(doc, title) {
			t.Errorf("%s: the SVG lacks %s", path, title)
		}
	}
}

// TestDrawWritesOnce holds that a drawing is written at once, and that it is said when
// it could not be.
func TestDrawWritesOnce(t *testing.T) {
	for name, write := range map[string]func(io.Writer, *scenario.Tally) error{
		"text": func(w io.Writer, t *scenario.Tally) error {
			_, err := Draw(w, scenario.Script{}, t, false, 80)
			return err
		},
		"SVG": func(w io.Writer, t *scenario.Tally) error { return SVG(w, scenario.Script{}, t) },
	} {
		w := &brokenWriter{}
		if err := write(w, &scenario.Tally{}); !errors.Is(err, errBroken) || w.writes != 1 {
			t.Errorf("%s: error %v after %d writes, want %v after 1", name, err, w.writes, errBroken)
		}
	}
}

// TestDrawAnything draws answers that no kernel gives to scripts that nobody writes.
func TestDrawAnything(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		script := scenario.Script{Family: scenario.Family(r.IntN(len(scenario.FamilyNames())))}
		tally := anything(r)
		for range 31 { // anything is of no more commands
			script.Commands = append(script.Commands, scenario.Command{API: scenario.API(r.IntN(len(scenario.APINames())))})
		}
		checkDrawing(t, script, tally)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func anything(r *rand.Rand) *scenario.Tally {
	one := func(words ...string) string { return words[r.IntN(len(words))] }
	sides := []scenario.Side("cccsssllldtCSLDT\x00\xffx")
	verbs := ops.Verbs()
	t := &scenario.Tally{Runs: 1 + r.IntN(3)}
	cmd, step := 1, 0
	for range r.IntN(30) {
		if step++; r.IntN(4) == 0 {
			cmd, step = cmd+1, 0
		}
		o := scenario.Observation{
			Cmd: cmd, Step: step, Side: sides[r.IntN(len(sides))], Verb: verbs[r.IntN(len(verbs))].Name,
			Arg: one("", "", "0", "nb", "in+rdhup", "<&\"'>\x1b]]>", "\xff\n"), FD: r.IntN(9),
		}
		if (o.Verb == "wai" || o.Verb == "blk") && cmd > 1 {
			o.Cmd = 1 + r.IntN(cmd)
		}
		for range 1 + r.IntN(2) {
			o.Ret = []int{-1, 0, 0, 3, 1 << 40}[r.IntN(5)]
			o.Errno = scenario.Errno([]int{0, 0, 0, 11, 104, 115, 4000}[r.IntN(7)])
			o.Info = one("", "", "err=0", "err=EPIPE", "state=LISTEN queue=1", "ended=#2", "</text> \x00=1")
			o.Opened, o.Polled, o.Events = 0, r.IntN(3) == 0, scenario.Events(r.Uint32()>>r.IntN(32))
			if r.IntN(2) == 0 {
				o.Opened = sides[r.IntN(len(sides))]
			}
			t.AddCounted(scenario.Counted{Observation: o, Count: 1 + r.IntN(2), By: scenario.APIs(r.IntN(3))})
		}
	}
	return t
}
