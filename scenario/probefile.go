package scenario

import (
	"bytes"
	"errors"
	"fmt"
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
)

// A File is a .probe file: a script, what a kernel is known to answer to it,
// and in the comment above both, what it is that they show.
//
// It is a txtar archive of the sections "script" and "golden".
type File struct {
	Name    string // the base name without .probe
	Comment string // the text above the first section
	Script  Script
	Golden  []byte // the answers in the stable form; nil if the file has none yet

	archive *txtar.Archive // the file as it was written
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
		return nil, &Error{Where: clipPath(path), Problem: problem, Hint: hint}
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

	archive := txtar.Parse(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	f := &File{Name: baseName(path), Comment: string(archive.Comment), archive: archive}
	seen := map[string]bool{}
	for _, section := range archive.Files {
		if seen[section.Name] {
			return bad("section "+quote(section.Name)+" stands there twice", "keep one of them")
		}
		seen[section.Name] = true

		switch section.Name {
		case scriptSection:
			script, err := Parse(strings.Fields(string(section.Data)), verbs)
			if err != nil {
				return nil, inFile(path, err)
			}
			f.Script = script
		case goldenSection:
			f.Golden = section.Data
		default:
			return bad("unknown section "+quote(section.Name),
				"a .probe file has the sections \"-- script --\" and \"-- golden --\"")
		}
	}
	if !seen[scriptSection] {
		return bad("no script", "put one behind a line \"-- script --\", as in: -c snd,shw -s pol,rcv")
	}
	return f, nil
}

// SetGolden replaces the golden, or adds one at the end of the file.
func (f *File) SetGolden(golden []byte) {
	f.Golden = golden
	for i := range f.archive.Files {
		if f.archive.Files[i].Name == goldenSection {
			f.archive.Files[i].Data = golden
			return
		}
	}
	f.archive.Files = append(f.archive.Files, txtar.File{Name: goldenSection, Data: golden})
}

// Format gives the file's text: what was read, with the goldens that were set.
func (f *File) Format() []byte { return txtar.Format(f.archive) }

// baseName is the last element of path, without the ending of a .probe file.
func baseName(path string) string {
	return strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], Ext)
}

// clipPath shortens a path from its beginning: the end of one tells more.
func clipPath(path string) string {
	const most = 80
	if len(path) <= most {
		return path
	}
	return "…" + path[len(path)-most:]
}

// inFile places a script's fault in its file.
func inFile(path string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		where := clipPath(path) + ": script"
		if e.Where != "" {
			where += ": " + e.Where
		}
		return &Error{Where: where, Problem: e.Problem, Hint: e.Hint}
	}
	return fmt.Errorf("%s: %w", path, err)
}
