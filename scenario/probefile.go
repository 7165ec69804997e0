package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/txtar"
)

// Ext is the ending of a .probe file's name.
const Ext = ".probe"

// MaxFileSize bounds a .probe file, in bytes: a file beyond it was not meant.
const MaxFileSize = 1 << 20

const (
	scriptSection = "script"
	goldenSection = "golden"
	skipSection   = "skip"
)

// lineEnds makes all line ends one newline. A lone carriage return is one too:
// left alone, it would become part of a "\r\n" when the file is written again.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// A File is a .probe file: a script, what a kernel is known to answer to it,
// and in the comment above both, what it is that they show.
//
// It is a txtar archive of the sections "script", "golden" and, where kernels
// differ, "golden gvisor", "golden linux<5.18" and the like.
type File struct {
	Name    string // the base name without .probe
	Comment string // the text above the first section
	Source  string // the script as it is written
	Script  Script
	Golden  []byte // the answers in the stable form; nil if the file has none yet
	// Overlays are the answers of kernels that differ.
	Overlays []Overlay
	// Skips are the kernels that the scenario is not for; their text says why.
	Skips []Overlay
}

// Essence is the first line of the comment: the scenario in one sentence.
func (f *File) Essence() string {
	line, _, _ := strings.Cut(strings.TrimSpace(f.Comment), "\n")
	return line
}

// ParseFile reads a .probe file. The path is used for its name and in errors
// only. A fault is an *[Error].
func ParseFile(path string, data []byte, verbs []Verb) (*File, error) {
	bad := func(problem, hint string) (*File, error) {
		return nil, &Error{Where: ClipPath(path), Problem: problem, Hint: hint}
	}
	notText := func() (*File, error) {
		return bad("not a .probe file: it is not text", "name a .probe file, or a directory of them")
	}
	switch {
	case bytes.IndexByte(data, 0) >= 0:
		return notText()
	case len(data) > MaxFileSize: // its end may be cut off, and be no UTF-8 for that
		return bad("too large for a .probe file", fmt.Sprintf("the most is %d bytes", MaxFileSize))
	case !utf8.Valid(data):
		return notText()
	}

	text := string(data)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n" // as txtar has it, but before line ends are made alike
	}
	archive := txtar.Parse([]byte(lineEnds.Replace(text)))
	f := &File{Name: baseName(path), Comment: string(archive.Comment)}
	seen := map[string]bool{}
	for _, section := range archive.Files {
		if seen[section.Name] {
			return bad("section "+Quote(section.Name)+" stands there twice", "keep one of them")
		}
		seen[section.Name] = true

		when, isOverlay := strings.CutPrefix(section.Name, goldenSection+" ")
		skipped, isSkip := strings.CutPrefix(section.Name, skipSection+" ")
		switch {
		case section.Name == scriptSection:
			script, err := Parse(strings.Fields(string(section.Data)), verbs)
			if err != nil {
				return nil, inFile(path, scriptSection, err)
			}
			f.Script, f.Source = script, string(section.Data)
		case section.Name == goldenSection:
			f.Golden = section.Data
		case isOverlay:
			o, err := parseOverlay(when, section.Data)
			if err != nil {
				return nil, inFile(path, section.Name, err)
			}
			f.Overlays = append(f.Overlays, o)
		case isSkip:
			o, err := parseOverlay(skipped, section.Data)
			if err != nil {
				return nil, inFile(path, section.Name, err)
			}
			if len(bytes.TrimSpace(section.Data)) == 0 {
				return bad(section.Name+" without a reason", "say in a line what such kernels lack")
			}
			f.Skips = append(f.Skips, o)
		default:
			return bad("unknown section "+Quote(section.Name),
				"a .probe file has the sections \"-- script --\", \"-- golden --\", \"-- golden KERNEL --\" and \"-- skip KERNEL --\"")
		}
	}
	if !seen[scriptSection] {
		return bad("no script", "put one behind a line \"-- script --\", as in: -c snd,shw -s pol,rcv")
	}
	return f, nil
}

// SetGolden replaces the golden of a section, as [File.Resolve] names it, or adds
// one.
func (f *File) SetGolden(section string, golden []byte) error {
	when, ok := strings.CutPrefix(section, goldenSection+" ")
	if !ok {
		f.Golden = golden
		return nil
	}
	o, err := parseOverlay(when, golden)
	if err != nil {
		return err
	}
	if i := f.overlay(section); i >= 0 {
		f.Overlays[i] = o
	} else {
		f.Overlays = append(f.Overlays, o)
	}
	return nil
}

// DropOverlay removes the golden of a section that is an overlay.
func (f *File) DropOverlay(section string) {
	if i := f.overlay(section); i >= 0 {
		f.Overlays = slices.Delete(f.Overlays, i, i+1)
	}
}

// overlay finds the overlay of a section, or gives -1.
func (f *File) overlay(section string) int {
	return slices.IndexFunc(f.Overlays, func(o Overlay) bool { return o.section() == section })
}

// Format gives the file's text: the script as it was written, and the goldens.
func (f *File) Format() []byte {
	archive := &txtar.Archive{
		Comment: []byte(f.Comment),
		Files:   []txtar.File{{Name: scriptSection, Data: []byte(f.Source)}},
	}
	if f.Golden != nil {
		archive.Files = append(archive.Files, txtar.File{Name: goldenSection, Data: f.Golden})
	}
	for _, o := range f.Overlays {
		archive.Files = append(archive.Files, txtar.File{Name: o.section(), Data: o.Golden})
	}
	for _, o := range f.Skips {
		archive.Files = append(archive.Files, txtar.File{Name: skipSection + " " + o.When, Data: o.Golden})
	}
	return txtar.Format(archive)
}

// baseName is the last element of path, without the ending of a .probe file.
func baseName(path string) string {
	return strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], Ext)
}

// inFile places a section's fault in its file.
func inFile(path, section string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		where := ClipPath(path) + ": " + Clip(section)
		if e.Where != "" {
			where += ": " + e.Where
		}
		return &Error{Where: where, Problem: e.Problem, Hint: e.Hint}
	}
	return fmt.Errorf("%s: %w", path, err)
}
