package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sockprobe"
	"sockprobe/ops"
)

func newList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the scenarios of the catalogue",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, err := sockprobe.Catalogue(ops.Verbs())
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
			files, err := sockprobe.Load(args, ops.Verbs())
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
