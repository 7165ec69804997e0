package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

func newVerify(set *settings) *cobra.Command {
	var update bool
	cmd := &cobra.Command{
		Use:   "verify [NAME|FILE|DIR]...",
		Short: "Run scenarios and compare the kernel's answers with their goldens",
		Long: `verify runs .probe files and compares what this kernel answers with the golden in
each. Without an argument it runs the catalogue that is built in. A difference
is shown as a unified diff and makes the exit code 1; so does a file without a
golden.

"sockprobe help files" describes the files.`,
		Example: `  sockprobe verify
  sockprobe verify data-survives-rst ./mine.probe
  sockprobe verify -u testdata/golden`,
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := loadAll(args)
			if err != nil {
				return err
			}
			v := verifier{set: set, w: cmd.OutOrStdout(), colour: set.colour.on(cmd.OutOrStdout())}
			if update {
				return v.update(files)
			}
			return v.check(files)
		},
	}
	cmd.Flags().BoolVarP(&update, "update", "u", false, "write this kernel's answers into the files")
	return cmd
}

// A verifier runs files and says how each came out.
type verifier struct {
	set    *settings
	w      io.Writer
	colour bool
}

// check compares every file with its golden.
func (v verifier) check(files []probeFile) error {
	failed := 0
	for _, f := range files {
		got, err := v.run(f)
		if err != nil {
			return err
		}
		switch {
		case f.Golden == nil:
			failed++
			v.say("FAIL %s: it has no golden; \"sockprobe verify -u\" writes one\n", f.label())
		case !bytes.Equal(f.Golden, got):
			failed++
			v.say("FAIL %s: %s\n%s", f.label(), f.Script, report.GoldenDiff(f.label(), f.Golden, got, v.colour))
		case v.set.verbose:
			v.say("ok   %s\n", f.label())
		}
	}
	v.say("%d passed, %d failed\n", len(files)-failed, failed)
	if failed > 0 {
		return errDiffers
	}
	return nil
}

// update writes this kernel's answers into the files that have others.
func (v verifier) update(files []probeFile) error {
	for _, f := range files {
		if f.path == "" {
			return fault("name the files or their directory: sockprobe verify -u testdata/golden",
				"%s is built in and cannot be rewritten", f.Name)
		}
	}
	updated := 0
	for _, f := range files {
		got, err := v.run(f)
		if err != nil {
			return err
		}
		if f.Golden != nil && bytes.Equal(f.Golden, got) {
			continue
		}
		f.SetGolden(got)
		if err := replaceFile(f.path, f.Format()); err != nil {
			return fmt.Errorf("rewrite %s: %w", f.path, err)
		}
		updated++
		v.say("updated %s\n", f.path)
	}
	v.say("%d updated, %d as before\n", updated, len(files)-updated)
	return nil
}

// run gives what the kernel answers to a file's script, in the stable form. A
// script that ends for want of a server's socket has ended as it does.
func (v verifier) run(f probeFile) ([]byte, error) {
	var obs []scenario.Observation
	err := ops.Run(f.Script, ops.Options{Timeout: time.Duration(v.set.timeout)}, func(o scenario.Observation) {
		obs = append(obs, o)
	})
	if err != nil && !errors.Is(err, ops.ErrNoServer) {
		return nil, fmt.Errorf("%s: %w", f.label(), err)
	}
	for _, o := range obs {
		if o.Verb == "con" && o.Errno.Name() == "ENETUNREACH" {
			return nil, fault("raise it: ip link set lo up", "127.0.0.1 cannot be reached: the loopback interface is down")
		}
	}
	return report.Stable(obs), nil
}

func (v verifier) say(format string, args ...any) {
	if !v.set.quiet {
		fmt.Fprintf(v.w, format, args...)
	}
}

// replaceFile writes path anew, all or nothing. What is kept is the file's mode
// and, where that is allowed, its owner; a symbolic link stays one.
func replaceFile(path string, data []byte) error {
	if len(data) > scenario.MaxFileSize {
		return fault("shorten the script", "with its answers it is more than the %d bytes that are read", scenario.MaxFileSize)
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".*"+filepath.Base(path))
	if err != nil {
		return errors.Unwrap(err) // of a name that nobody gave
	}
	defer os.Remove(tmp.Name()) // gone already if all went well
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = tmp.Chown(int(stat.Uid), int(stat.Gid)) // refused to all but root, and then not needed
	}
	if err := errors.Join(tmp.Chmod(info.Mode().Perm()), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
