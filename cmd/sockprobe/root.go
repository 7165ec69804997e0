package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sockprobe"
	"sockprobe/kernel"
	"sockprobe/ops"
	"sockprobe/scenario"
)

// settings are the values of the flags that several commands have.
type settings struct {
	colour  choice
	quiet   bool
	verbose bool
	timeout timeoutFlag
	settle  settleFlag
	repeat  repeatFlag
	why     whyFlag // explain, in the probe
	width   widthFlag

	on          onFlag // the kernel to run on
	bootTimeout timeoutFlag
	line        []string // the command line, to be run there
}

// newRoot makes the command for a command line.
func newRoot(line []string) *cobra.Command {
	set := settings{
		colour:      choice{"auto", colourNames},
		timeout:     timeoutFlag(ops.DefaultTimeout),
		settle:      settleAuto,
		repeat:      1,
		bootTimeout: timeoutFlag(kernel.DefaultLimit),
		line:        line,
	}
	p := newProbing(&set)
	var showVersion bool
	root := &cobra.Command{
		Use:   "sockprobe [--family WORD] [-n] {[--api WORD|-e] -c|-s|-l|-d|-t STEPS}...",
		Short: "Show what poll and epoll say of a real socket, step by step",
		Long: `sockprobe runs scripted steps on a real client, server and listener socket and
prints what the kernel answers to each.

-c, -s and -l take steps for the client's, the server's and the listener's
socket. They may be repeated and mixed: their order is the order of execution.
-d and -t take those of a second client and server, where two connections are
needed. "sockprobe help steps" has the whole language; "sockprobe help WORD"
explains what is printed, such as POLLHUP, 0x2015, ECONNRESET or stp.

Steps:

` + stepsTable() + `
Exit codes:

` + exitCodes,
		Example: `  sockprobe -c snd,shw -s pol,rcv
  sockprobe -c pol -e -s pol,clo -c pol
  sockprobe -l clo -c con:nb,pol:out,err,pol
  sockprobe --family unix --api all -s snd,clo -c pol
  sockprobe verify`,
		Args: func(cmd *cobra.Command, args []string) error {
			// A word too many often is a list whose flag took the next flag
			// for its list, as in -c -s pol.
			if len(args) > 0 && len(p.words) > 0 {
				if _, err := scenario.Parse(p.words, ops.Verbs()); err != nil {
					return err
				}
			}
			return noArguments(cmd, args)
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Lookup("on") != nil && cmd.Flags().Changed("boot-timeout") && !set.on.given {
				return fault("name a kernel: --on KERNEL --boot-timeout "+set.bootTimeout.String(), "--boot-timeout without --on")
			}
			return nil
		},
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return through(&set, cmd, func() error {
					_, err := fmt.Fprintln(cmd.OutOrStdout(), version())
					return err
				})
			}
			script, err := scenario.Parse(p.words, ops.Verbs())
			if err != nil {
				return err
			}
			only := subject{script: script}
			if err := p.check([]subject{only}); err != nil {
				return err
			}
			return through(&set, cmd, func() error {
				return p.run(cmd.OutOrStdout(), cmd.ErrOrStderr(), only)
			})
		},
	}
	root.SetFlagErrorFunc(flagFault)
	root.SuggestionsMinimumDistance = 2

	root.Flags().SortFlags = false
	p.addSides(root)
	p.addFlags(root, "after this")
	root.Flags().BoolVar(&showVersion, "version", false, "print the version, the commit, Go's version and the running kernel")

	verify, matrix, relay := newVerify(&set), newMatrix(&set), newFwd(&set)
	set.addQuiet(verify, "print nothing: the exit code says it")
	set.addVerbose(verify)
	for _, cmd := range []*cobra.Command{verify, matrix} {
		cmd.Flags().SortFlags = false
		set.addSteps(cmd)
		set.addColour(cmd)
	}
	set.addBootTimeout(matrix)
	matrix.ValidArgsFunction = completeKernels
	set.addPlace(verify)
	set.addQuiet(relay, "print nothing on standard error but errors")
	set.addPlace(relay)

	root.AddCommand(newRun(&set), verify, matrix, relay, newObserve(), newMan(), newList(), newShow(), newStepsTopic(), newFilesTopic(), newKernelsTopic())
	root.SetHelpCommand(newHelp(root))
	setHelp(root)
	mendCompletion(root)
	return root
}

