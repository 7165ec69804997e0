package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

// probing is what the flags of the probe ask for, whichever command has them.
type probing struct {
	set    *settings
	words  []string // -c, -s, -l, -e and the like as they stand on the line
	format choice
	draw   bool
	save   fileFlag
}

func newProbing(set *settings) *probing {
	return &probing{set: set, format: choice{"text", formatNames}}
}

// A subject is a script to run. One that has been read also has a name and the text above the script.
type subject struct {
	name, comment string
	script        scenario.Script
}

// essence is the first line of the text above the script.
func (s subject) essence() string {
	f := scenario.File{Comment: s.comment}
	return f.Essence()
}

// addSides adds the flags that take steps.
func (p *probing) addSides(cmd *cobra.Command) {
	flags := cmd.Flags()
	for _, side := range []scenario.Side{scenario.Client, scenario.Server, scenario.Listener, scenario.Client2, scenario.Server2} {
		steps := func(side scenario.Side) string {
			name := strings.ReplaceAll(side.Name(), " ", "-")
			flags.VarP(&wordsFlag{"-" + side.String(), "STEPS", &p.words}, name, side.String(), "steps on the "+side.Name()+"'s socket")
			must(cmd.RegisterFlagCompletionFunc(name, completeSteps))
			return name
		}
		steps(side)
		must(flags.MarkHidden(steps(side.Copy())))
	}
}

// addFlags adds all flags of the probe but those that take steps. Where says what those of them are
// for that are part of a script.
func (p *probing) addFlags(cmd *cobra.Command, where string) {
	flags, set := cmd.Flags(), p.set
	flags.VarP(&wordFlag{"-e", &p.words}, "epoll", "e", "ask epoll in the pol and wai steps "+where+": --api epoll")
	flags.Var(&wordsFlag{"--api", "WORD", &p.words}, "api", "ask so in the steps "+where+": "+strings.Join(scenario.APINames(), ", "))
	completeWords(cmd, "api", scenario.APINames())
	flags.Var(&wordsFlag{"--family", "WORD", &p.words}, "family", "what sockets: "+strings.Join(scenario.FamilyNames(), ", "))
	completeWords(cmd, "family", scenario.FamilyNames())
	flags.VarP(&wordFlag{"-n", &p.words}, "explicit", "n", "imply no con and no acc")
	for _, name := range []string{"epoll", "explicit"} {
		flags.Lookup(name).NoOptDefVal = "true"
	}
	flags.Var(&p.format, "format", "text, classic (as in 2019), json or svg (a picture)")
	completeWords(cmd, "format", formatNames)

	flags.BoolVar(&p.draw, "draw", false, "draw a sequence diagram, in text or with --format svg")
	flags.Var(&set.width, "width", "columns for --draw, from 20 to 10000; 80 where there is no terminal")
	addWhy(cmd, &set.why)
	flags.Var(&p.save, "save", "write the script and its answers to FILE, a new .probe file that verify takes")
	must(cmd.MarkFlagFilename("save", "probe"))
	set.addQuiet(cmd, "print no answers, for a look from outside: strace sockprobe -q ...")
	set.addVerbose(cmd)
	must(flags.MarkHidden("verbose")) // the original's -v, which is what is printed anyway
	set.addSteps(cmd)
	set.addPlace(cmd)
	set.addColour(cmd)
}

// check finds what does not go together, before anything runs.
func (p *probing) check(subjects []subject) error {
	format, err := outputFormat(p.format.value, p.draw)
	if err != nil {
		return err
	}
	if err := needsDrawing(format, *p.set); err != nil {
		return err
	}
	if len(subjects) > 1 && format == "svg" {
		return fault("run them one by one", "--format svg is one picture, and there are %d scripts", len(subjects))
	}
	if p.set.why.given {
		if err := explains(format, *p.set); err != nil {
			return err
		}
		if !slices.ContainsFunc(subjects, func(s subject) bool { return s.explainable() == nil }) {
			return subjects[0].explainable() // runAll passes over one of several
		}
	}
	if p.save != "" {
		return p.saveable(len(subjects))
	}
	return nil
}

