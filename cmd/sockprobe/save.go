package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sockprobe/report"
	"sockprobe/scenario"
)

// unnamed is the sentence of a file that --save has written of a script without one.
const unnamed = "Say in a sentence what this shows.\n"

// saveable finds what keeps answers from being saved, before anything runs.
func (p *probing) saveable(scripts int) error {
	path := string(p.save)
	switch {
	case path == "-":
		return fault("name a file, such as mine.probe", "--save writes a file, not standard output")
	case scripts > 1:
		return fault("run them one by one", "--save writes one script, and there are %d", scripts)
	case p.set.on.given:
		return fault("save without --on, then: sockprobe verify -u --on KERNEL "+scenario.ClipPath(path),
			"--save does not go with --on: the golden of a file is this kernel's")
	}
	if _, err := os.Lstat(path); err == nil {
		return alreadyThere(path)
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fault("make the directory, or name another file", "--save %s: no directory %s", scenario.ClipPath(path), scenario.ClipPath(dir))
	}
	return nil
}

func alreadyThere(path string) error {
	return fault("name another file, or remove that one; \"sockprobe verify -u\" renews a golden",
		"--save %s: there is such a file already", scenario.ClipPath(path))
}

// write makes a .probe file of a script and its answers, or nothing.
func (p *probing) write(stderr io.Writer, s subject, tally *scenario.Tally) error {
	path := string(p.save)
	f := scenario.File{Comment: cmp.Or(s.comment, unnamed), Source: s.script.String() + "\n", Golden: report.Stable(tally)}
	text := f.Format()
	if len(text) > scenario.MaxFileSize {
		return fault("shorten the script", "--save %s: it would have more than the %d bytes that are read", scenario.ClipPath(path), scenario.MaxFileSize)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return alreadyThere(path)
	case err != nil:
		return fault("name a file that can be written", "--save %s: %w", scenario.ClipPath(path), errors.Unwrap(err))
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(path)
		return fmt.Errorf("--save %s: %w", scenario.ClipPath(path), err)
	}
	todo := ""
	if s.comment == "" {
		todo = "; its first line is for a sentence on what it shows"
	}
	fmt.Fprintf(stderr, "sockprobe: saved %s%s\n", scenario.ClipPath(path), todo)
	return nil
}
