package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"sockprobe"
	"sockprobe/kernel"
	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

// An outcome is what one kernel answered to files, and what to make of it.
type outcome struct {
	system  scenario.System
	answers []observed // one a file
	suite   report.Suite
	faults  []error // of files
}

// ask runs files on a kernel, or in this process if k is nil, all in one boot
// and within --boot-timeout.
func ask(ctx context.Context, k kernel.Kernel, files []sockprobe.File, set *settings, shown *progress) (outcome, error) {
	req := request{Timeout: set.timeout.duration(), Settle: time.Duration(set.settle), Repeat: int(set.repeat)}
	for _, f := range files {
		if f.Fault == nil {
			req.Scripts = append(req.Scripts, f.Script.String())
		}
	}
	ctx, cancel := context.WithTimeout(ctx, set.bootTimeout.duration())
	defer cancel()
	answer := bounded{most: maxAnswer}
	start := time.Now()
	if err := execute(ctx, k, req, &answer, shown); err != nil {
		return outcome{}, err
	}
	got, err := readAnswer(answer.kept.Bytes(), len(req.Scripts))
	if err != nil {
		return outcome{}, err
	}
	o := outcome{system: got.system}
	o.suite = report.Suite{Kernel: got.system.Short(), Release: got.system.Release, Duration: time.Since(start)}
	answers := got.results
	for _, f := range files {
		var a observed
		if f.Fault == nil {
			a, answers = answers[0], answers[1:]
		}
		r, fault := judge(f, got.system, a)
		if fault != nil {
			r = report.Result{Name: f.Label(), Status: report.Broken, Reason: fault.Error()}
			o.faults = append(o.faults, fault)
		}
		if r.Status == report.Wrong && r.Diff != "" {
			r.Host = got.host
		}
		o.answers = append(o.answers, a)
		o.suite.Results = append(o.suite.Results, r)
	}
	return o, nil
}

// maxAnswer bounds what is kept of what a kernel says, in bytes. The catalogue's answers
// are a hundredth of it.
const maxAnswer = 64 << 20

// A bounded buffer takes no more than so many bytes.
type bounded struct {
	kept bytes.Buffer // not embedded: its ReadFrom knows no bound
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.kept.Len()+len(p) > b.most {
		return 0, fmt.Errorf("the answer is longer than %d bytes", b.most)
	}
	return b.kept.Write(p)
}

// execute has a request answered.
func execute(ctx context.Context, k kernel.Kernel, req request, answer io.Writer, shown *progress) error {
	if k == nil {
		return observe(req, answer, func(script int) {
			shown.set("scenario %d of %d", script+1, len(req.Scripts))
		})
	}
	stdin, err := json.Marshal(req)
	if err != nil {
		return err
	}
	stderr := bounded{most: maxAnswer}
	code, err := k.Run(ctx, kernel.Job{
		Args: []string{"observe"}, Stdin: stdin, Stdout: answer, Stderr: &stderr, Notice: notices{shown},
	})
	switch {
	case err != nil:
		return err
	case code != exitOK:
		return fmt.Errorf("%s: exit code %d there: %s", k.Name(), code, bytes.TrimSpace(stderr.kept.Bytes()))
	default:
		return nil
	}
}

// judge holds a kernel's answers to one file against the golden for it. The error is a fault
// of the file.
func judge(f sockprobe.File, system scenario.System, o observed) (report.Result, error) {
	if f.Fault != nil {
		return report.Result{}, f.Fault
	}
	section, golden, err := f.Resolve(system)
	if err != nil {
		return report.Result{}, err
	}
	r := report.Result{Name: f.Label(), Essence: f.Essence(), Script: f.Script.String()}
	if reason := f.Skip(system); reason != "" {
		r.Status, r.Reason = report.Skipped, reason
		return r, nil
	}
	if o.lacks != "" {
		r.Status, r.Reason = report.Skipped, o.lacks
		return r, nil
	}
	r.Golden, r.Duration = section, o.took
	got := report.Stable(o.tally)
	switch {
	case golden == nil:
		r.Status, r.Reason, r.Answers = report.Wrong, noGolden(f), string(got)
	case !report.Agrees(golden, got):
		r.Status, r.Diff = report.Wrong, report.GoldenDiff(f.Label(), section, golden, got)
	case !report.Agrees(f.Golden, got):
		r.Status, r.Diff = report.Differs, report.GoldenDiff(f.Label(), "golden", f.Golden, got)
	}
	if r.Status != report.Same {
		r.Why, r.WhySee = f.Told(system)
		r.See = f.Links()
	}
	return r, nil
}

// noGolden says that a file has no golden, and what writes one.
func noGolden(f sockprobe.File) string {
	return fmt.Sprintf("it has no golden; \"sockprobe verify -u %s\" writes one", f.Label())
}

// rewrite puts a kernel's answers into a file where its golden has others. It
// tells what it did, or gives "" if there was nothing to do.
//
// The default golden is what a current Linux answers, which this process's kernel
// is taken to be if it is one. Any other kernel's answers go into an overlay.
func rewrite(f *sockprobe.File, o outcome, i int) (string, error) {
	if o.answers[i].lacks != "" || f.Skip(o.system) != "" {
		return "", nil
	}
	got := report.Stable(o.answers[i].tally)
	section, golden, err := f.Resolve(o.system)
	switch {
	case err != nil:
		return "", err
	case golden != nil && report.Agrees(golden, got):
		return "", nil
	}
	isOverlay := section != "golden"
	if isOverlay && !f.Specific(section, o.system) { // Linux's, for User Mode Linux
		section, isOverlay = "golden", false
	}
	here := ops.System()
	current := o.system.Kind == "linux" && here.Kind == "linux" && o.system.Short() == here.Short()
	switch {
	case isOverlay && report.Agrees(f.Golden, got) && !f.Narrow(section):
		return "", &scenario.Error{
			Where:   f.Label(),
			Problem: fmt.Sprintf("%q is for %s %s too, which answers as the default does", section, o.system.Kind, o.system.Release),
			Hint:    "narrow its versions by hand",
		}
	case isOverlay && report.Agrees(f.Golden, got):
		f.DropOverlay(section)
		return "removed " + section, nil
	case isOverlay || current:
	case o.system.Kind != "linux":
		section += " " + o.system.Kind
	default:
		section += " linux=" + o.system.Short()
	}
	return section, f.SetGolden(section, report.Merge(golden, got))
}
