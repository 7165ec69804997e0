package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"sockprobe"
	"sockprobe/kernel"
	"sockprobe/report"
)

// errNoBoot ends a matrix in which a kernel did not run; which one, and why, is
// in what it printed.
var errNoBoot = errors.New("a kernel did not run")

func newMatrix(set *settings) *cobra.Command {
	format := choice{"text", matrixFormats}
	var only []string
	var page string
	var all bool
	cmd := &cobra.Command{
		Use:   "matrix KERNEL...",
		Short: "Run the catalogue on several kernels and show where they differ",
		Long: `matrix runs the catalogue on each kernel, one boot a kernel for all scenarios and
as many kernels at a time as there are processors. It prints what is new: the
kernels that did not run, then what is wrong, then where kernels differ and why,
as the files say it, with the lines that differ. --all adds the table: a row a
scenario, a column a kernel, Linux in the order of its versions. A result is

    same     it answers what the default golden has: what a current Linux answers
    differs  it answers otherwise, as the golden for such kernels has it
    wrong    it does not answer what its golden has; the exit code will be 1
    skipped  the kernel lacks what the scenario is about, as its file says
    broken   its file cannot be read; the exit code will be 2

A kernel is one of
` + kernelTable(),
		Example: `  sockprobe matrix build/kernels/vmlinuz-* uml gvisor
  sockprobe matrix --format html host uml >matrix.html`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fault("name some, such as: sockprobe matrix host uml /boot/vmlinuz-*", "matrix needs kernels to run on")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := load(only, format.value, false)
			if err != nil {
				return err
			}
			kernels := make([]kernel.Kernel, len(args))
			for i, spec := range args {
				if kernels[i], err = kernel.Open(spec); err != nil {
					return err
				}
			}
			if page != "" {
				if err := touch(page); err != nil { // before all the boots
					return fault("name a file that can be written", "write %s: %w", page, err)
				}
			}
			ctx, stop := interruptible()
			defer stop()
			start := time.Now()
			suites, list := runMatrix(ctx, kernels, files, set, cmd.ErrOrStderr())
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
			m := report.Matrix{Suites: suites, Took: time.Since(start), Made: start, Version: version()}
			out := cmd.OutOrStdout()
			if format.value == "text" {
				report.MatrixText(out, m, all, set.coloured(out))
			} else if err := render(out, format.value, m); err != nil {
				return err
			}
			if page != "" {
				var html bytes.Buffer
				if err := report.HTML(&html, m); err != nil {
					return err
				}
				if err := replaceFile(page, html.Bytes()); err != nil {
					return fmt.Errorf("write %s: %w", page, err)
				}
			}
			return verdict(suites, list)
		},
	}
	cmd.Flags().Var(&format, "format", "text, ktap, junit, json or html")
	cmd.Flags().BoolVar(&all, "all", false, "print the table of all scenarios, too")
	cmd.Flags().StringVar(&page, "html", "", "write the page of --format html to `FILE`, too")
	cmd.Flags().StringSliceVar(&only, "only", nil, "these scenarios (`NAME,FILE,DIR`) instead of the catalogue")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(matrixFormats, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("only", completeNames))
	return cmd
}

// verdict is the error that suites amount to, with the faults of files.
func verdict(suites []report.Suite, list faults) error {
	if slices.ContainsFunc(suites, func(s report.Suite) bool { return s.Failure != "" }) {
		list = append(list, errNoBoot)
	}
	if len(list) > 0 {
		return list
	}
	switch c := report.Count(suites...); {
	case c.Failed > 0:
		return errDiffers
	case c.Passed == 0 && c.Skipped > 0:
		return errSkipped
	}
	return nil
}

// runMatrix runs files on kernels, as many at a time as there are processors. It gives the
// faults of files, too.
func runMatrix(ctx context.Context, kernels []kernel.Kernel, files []sockprobe.File, set *settings, stderr io.Writer) ([]report.Suite, faults) {
	outcomes := make([]outcome, len(kernels))
	shown := newBootProgress(stderr, kernels)
	defer shown.stop()
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.NumCPU(), len(kernels)) {
		workers.Go(func() {
			// A child dies with the thread that started it: see package kernel.
			runtime.LockOSThread()
			for i := range next {
				k := kernels[i]
				shown.begin(k)
				o, err := ask(ctx, k, files, set, shown.progress)
				if err != nil {
					o.suite = report.Suite{Kernel: k.Name(), Failure: failure(err)}
				}
				outcomes[i] = o
				shown.end(k)
			}
		})
	}
	for i := range kernels {
		next <- i
	}
	close(next)
	workers.Wait()

	// Linux by its versions, so that a change shows once; the others as named.
	slices.SortStableFunc(outcomes, func(a, b outcome) int { return a.system.Compare(b.system) })
	suites := make([]report.Suite, len(outcomes))
	var list faults
	for i, o := range outcomes {
		suites[i] = o.suite
		for _, fault := range o.faults { // a file's fault may be one on every kernel
			if !slices.ContainsFunc(list, func(f error) bool { return f.Error() == fault.Error() }) {
				list = append(list, fault)
			}
		}
	}
	tellApart(suites)
	return suites, list
}

// failure is an error with its hint and the console that goes with it.
func failure(err error) string {
	text := err.Error()
	if hint := hintFor(err); hint != "" {
		text += "\nhint: " + hint
	}
	if boot, ok := errors.AsType[*kernel.BootError](err); ok && boot.Console != "" {
		text += "\n" + boot.Console
	}
	return text
}

// tellApart gives kernels of the same short name their release instead, and a
// number if that does not tell them apart either.
func tellApart(suites []report.Suite) {
	short, full := map[string]int{}, map[string]int{}
	for _, s := range suites {
		short[s.Kernel]++
	}
	for i, s := range suites {
		if short[s.Kernel] < 2 {
			continue
		}
		name := s.Release
		if name == "" {
			name = s.Kernel
		}
		if full[name]++; full[name] > 1 {
			name = fmt.Sprintf("%s (%d)", name, full[name])
		}
		suites[i].Kernel = name
	}
}

// A bootProgress says which kernels of a matrix run.
type bootProgress struct {
	*progress
	mu      sync.Mutex
	running []string
	done    int
	total   int
}

func newBootProgress(stderr io.Writer, kernels []kernel.Kernel) *bootProgress {
	b := &bootProgress{progress: newProgress(stderr), total: len(kernels)}
	if slices.ContainsFunc(kernels, kernel.MayAsk) {
		b.stop() // see newRunProgress
	}
	return b
}

func (b *bootProgress) begin(k kernel.Kernel) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = append(b.running, k.Name())
	b.say()
}

func (b *bootProgress) end(k kernel.Kernel) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.Index(b.running, k.Name())
	b.running = slices.Delete(b.running, at, at+1)
	b.done++
	b.say()
}

func (b *bootProgress) say() {
	b.set("%d of %d kernels done, running: %s", b.done, b.total, strings.Join(b.running, ", "))
}
