package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// setHelp has the help of a command and of those below it fit the terminal.
func setHelp(root *cobra.Command) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		out := cmd.OutOrStdout()
		cmd.InitDefaultHelpFlag()
		_, _ = io.WriteString(out, helpText(cmd, textWidth(out))) // the writer keeps its error
	})
}

// helpText is what --help prints of a command or a topic.
func helpText(cmd *cobra.Command, width int) string {
	var b strings.Builder
	long := cmd.Long
	if long == "" {
		long = cmd.Short
	}
	b.WriteString(wrapText(strings.TrimRight(long, "\n")+"\n", width))
	if isTopic(cmd) {
		return b.String()
	}
	part := func(title, text string) {
		if text != "" {
			b.WriteString("\n" + title + ":\n" + strings.TrimRight(text, "\n") + "\n")
		}
	}
	part("Usage", wrapText("  "+useLine(cmd), width))
	part("Examples", cmd.Example)
	part("Commands", wrapText(children(cmd, false), width))
	part("Topics", wrapText(children(cmd, true), width))
	part("Flags", flagUsages(cmd, width))
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\n" + wrapText(fmt.Sprintf("%q says more about a command, %q about the rest.",
			cmd.CommandPath()+" COMMAND --help", "sockprobe help TOPIC|VERB|WORD"), width))
	}
	return b.String()
}

// flagUsages lists a command's flags. pflag shows the value of --why as one that stands apart.
func flagUsages(cmd *cobra.Command, width int) string {
	return strings.Replace(cmd.LocalFlags().FlagUsagesWrapped(width), "--why all  ", "--why[=all]", 1)
}

// isTopic tells whether a command is there to be read only.
func isTopic(cmd *cobra.Command) bool { return cmd.IsAdditionalHelpTopicCommand() }

// useLine is how a command is called. The root's own form says where its flags go.
func useLine(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() && !cmd.HasParent() {
		return cmd.UseLine() + "\n  " + cmd.CommandPath() + " COMMAND"
	}
	return cmd.UseLine()
}

// children lists the commands below a command, or the topics, as a table.
func children(cmd *cobra.Command, topics bool) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range cmd.Commands() {
		if isTopic(c) == topics && (topics || c.IsAvailableCommand()) {
			fmt.Fprintf(w, "  %s\t%s\n", c.Name(), c.Short)
		}
	}
	must(w.Flush())
	return b.String()
}