// run runs one script, shows what comes of it and saves that if it is to be saved.
func (p *probing) run(stdout io.Writer, stderr io.Writer, s subject) error {
	ctx := context.Background()
	if p.set.repeat > 1 {
		var stop context.CancelFunc
		ctx, stop = interruptible()
		defer stop()
	}
	if p.set.quiet {
		stdout = io.Discard
	}
	format, err := outputFormat(p.format.value, p.draw)
	if err != nil {
		return err
	}
	tally, err := probe(ctx, stdout, stderr, s, format, *p.set)
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("interrupted after %d of %d runs", tally.Runs/max(1, len(tally.Asked.Names())), p.set.repeat)
	}
	switch {
	case p.save == "":
		return err
	case err == nil, errors.Is(err, ops.ErrNoServer): // a script that ends early is a scenario, too
		return cmp.Or(p.write(stderr, s, tally), err)
	default:
		fmt.Fprintf(stderr, "sockprobe: %s was not saved\n", scenario.ClipPath(string(p.save)))
		return err
	}
}

// probe runs a script and prints its answers.
func probe(ctx context.Context, stdout, stderr io.Writer, s subject, format string, set settings) (*scenario.Tally, error) {
	opts := ops.Options{Timeout: set.timeout.duration(), Settle: time.Duration(set.settle)}
	if format == "draw" || format == "svg" {
		return picture(ctx, stdout, stderr, s.script, format, opts, set)
	}
	p := newPrinter(format, stdout, set.coloured(stdout), s.name)
	p.Begin()
	if set.repeat > 1 || s.script.Uses(scenario.All) {
		shown := newProgress(stderr)
		opts.Ran = func(runs int) { shown.set("%d of %d runs", runs, set.repeat) }
		opts.Ran(0)
		tally, err := ops.RepeatContext(ctx, s.script, opts, int(set.repeat))
		shown.stop()
		if tally != nil {
			p.Tally(tally)
		}
		return tally, ended(p, err)
	}
	var run []scenario.Observation
	var err error
	if set.why.given {
		run, err = ops.Explained(s.script, opts, set.why.extent)
		for _, o := range run {
			p.Observe(o)
		}
	} else {
		err = ops.Run(s.script, opts, func(o scenario.Observation) {
			p.Observe(o)
			run = append(run, o)
		})
	}
	tally := &scenario.Tally{}
	tally.Add(run)
	return tally, ended(p, err)
}

// explains tells which flags --why does not go with.
func explains(format string, set settings) error {
	switch {
	case format == "classic":
		return fault("leave one of them out, or write --format text or json", "--why does not go with --format classic, which has no place for it")
	case format == "draw", format == "svg":
		return fault("leave one of them out", "--why does not go with a picture, which has no place for it")
	case set.repeat > 1:
		return fault("leave one of them out", "--why does not go with --repeat: what it says is about one run")
	default:
		return nil
	}
}

// explainable tells why --why cannot explain a script.
func (s subject) explainable() error {
	if !s.script.Uses(scenario.All) {
		return nil
	}
	const hint, problem = "write the way to ask: --api epoll", "--why does not go with --api all: what it says is about one run"
	if s.name == "" {
		return fault(hint, problem)
	}
	return fault(hint, "%s: %s", s.name, problem)
}

// ended ends the output of a script with what came of it.
func ended(p *report.Printer, err error) error {
	if err := runFault(err); err != nil {
		return err
	}
	p.End()
	return nil
}

// runFault is the error that a script ends the program with.
func runFault(err error) error {
	if _, lacks := ops.Lacks(err); lacks {
		return skipped{err}
	}
	if errors.Is(err, ops.ErrNoServer) {
		return hinted{err, "the answer to the acc above says why; the script ends there"}
	}
	return err
}

// newPrinter makes the printer for a format. A script that has been read has a name.
func newPrinter(format string, w io.Writer, colour bool, name string) *report.Printer {
	switch format {
	case "classic":
		return report.Classic(w)
	case "json":
		return report.JSONOf(w, name)
	default:
		return report.Text(w, colour)
	}
}