// must is for what fails only if the program is wrong.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// noArguments refuses words that belong to no flag, with what they may have
// been meant to be.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	word := args[0]
	step, _, _ := strings.Cut(word, ",")
	verb, _, _ := strings.Cut(step, ":")
	_, isVerb := scenario.VerbNamed(verb, ops.Verbs())
	hint := fmt.Sprintf("%q tells what may be given", cmd.CommandPath()+" --help")
	switch near := cmd.SuggestionsFor(word); {
	case word == "all" && cmd.Flags().Changed("why"):
		hint = whyAllHint
	case isVerb:
		hint = "steps stand behind -c, -s or -l, separated by commas and no blanks"
	case !cmd.HasParent() && isScenario(word):
		hint = "to run a scenario or a file: sockprobe run " + scenario.ClipPath(word)
	case len(near) > 0:
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return fault(hint, "unexpected argument %.40q", word)
}

// isScenario tells whether a word is a name of the catalogue or that of a .probe file.
func isScenario(word string) bool {
	files, err := sockprobe.Catalogue(ops.Verbs())
	return strings.HasSuffix(word, scenario.Ext) ||
		err == nil && slices.ContainsFunc(files, func(f sockprobe.File) bool { return f.Name == word })
}

// A wordsFlag is a part of a script with its argument, such as -c. It adds itself to the script instead of keeping a
// value, because the order of the flags on the line is that of execution.
type wordsFlag struct {
	option, takes string
	script        *[]string
}

func (f *wordsFlag) Set(value string) error {
	*f.script = append(*f.script, f.option, value)
	return nil
}
func (f *wordsFlag) String() string { return "" }
func (f *wordsFlag) Type() string   { return f.takes }

// A wordFlag is a part without one, such as -e, which also has its place on the line.
type wordFlag struct {
	option string
	script *[]string
}

func (f *wordFlag) Set(s string) error {
	if s != "true" {
		return fault("write "+f.option+" where it should begin", "%s takes no value", f.option)
	}
	*f.script = append(*f.script, f.option)
	return nil
}
func (f *wordFlag) String() string   { return "" }
func (f *wordFlag) Type() string     { return "bool" }
func (f *wordFlag) IsBoolFlag() bool { return true }

// A timeoutFlag is a duration that bounds a wait.
type timeoutFlag time.Duration

func (f *timeoutFlag) Set(s string) error {
	d, err := parseDuration(s, time.Millisecond, time.Hour)
	*f = timeoutFlag(d)
	return err
}

// A settleFlag is a duration that may be none, or left to what the kernel is.
type settleFlag time.Duration

const settleAuto = settleFlag(ops.SettleAuto)

func (f *settleFlag) Set(s string) error {
	if s == "auto" {
		*f = settleAuto
		return nil
	}
	d, err := parseDuration(s, 0, time.Minute)
	*f = settleFlag(d)
	return err
}

func (f *settleFlag) String() string {
	if *f == settleAuto {
		return "auto"
	}
	return time.Duration(*f).String()
}
func (f *settleFlag) Type() string { return "DURATION" }

// An onFlag names a kernel; an empty name is one, too, and an error.
type onFlag struct {
	given bool
	spec  string
}

func (f *onFlag) Set(s string) error {
	f.given, f.spec = true, s
	return nil
}
func (f *onFlag) String() string { return f.spec }
func (f *onFlag) Type() string   { return "KERNEL" }

// A repeatFlag is a number of runs.
type repeatFlag int

func (f *repeatFlag) Set(s string) error {
	const most = 1_000_000
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return fault("give a number, such as 100", "not a number from 1 to %d", most)
	}
	*f = repeatFlag(n)
	return nil
}
func (f *repeatFlag) String() string { return strconv.Itoa(int(*f)) }
func (f *repeatFlag) Type() string   { return "N" }

func parseDuration(s string, least, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < least || d > most {
		return 0, fault("give a number and a unit, such as 200ms or 2s", "not a duration from %v to %v", least, most)
	}
	return d, nil
}

func (f *timeoutFlag) String() string          { return f.duration().String() }
func (f *timeoutFlag) Type() string            { return "DURATION" }
func (f *timeoutFlag) duration() time.Duration { return time.Duration(*f) }
