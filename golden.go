// Package sockprobe holds the catalogue: scripts that each show one thing about
// the readiness of sockets, with what Linux is known to answer.
//
// The tool is in cmd/sockprobe. The language of the scripts is package
// scenario, package ops carries them out and package report prints the answers.
package sockprobe

import (
	"cmp"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sockprobe/scenario"
)

//go:embed testdata/golden/*.probe
var goldens embed.FS

// A File is a .probe file and where it came from.
type File struct {
	*scenario.File        // nil if there is a Fault
	Path           string // "" for one of the catalogue
	Fault          error  // why the file could not be read, from LoadEach
}

// Label is what the file is called in what is printed.
func (f File) Label() string {
	if f.Path == "" {
		return f.Name
	}
	return scenario.ClipPath(f.Path)
}

// Catalogue is the scenarios that are built in, by their names' order.
func Catalogue(verbs []scenario.Verb) ([]File, error) {
	const dir = "testdata/golden"
	entries, err := goldens.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := make([]File, len(entries))
	for i, e := range entries {
		data, err := goldens.ReadFile(dir + "/" + e.Name())
		if err != nil {
			return nil, err
		}
		f, err := scenario.ParseFile(e.Name(), data, verbs)
		if err != nil {
			return nil, err
		}
		files[i] = File{File: f}
	}
	return files, nil
}

// Load reads what args name, each a scenario of the catalogue, a .probe file or
// a directory of them; without args, the catalogue. It gives everything or an
// error, which is a *[scenario.Error] if the fault is the user's.
func Load(args []string, verbs []scenario.Verb) ([]File, error) {
	files, err := LoadEach(args, verbs)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Fault != nil {
			return nil, f.Fault
		}
	}
	return files, nil
}

// LoadEach is Load, but for what cannot be read it gives a File with the Fault, in its
// place among the others. The error is about the catalogue.
func LoadEach(args []string, verbs []scenario.Verb) ([]File, error) {
	catalogue, err := Catalogue(verbs)
	if err != nil || len(args) == 0 {
		return catalogue, err
	}
	var files []File
	for _, arg := range args {
		i := slices.IndexFunc(catalogue, func(f File) bool { return f.Name == arg })
		if i >= 0 {
			files = append(files, catalogue[i])
			continue
		}
		info, err := os.Stat(arg)
		switch {
		case err == nil && info.IsDir():
			files = append(files, loadDir(arg, verbs)...)
		case err == nil:
			files = append(files, loadFile(arg, verbs))
		case strings.ContainsRune(arg, '/') || strings.HasSuffix(arg, scenario.Ext):
			files = append(files, File{Path: arg, Fault: pathFault(arg, err)})
		default:
			files = append(files, File{Path: arg, Fault: unknownName(arg, catalogue)})
		}
	}
	return files, nil
}

// unknownName is the error for a word that names nothing.
func unknownName(name string, catalogue []File) error {
	names := make([]string, len(catalogue))
	for i, f := range catalogue {
		names[i] = f.Name
	}
	like := namesWith(name, names)
	if near, ok := scenario.Nearest(name, names); ok {
		like = slices.DeleteFunc(like, func(n string) bool { return n == near })
		like = slices.Insert(like, 0, near)
	}
	hint := "\"sockprobe list\" prints the names"
	if len(like) > 0 {
		const most = 3
		hint = "did you mean " + strings.Join(like[:min(most, len(like))], " or ") + "?"
		if len(like) > most {
			hint += fmt.Sprintf(" \"sockprobe list %s\" prints more", scenario.Clip(name))
		}
	}
	return &scenario.Error{Problem: "no scenario " + scenario.Quote(name) + ", and no such file", Hint: hint}
}

// namesWith holds the names that a word is in, first those that begin with it.
func namesWith(word string, names []string) []string {
	if word == "" {
		return nil
	}
	word = strings.ToLower(word)
	with := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.Contains(n, word) })
	slices.SortStableFunc(with, func(a, b string) int {
		return cmp.Compare(strings.Index(a, word), strings.Index(b, word))
	})
	return with
}

// pathFault is the error for a path that cannot be read: the reason without the
// operation, which is of no interest, and the path on one line.
func pathFault(path string, err error) error {
	reason := err
	if e, ok := err.(*fs.PathError); ok { //nolint:errorlint // it comes from package os as it is
		reason = e.Err
	}
	return &scenario.Error{
		Where:   scenario.ClipPath(path),
		Problem: reason.Error(),
		Hint:    "name a .probe file that can be read, a directory of them, or a scenario of \"sockprobe list\"",
	}
}

func loadDir(dir string, verbs []scenario.Verb) []File {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return []File{{Path: dir, Fault: pathFault(dir, err)}}
	}
	var files []File
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), scenario.Ext) {
			files = append(files, loadFile(filepath.Join(dir, e.Name()), verbs))
		}
	}
	if len(files) == 0 {
		return []File{{Path: dir, Fault: &scenario.Error{
			Where:   scenario.ClipPath(dir),
			Problem: "no " + scenario.Ext + " files there",
			Hint:    "name a directory that holds some; \"sockprobe verify\" alone checks the built-in ones",
		}}}
	}
	return files
}

func loadFile(path string, verbs []scenario.Verb) File {
	data, err := readFile(path)
	if err != nil {
		return File{Path: path, Fault: err}
	}
	f, err := scenario.ParseFile(path, data, verbs)
	return File{f, path, err}
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, pathFault(path, err)
	}
	if !info.Mode().IsRegular() { // a pipe could keep its reader waiting for ever
		return nil, &scenario.Error{
			Where:   scenario.ClipPath(path),
			Problem: "not a regular file",
			Hint:    "name a .probe file, or a directory of them",
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, pathFault(path, err)
	}
	defer file.Close()
	// One byte more than allowed is enough for ParseFile to refuse the rest.
	data, err := io.ReadAll(io.LimitReader(file, scenario.MaxFileSize+1))
	if err != nil {
		return nil, pathFault(path, err)
	}
	return data, nil
}
