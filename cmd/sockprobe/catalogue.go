package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sockprobe"
	"sockprobe/glossary"
	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

func newList() *cobra.Command {
	format := choice{"text", listFormats}
	cmd := &cobra.Command{
		Use:   "list [WORD]...",
		Short: "List the scenarios of the catalogue, or those with all of some words",
		Long: `list prints the name of each scenario of the catalogue and what it shows, or only
of those that have every WORD: in the name, the text, a link, the script, or an
answer. Case does not matter. An event, an event set or an error is a whole word.

It exits with 1 if there is none, as grep does.`,
		Example: `  sockprobe list rdhup
  sockprobe list pol:none hup
  sockprobe list 0x2015
  sockprobe list ECONNRESET gvisor`,
		RunE: func(cmd *cobra.Command, words []string) error {
			files, err := sockprobe.Catalogue(ops.Verbs())
			if err != nil {
				return err
			}
			files = slices.DeleteFunc(files, func(f sockprobe.File) bool {
				return slices.ContainsFunc(words, func(word string) bool { return !f.Mentions(word) })
			})
			if len(files) == 0 {
				return hinted{nothingFound{strings.Join(words, " ")}, "\"sockprobe list\" prints the whole catalogue; several words must all be in a scenario"}
			}
			out := cmd.OutOrStdout()
			if format.value == "json" {
				all := make([]*scenario.File, len(files))
				for i, f := range files {
					all[i] = f.File
				}
				return report.ScenariosJSON(out, all)
			}
			var table strings.Builder
			w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
			for _, f := range files {
				fmt.Fprintf(w, "%s\t%s\n", f.Name, report.Printable(f.Essence()))
			}
			must(w.Flush())
			text := table.String()
			if isTerminal(out) { // for a program a scenario is a line
				text = wrapTable(text, textWidth(out))
			}
			_, err = io.WriteString(out, text)
			return err
		},
	}
	cmd.Flags().Var(&format, "format", "text or json, which docs/catalogue.schema.json describes")
	completeWords(cmd, "format", listFormats)
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return reported(), cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// reported lists the events and the errors that there is an entry for.
func reported() []string {
	return slices.DeleteFunc(glossary.Names(), func(word string) bool {
		_, event := scenario.EventNamed(word)
		_, errno := scenario.ErrnoNamed(word)
		return !event && !errno
	})
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
			files, err := sockprobe.Load(args, ops.Verbs())
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, f := range files {
				text := string(f.Format())
				if isTerminal(out) { // which must not obey what a file holds
					text = report.Printable(text)
				}
				fmt.Fprint(out, text)
			}
			return nil
		},
	}
}

// completeNames offers the scenarios of the catalogue, and files.
func completeNames(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	files, err := sockprobe.Catalogue(ops.Verbs())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []cobra.Completion
	for _, f := range files {
		out = append(out, cobra.CompletionWithDesc(f.Name, f.Essence()))
	}
	return out, cobra.ShellCompDirectiveDefault
}
