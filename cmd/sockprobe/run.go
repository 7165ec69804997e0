package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sockprobe"
	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

// stdinName is what messages call the scenario that is read from standard input.
const stdinName = "standard input"

func newRun(set *settings) *cobra.Command {
	p := newProbing(set)
	var parcel bool
	cmd := &cobra.Command{
		Use:   "run {NAME|FILE|DIR|-}...",
		Short: "Run scenarios as the probe does, with its flags",
		Long: `run runs scenarios of the catalogue and .probe files and prints what the kernel
answers now, in every way that the probe has: --why, --draw, --repeat and the
like. It compares nothing; "sockprobe verify" does.

- is standard input: a .probe file, or the steps of a command line, also with
"sockprobe" before them.

--api, -e, --family and -n hold for the whole script, whatever it says itself.

Where there are several scenarios, each has a heading. With --format json each
object has its scenario's name, also where there is one.

With --on the files are read here and run there, all in one boot.`,
		Example: `  sockprobe run --why data-survives-rst
  sockprobe run --api all --family unix ./mine.probe
  echo '-c snd -s pol' | sockprobe run --draw -
  sockprobe run --save mine.probe --repeat 100 first-wake`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case parcel:
				return noArguments(cmd, args)
			case len(args) == 0:
				return fault("\"sockprobe list\" prints the names; - is standard input", "run takes the name of a scenario or a file")
			}
			return nil
		},
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			subjects, err := p.subjects(args, parcel)
			if err != nil {
				return err
			}
			if err := p.check(subjects); err != nil {
				return err
			}
			if set.on.given {
				return p.send(cmd, subjects)
			}
			return p.runAll(cmd.OutOrStdout(), cmd.ErrOrStderr(), subjects)
		},
	}
	cmd.Flags().SortFlags = false
	p.addFlags(cmd, "of the script")
	cmd.Flags().BoolVar(&parcel, "parcel", false, "standard input holds the scripts that another sockprobe sends")
	must(cmd.Flags().MarkHidden("parcel"))
	return cmd
}

