package main

import (
	"github.com/spf13/cobra"

	"sockprobe/why"
)

// A whyFlag is --why, or --why=all.
type whyFlag struct {
	given  bool
	extent why.Extent
}

// whyAllHint is for an all that stands apart from its flag.
const whyAllHint = "write --why=all"

// addWhy gives a command the flag. The word in backquotes is what help and man name as its value.
func addWhy(cmd *cobra.Command, f *whyFlag) {
	cmd.Flags().Var(f, "why", "below each pol and wai, say why each bit is set; --why=`all` says also why the others are not; runs the script again for it")
	cmd.Flags().Lookup("why").NoOptDefVal = "true"
	must(cmd.RegisterFlagCompletionFunc("why", cobra.FixedCompletions([]string{"all"}, cobra.ShellCompDirectiveNoFileComp)))
}

func (f *whyFlag) Set(s string) error {
	switch s {
	case "true": // it stands alone
		*f = whyFlag{true, why.Reported}
	case "all":
		*f = whyFlag{true, why.All}
	default:
		return fault("write --why for the bits that are set, or --why=all for those that are not, too", "the only word that it takes is all")
	}
	return nil
}

// String is what Set takes.
func (f *whyFlag) String() string {
	switch {
	case !f.given:
		return ""
	case f.extent == why.All:
		return "all"
	default:
		return "true"
	}
}
func (f *whyFlag) Type() string     { return "bool" } // so that it may stand alone
func (f *whyFlag) IsBoolFlag() bool { return true }
