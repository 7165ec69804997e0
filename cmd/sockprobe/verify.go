package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sockprobe"
	"sockprobe/kernel"
	"sockprobe/ops"
	"sockprobe/report"
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
golden.

With --on it does the same for another kernel, all files in one boot. The files
are read, and written, here.

"sockprobe help files" describes the files.`,
		Example: `  sockprobe verify
  sockprobe verify data-survives-rst ./mine.probe
  sockprobe verify -u testdata/golden
  sockprobe --on gvisor verify --settle 5ms`,
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := sockprobe.Load(args, ops.Verbs())
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
			if set.on != "" {
				if k, err = kernel.Open(set.on); err != nil {
					return err
				}
			}
			ctx, cancel := set.limited()
			defer cancel()
			o, err := ask(ctx, k, files, set, notices{cmd.ErrOrStderr()})
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if set.quiet {
				out = io.Discard
			}
			if update {
				return updateFiles(out, files, o, k != nil)
			}
			switch format.value {
			case "text":
				report.VerifyText(out, o.suite, set.verbose, set.coloured(cmd.OutOrStdout()))
			default:
				err = render(out, format.value, []report.Suite{o.suite})
			}
			if err == nil && report.Count(o.suite).Failed > 0 {
				err = errDiffers
			}
			return err
		},
	}
	cmd.Flags().BoolVarP(&update, "update", "u", false, "write this kernel's answers into the files")
	cmd.Flags().Var(&format, "format", format.String()+", the default; or ktap, junit, json")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(verifyFormats, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// updateFiles writes a kernel's answers into the files that have others.
func updateFiles(out io.Writer, files []sockprobe.File, o outcome, elsewhere bool) error {
	updated := 0
	for i := range files {
		f := &files[i]
		section, err := rewrite(f, o, i, elsewhere)
		if err != nil {
			return err
		}
		if section == "" {
			continue
		}
		if err := replaceFile(f.Path, f.Format()); err != nil {
			return fmt.Errorf("rewrite %s: %w", f.Path, err)
		}
		updated++
		fmt.Fprintf(out, "updated %s: %s\n", f.Path, section)
	}
	fmt.Fprintf(out, "%d updated, %d as before\n", updated, len(files)-updated)
	return nil
}
