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

// load reads what one argument names: a directory, a file, or the name of a
// scenario in the catalogue.
func load(arg string) ([]probeFile, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return loadDir(arg)
	case err == nil:
		f, err := loadFile(arg, info)
		return []probeFile{f}, err
	case strings.ContainsRune(arg, '/') || strings.HasSuffix(arg, scenario.Ext):
		return nil, fault("name a .probe file, a directory of them, or a scenario of \"sockprobe list\"", "%.200w", err)
	default:
		f, err := lookUp(arg)
		return []probeFile{f}, err
	}
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

// lookUp finds a scenario of the catalogue by its name.
func lookUp(name string) (probeFile, error) {
	files, err := loadCatalogue()
	if err != nil {
		return probeFile{}, err
	}
	i := slices.IndexFunc(files, func(f probeFile) bool { return f.Name == name })
	if i < 0 {
		return probeFile{}, fault("\"sockprobe list\" prints the names; a file is named by its path",
			"no scenario %.60q, and no such file", name)
	}
	return files[i], nil
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
		Use:   "show NAME",
		Short: "Print a scenario of the catalogue: its script and its golden",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fault("\"sockprobe list\" prints the names", "show takes the name of one scenario")
			}
			return nil
		},
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := lookUp(args[0])
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(f.Format())
			return err
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