// runAll runs scripts one after another. The others run, too, where the kernel lacks something for one,
// where one ends for want of a server's socket, or where --why cannot explain one.
func (p *probing) runAll(stdout, stderr io.Writer, subjects []subject) error {
	if len(subjects) == 1 {
		return p.run(stdout, stderr, subjects[0])
	}
	ran := 0
	var failed error
	headed := false
	for _, s := range subjects {
		if err := s.explainable(); err != nil && p.set.why.given {
			fmt.Fprintln(stderr, "sockprobe:", report.Printable(err.Error()))
			failed = exitStatus(exitUsage)
			continue
		}
		if p.format.value != "json" && !p.set.quiet {
			if headed {
				fmt.Fprintln(stdout)
			}
			headed = true
			fmt.Fprintln(stdout, report.Heading(s.name, s.essence(), p.set.coloured(stdout)))
		}
		err := p.run(stdout, stderr, s)
		switch _, skips := errors.AsType[skipped](err); {
		case err == nil:
			ran++
		case skips:
			fmt.Fprintf(stderr, "sockprobe: %s: %v\n", s.name, err)
		case errors.Is(err, ops.ErrNoServer):
			ran++
			fmt.Fprintf(stderr, "sockprobe: %s: %v\n", s.name, err)
			failed = exitStatus(exitUsage)
		default:
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if ran == 0 && failed == nil {
		return errSkipped
	}
	return failed
}

// subjects reads what a command line names, with the script as its flags want it.
func (p *probing) subjects(args []string, parcel bool) ([]subject, error) {
	if parcel {
		return receive(os.Stdin)
	}
	if i := slices.Index(args, "-"); i >= 0 && slices.Contains(args[i+1:], "-") {
		return nil, fault("write - once", "standard input can be read only once")
	}
	var files []sockprobe.File
	for _, arg := range args {
		if arg != "-" {
			more, err := sockprobe.Load([]string{arg}, ops.Verbs())
			switch {
			case err != nil && arg == "all" && p.set.why.given:
				return nil, hinted{err, whyAllHint}
			case err != nil:
				return nil, err
			}
			files = append(files, more...)
			continue
		}
		f, err := readScript(os.Stdin)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	subjects := make([]subject, len(files))
	for i, f := range files {
		script, err := p.overrule(f.Script)
		if err != nil {
			return nil, err
		}
		subjects[i] = subject{name: f.Label(), comment: f.Comment, script: script}
	}
	return subjects, nil
}

// overrule gives a script the family and the way to ask of the flags, where these are given.
func (p *probing) overrule(script scenario.Script) (scenario.Script, error) {
	if len(p.words) == 0 {
		return script, nil
	}
	ways := slices.DeleteFunc(slices.Clone(p.words), func(w string) bool { return w != "--api" && w != "-e" })
	if len(ways) > 1 {
		return script, fault("leave one of them out: it is for the whole script", "%s is given behind %s", ways[1], ways[0])
	}
	// The flags as a script of their own: the parser knows what is wrong with them.
	flags, err := scenario.Parse(append(slices.Clone(p.words), "-c", "clo"), ops.Verbs())
	if err != nil {
		return script, err
	}
	given := func(words ...string) bool {
		return slices.ContainsFunc(p.words, func(w string) bool { return slices.Contains(words, w) })
	}
	if given("--family") {
		script.Family = flags.Family
	}
	script.Explicit = script.Explicit || flags.Explicit
	if given("--api", "-e") {
		script.Commands = slices.Clone(script.Commands)
		for i := range script.Commands {
			script.Commands[i].API = flags.Commands[0].API
		}
	}
	return script, nil
}

// readScript reads a .probe file, or the steps of a command line, from a stream.
func readScript(r io.Reader) (sockprobe.File, error) {
	data, err := io.ReadAll(io.LimitReader(r, scenario.MaxFileSize+1))
	if err != nil {
		return sockprobe.File{}, fmt.Errorf("read standard input: %w", err)
	}
	line := withoutName(bytes.TrimSpace(data))
	if len(line) > 0 && (line[0] != '-' || bytes.HasPrefix(line, []byte("-- "))) || len(data) > scenario.MaxFileSize {
		f, err := scenario.ParseFile(stdinName, data, ops.Verbs())
		return sockprobe.File{File: f}, err
	}
	script, err := scenario.Parse(strings.Fields(string(line)), ops.Verbs())
	if fault, ok := errors.AsType[*scenario.Error](err); ok {
		fault.Where = strings.TrimSuffix(stdinName+": "+fault.Where, ": ")
	}
	return sockprobe.File{File: &scenario.File{Name: stdinName, Script: script}}, err
}

// withoutName is a command line without the "sockprobe" or "$ sockprobe" that it was copied with.
func withoutName(line []byte) []byte {
	words := bytes.TrimLeft(bytes.TrimPrefix(line, []byte("$")), " ")
	rest, ok := bytes.CutPrefix(words, []byte("sockprobe "))
	if rest = bytes.TrimLeft(rest, " "); ok && bytes.HasPrefix(rest, []byte("-")) && !bytes.Contains(rest, []byte("\n-- ")) {
		return rest
	}
	return line
}

// sent is a subject on its way to another kernel.
type sent struct {
	Name    string `json:"name,omitempty"`
	Comment string `json:"comment,omitempty"`
	Script  string `json:"script"`
}

// send runs scripts on the kernel of --on, by this same command there: the files are here.
func (p *probing) send(cmd *cobra.Command, subjects []subject) error {
	var parcel []sent
	for _, s := range subjects {
		parcel = append(parcel, sent{s.name, s.comment, s.script.String()})
	}
	stdin, err := json.Marshal(parcel)
	if err != nil {
		return err
	}
	args := []string{"run", "--parcel"}
	inScript := []string{"api", "epoll", "family", "explicit"} // and there already
	here := []string{"on", "boot-timeout", "color", "width"}   // or given by runThere
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(slices.Concat(inScript, here), f.Name) {
			args = append(args, "--"+f.Name+"="+f.Value.String())
		}
	})
	return runThere(p.set, cmd, args, stdin)
}

// receive reads what send wrote.
func receive(r io.Reader) ([]subject, error) {
	var parcel []sent
	if err := json.NewDecoder(r).Decode(&parcel); err != nil {
		return nil, fmt.Errorf("read the scripts: %w", err)
	}
	subjects := make([]subject, len(parcel))
	for i, s := range parcel {
		script, err := scenario.Parse(strings.Fields(s.Script), ops.Verbs())
		if err != nil {
			return nil, err
		}
		subjects[i] = subject{s.Name, s.Comment, script}
	}
	return subjects, nil
}
