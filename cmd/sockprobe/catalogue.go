package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sockprobe"
	"sockprobe/ops"
	"sockprobe/scenario"
)

// A probeFile is a .probe file and where it came from.
type probeFile struct {
	*scenario.File
	path string // "" for one of the catalogue that is built in
}

// label is how the file is called in what is printed.
func (f probeFile) label() string {
	if f.path == "" {
		return f.Name
	}
	return f.path
}

// loadAll reads what the arguments name, or the whole catalogue without any. It
// gives everything or an error: nothing runs before all is read.
func loadAll(args []string) ([]probeFile, error) {
	if len(args) == 0 {
		return loadCatalogue()
	}
	var files []probeFile
	for _, arg := range args {
		more, err := load(arg)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

// load reads what one argument names: a scenario of the catalogue, a file, or a
// directory.
func load(arg string) ([]probeFile, error) {
	catalogue, err := loadCatalogue()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(catalogue, func(f probeFile) bool { return f.Name == arg })
	if i >= 0 {
		return catalogue[i : i+1], nil
	}
	switch info, err := os.Stat(arg); {
	case err == nil && info.IsDir():
		return loadDir(arg)
	case err == nil:
		f, err := loadFile(arg, info)
		return []probeFile{f}, err
	case strings.ContainsRune(arg, '/') || strings.HasSuffix(arg, scenario.Ext):
		return nil, hinted{err, "name a .probe file, a directory of them, or a scenario of \"sockprobe list\""}
	}
	var names []string
	for _, f := range catalogue {
		names = append(names, f.Name)
	}
	hint := "\"sockprobe list\" prints the names"
	if near, ok := scenario.Nearest(arg, names); ok {
		hint = "did you mean " + near + "? " + hint
	}
	return nil, fault(hint, "no scenario %q, and no such file", scenario.Clip(arg))
}

func loadDir(dir string) ([]probeFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []probeFile
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), scenario.Ext) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		f, err := loadFile(path, info)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fault("name a directory that holds .probe files; \"sockprobe verify\" alone checks the built-in ones",
			"%s: no %s files there", dir, scenario.Ext)
	}
	return files, nil
}

func loadFile(path string, info fs.FileInfo) (probeFile, error) {
	if !info.Mode().IsRegular() {
		return probeFile{}, fault("name a .probe file, or a directory of them", "%s: not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return probeFile{}, err
	}
	defer file.Close()
	// One byte more than allowed is enough for ParseFile to refuse the rest.
	data, err := io.ReadAll(io.LimitReader(file, scenario.MaxFileSize+1))
	if err != nil {
		return probeFile{}, err
	}
	f, err := scenario.ParseFile(path, data, ops.Verbs())
	return probeFile{f, path}, err
}

// loadCatalogue reads the scenarios that are built in.
func loadCatalogue() ([]probeFile, error) {
	names, err := fs.Glob(sockprobe.Goldens(), "*"+scenario.Ext)
	if err != nil {
		return nil, err
	}
	files := make([]probeFile, len(names))
	for i, name := range names {
		data, err := fs.ReadFile(sockprobe.Goldens(), name)
		if err != nil {
			return nil, err
		}
		f, err := scenario.ParseFile(name, data, ops.Verbs())
		if err != nil {
			return nil, err
		}
		files[i] = probeFile{File: f}
	}
	return files, nil
}

func newList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the scenarios of the catalogue",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, err := loadCatalogue()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, f := range files {
				fmt.Fprintf(w, "%s\t%s\n", f.Name, f.Essence())
			}
			return w.Flush()
		},
	}
}

func newShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME|FILE|DIR...",
		Short: "Print scenarios: the script and the golden",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fault("\"sockprobe list\" prints the names", "show takes the name of a scenario")
			}
			return nil
		},
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := loadAll(args)
			if err != nil {
				return err
			}
			for _, f := range files {
				fmt.Fprintf(cmd.OutOrStdout(), "%s", f.Format())
			}
			return nil
		},
	}
}

// completeNames offers the scenarios of the catalogue, and files.
func completeNames(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	files, err := loadCatalogue()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []cobra.Completion
	for _, f := range files {
		out = append(out, cobra.CompletionWithDesc(f.Name, f.Essence()))
	}
	return out, cobra.ShellCompDirectiveDefault
}
