package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The flags that several commands have, in groups. A command gets the groups that do something
// there. No flag is persistent: those that stand before a command's name on the line are parsed
// as the command's own, so that sockprobe --on KERNEL verify works, and --settle before list is
// as unknown as behind it.

// addQuiet adds -q to a command, with what it is for there.
func (s *settings) addQuiet(cmd *cobra.Command, usage string) {
	cmd.Flags().BoolVarP(&s.quiet, "quiet", "q", false, usage)
}

// addVerbose adds -v.
func (s *settings) addVerbose(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&s.verbose, "verbose", "v", false, "name what passes, too")
}

// addSteps adds the flags that say how a script's steps are carried out.
func (s *settings) addSteps(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&s.timeout, "timeout", "longest wait of a con, acc or drn, from 1ms to 1h")
	flags.Var(&s.settle, "settle", "before each step, and where fil finds a buffer full, wait until readiness has been unchanged for so long; auto is 5ms on gVisor, 1ms for MPTCP, otherwise 0s, and also waits for what the kernel may have put off")
	flags.Var(&s.repeat, "repeat", "run so many times and count the answers of steps that vary")
}

// addPlace adds the flags that say where a command runs.
func (s *settings) addPlace(cmd *cobra.Command) {
	cmd.Flags().Var(&s.on, "on", "run on another kernel: "+kernelForms())
	must(cmd.RegisterFlagCompletionFunc("on", completeKernels))
	s.addBootTimeout(cmd)
}

func (s *settings) addBootTimeout(cmd *cobra.Command) {
	cmd.Flags().Var(&s.bootTimeout, "boot-timeout", "longest run on each other kernel, boot included")
}

// addColour adds --color.
func (s *settings) addColour(cmd *cobra.Command) {
	cmd.Flags().Var(&s.colour, "color", "auto, always or never; FORCE_COLOR and NO_COLOR are heeded")
	completeWords(cmd, "color", colourNames)
}

// completeWords has a shell offer the words that a flag takes.
func completeWords(cmd *cobra.Command, flag string, words []string) {
	must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
}

// commandsWith names the commands that show a flag, which is given as it is written: -q, --on.
func commandsWith(root *cobra.Command, flag string) []string {
	var names []string
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		f := cmd.Flags().Lookup(strings.TrimPrefix(flag, "--"))
		if len(flag) == 2 {
			f = cmd.Flags().ShorthandLookup(flag[1:])
		}
		if f != nil && !f.Hidden && !cmd.Hidden {
			names = append(names, cmd.Name())
		}
	}
	return names
}

// listed is words as a sentence lists them: "a, b and c".
func listed(words []string, last string) string {
	if n := len(words); n > 1 {
		words = append(slices.Clone(words[:n-2]), words[n-2]+" "+last+" "+words[n-1])
	}
	return strings.Join(words, ", ")
}
