package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sockprobe"
	"sockprobe/kernel"
	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

func newVerify(set *settings) *cobra.Command {
	var update bool
	format := choice{"text", verifyFormats}
	cmd := &cobra.Command{
		Use:   "verify [NAME|FILE|DIR]...",
		Short: "Run scenarios and compare the kernel's answers with their goldens",
		Long: `verify runs .probe files and compares what this kernel answers with the golden in
each. Without an argument it runs the catalogue that is built in. A difference
is shown as a unified diff and makes the exit code 1; so does a file without a
golden, whose answers are shown.

For --format text all files are read before anything runs, and a fault in one ends
it. The other formats have a case for each file that cannot be read and results of
the others; the exit code is 2, and standard error says what is wrong, too.

With --on it does the same for another kernel, all files in one boot. The files
are read, and written, here.

"sockprobe help files" describes the files.`,
		Example: `  sockprobe verify
  sockprobe verify data-survives-rst ./mine.probe
  sockprobe verify -u testdata/golden
  sockprobe --on gvisor verify --settle 5ms`,
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := load(args, format.value, update)
			if err != nil {
				return err
			}
			if update {
				for _, f := range files {
					if f.Path == "" {
						return fault("name the files or their directory: sockprobe verify -u testdata/golden",
							"%s is built in and cannot be rewritten", f.Name)
					}
				}
			}
			var k kernel.Kernel
			ctx := context.Background()
			if set.on.given {
				if k, err = kernel.Open(set.on.spec); err != nil {
					return err
				}
				var stop context.CancelFunc
				ctx, stop = interruptible() // a child has to be ended; this process ends by itself
				defer stop()
			}
			shown := newRunProgress(cmd.ErrOrStderr(), k)
			defer shown.stop()
			o, err := ask(ctx, k, files, set, shown)
			shown.stop()
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if set.quiet {
				out = io.Discard
			}
			if update {
				if len(o.faults) > 0 {
					return o.faults[0] // nothing is half done
				}
				return updateFiles(out, files, o)
			}
			switch format.value {
			case "text":
				report.VerifyText(out, o.suite, set.verbose, set.coloured(cmd.OutOrStdout()))
			default:
				err = render(out, format.value, report.Matrix{Suites: []report.Suite{o.suite}})
			}
			if err != nil {
				return err
			}
			return verdict([]report.Suite{o.suite}, o.faults)
		},
	}
	cmd.Flags().BoolVarP(&update, "update", "u", false, "write this kernel's answers into the files")
	cmd.Flags().Var(&format, "format", format.String()+", the default; or ktap, junit, json")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(verifyFormats, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// load reads the files of verify and matrix. For a person all is read before anything runs,
// and the first fault is the end. A format for other programs gets the results of the other
// files, and the fault as one of them: a CI server shows no empty report.
func load(args []string, format string, update bool) ([]sockprobe.File, error) {
	if format == "text" || update {
		return sockprobe.Load(args, ops.Verbs())
	}
	return sockprobe.LoadEach(args, ops.Verbs())
}

// updateFiles writes a kernel's answers into the files that have others.
func updateFiles(out io.Writer, files []sockprobe.File, o outcome) error {
	updated := 0
	for i := range files {
		f := &files[i]
		what, err := rewrite(f, o, i)
		if err != nil {
			return err
		}
		if what == "" {
			continue
		}
		text := f.Format()
		if len(text) > scenario.MaxFileSize {
			return fault("shorten the script", "rewrite %s: with its answers it is more than the %d bytes that are read",
				f.Label(), scenario.MaxFileSize)
		}
		if err := replaceFile(f.Path, text); err != nil {
			return fmt.Errorf("rewrite %s: %w", f.Label(), err)
		}
		updated++
		fmt.Fprintf(out, "updated %s: %s\n", f.Label(), report.Printable(what))
	}
	skipped := report.Count(o.suite).Skipped
	summary := fmt.Sprintf("%d updated, %d as before", updated, len(files)-updated-skipped)
	if skipped > 0 {
		summary += fmt.Sprintf(", %d skipped", skipped)
	}
	fmt.Fprintln(out, summary)
	return nil
}
