package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newMan is the hidden command that "make man" is.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages of all commands and topics into a directory",
		Hidden: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fault("name one: sockprobe man build/man", "man takes a directory")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fault("name a directory that can be written", "%w", err)
			}
			for _, page := range manPages(cmd.Root()) {
				if err := os.WriteFile(filepath.Join(args[0], manFile(page)), []byte(manPage(page)), 0o644); err != nil {
					return fault("name a directory that can be written", "%w", err)
				}
			}
			return nil
		},
	}
}

// manPages lists what has a page: a command and all below it that are not hidden.
func manPages(cmd *cobra.Command) []*cobra.Command {
	pages := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || isTopic(c) {
			pages = append(pages, manPages(c)...)
		}
	}
	return pages
}

// manName is a page's name, "sockprobe-verify".
func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manSection is where a page belongs (man-pages(7)): 1 are commands, 5 formats of files, 7 the rest.
func manSection(cmd *cobra.Command) string {
	switch {
	case !isTopic(cmd):
		return "1"
	case cmd.Name() == "files":
		return "5"
	default:
		return "7"
	}
}

func manFile(cmd *cobra.Command) string { return manName(cmd) + "." + manSection(cmd) }

// manPage is a page in the macros of man(7).
func manPage(cmd *cobra.Command) string {
	var r roff
	r.macro("TH", strings.ToUpper(manName(cmd)), manSection(cmd), "", "sockprobe")
	r.WriteString(".nh\n.ad l\n") // names of pages and commands are not to be cut
	r.macro("SH", "NAME")
	r.text(manName(cmd) + " - " + strings.ToLower(cmd.Short[:1]) + cmd.Short[1:])
	if !isTopic(cmd) {
		r.macro("SH", "SYNOPSIS")
		for line := range strings.Lines(useLine(cmd)) {
			r.text(strings.TrimSpace(line))
			r.macro("br")
		}
	}
	r.macro("SH", "DESCRIPTION")
	if cmd.Long != "" {
		r.prose(cmd.Long)
	} else {
		r.prose(cmd.Short)
	}
	if cmd.LocalFlags().HasAvailableFlags() && !isTopic(cmd) {
		r.macro("SH", "OPTIONS")
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				manFlag(&r, f)
			}
		})
	}
	if cmd.Example != "" {
		r.macro("SH", "EXAMPLES")
		r.prose(cmd.Example)
	}
	if also := manSeeAlso(cmd); also != "" {
		r.macro("SH", "SEE ALSO")
		r.text(also)
	}
	return r.String()
}

// manFlag is a flag, with what stands for its value, and its text.
func manFlag(r *roff, f *pflag.Flag) {
	value, usage := pflag.UnquoteUsage(f)
	var names []string
	if f.Shorthand != "" {
		names = append(names, bold("-"+f.Shorthand))
	}
	names = append(names, bold("--"+f.Name))
	spec := strings.Join(names, ", ")
	switch {
	case f.NoOptDefVal != "" && value != "":
		spec += "[=" + italic(value) + "]"
	case value != "":
		spec += " " + italic(value)
	}
	switch f.DefValue {
	case "", "false", "0", "[]":
	default:
		usage += fmt.Sprintf(" (default %s)", f.DefValue)
	}
	r.tagged(spec, usage)
}

// manSeeAlso lists the pages above, and those below or all topics.
func manSeeAlso(cmd *cobra.Command) string {
	var pages []string
	for _, c := range manPages(cmd.Root()) {
		if c != cmd && (c.Parent() == cmd || c == cmd.Parent() || isTopic(c)) {
			pages = append(pages, fmt.Sprintf("%s(%s)", manName(c), manSection(c)))
		}
	}
	return strings.Join(pages, ", ")
}
