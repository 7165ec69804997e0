package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sockprobe/ops"
	"sockprobe/report"
	"sockprobe/scenario"
)

// A request is what one kernel is asked: scripts, and how to run them. "sockprobe
// observe" reads it from standard input and answers in lines of JSON: first the
// system, then for each script a heading and its observations. It is how verify
// and matrix run scripts on another kernel, all in one boot.
type request struct {
	Timeout time.Duration `json:"timeout"`
	Settle  time.Duration `json:"settle"`
	Repeat  int           `json:"repeat"`
	Scripts []string      `json:"scripts"`
}

// A heading is a line of the answer that is no observation.
type heading struct {
	System *scenario.System `json:"system,omitempty"` // the first line
	Script *int             `json:"script,omitempty"` // the script that the lines below are of
	Took   time.Duration    `json:"took,omitempty"`
	Steps  int              `json:"steps,omitempty"` // how many lines those are
	Lacks  string           `json:"lacks,omitempty"` // what the kernel lacks for it, instead
	Host   []string         `json:"host,omitempty"`  // the last line: what may be the cause of an unexpected answer
}

// observed is what a kernel answered to a script.
type observed struct {
	tally *scenario.Tally
	took  time.Duration
	lacks string // why there is no tally
}

func newObserve() *cobra.Command {
	return &cobra.Command{
		Use:    "observe",
		Short:  "Run the scripts of a request on standard input, for verify and matrix on other kernels",
		Hidden: true,
		Args:   noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var req request
			if err := json.NewDecoder(os.Stdin).Decode(&req); err != nil {
				return fmt.Errorf("read the request: %w", err)
			}
			return observe(req, cmd.OutOrStdout(), func(int) {})
		},
	}
}

// observe answers a request on this kernel. It calls begin with the number of each
// script before it runs that script.
func observe(req request, stdout io.Writer, begin func(script int)) error {
	scripts := make([]scenario.Script, len(req.Scripts))
	for i, line := range req.Scripts {
		var err error
		if scripts[i], err = scenario.Parse(strings.Fields(line), ops.Verbs()); err != nil {
			return err
		}
	}
	w := bufio.NewWriter(stdout)
	enc := json.NewEncoder(w)
	system := ops.System()
	opts := ops.Options{Timeout: req.Timeout, Settle: req.Settle}
	if err := enc.Encode(heading{System: &system}); err != nil {
		return err
	}
	host := ops.WatchHost()
	for i, script := range scripts {
		begin(i)
		host.Look()
		start := time.Now()
		tally, err := ops.Repeat(script, opts, req.Repeat)
		if err == nil && script.Uses(scenario.All) && tally.Asked&scenario.Uring.Of() == 0 {
			err = ops.ErrNoRing // a golden has its answers, too
		}
		if _, lacks := ops.Lacks(err); lacks {
			if err := enc.Encode(heading{Script: &i, Lacks: err.Error()}); err != nil {
				return err
			}
			if err := w.Flush(); err != nil {
				return err
			}
			continue
		}
		if err != nil && !errors.Is(err, ops.ErrNoServer) {
			return err
		}
		lines := 0
		for _, answers := range tally.Steps {
			lines += len(answers)
		}
		if err := enc.Encode(heading{Script: &i, Took: time.Since(start), Steps: lines}); err != nil {
			return err
		}
		report.JSON(w).Tally(tally)
		if err := w.Flush(); err != nil { // a script at a time, so that a hang shows where it is
			return err
		}
	}
	if causes := host.Causes(); causes != nil {
		if err := enc.Encode(heading{Host: causes}); err != nil {
			return err
		}
	}
	return w.Flush()
}

// A reading is what observe wrote.
type reading struct {
	system  scenario.System
	results []observed // one for each script
	host    []string   // what may be the cause of an unexpected answer
}

// readAnswer reads what observe wrote.
func readAnswer(data []byte, scripts int) (reading, error) {
	var r reading
	r.results = make([]observed, scripts)
	done := 0
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var h heading
		if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
			return r, fmt.Errorf("the answer after script %d: %w", done, err)
		}
		switch {
		case h.System != nil:
			r.system = *h.System
			continue
		case h.Host != nil:
			r.host = h.Host
			continue
		case h.Script == nil || *h.Script != done || done >= scripts:
			return r, fmt.Errorf("the answer after script %d is out of order", done)
		}
		tally := &scenario.Tally{}
		for range h.Steps {
			if !lines.Scan() {
				return r, fmt.Errorf("the answer ends in the middle of script %d", done+1)
			}
			o, runs, err := report.ParseJSON(lines.Bytes())
			if err != nil {
				return r, fmt.Errorf("the answer to script %d: %w", done+1, err)
			}
			tally.Runs = runs
			tally.AddCounted(o)
		}
		r.results[done] = observed{tally: tally, took: h.Took, lacks: h.Lacks}
		done++
	}
	if done < scripts {
		return r, fmt.Errorf("the answer ends after %d of %d scripts", done, scripts)
	}
	return r, lines.Err()
}
