package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sockprobe/internal/effort"
)

// A wrapper is a shell script that stands for a command of exec:. The script may leave a
// process behind, whose number it writes to the file "left", below its directory.
type wrapper struct{ dir, path string }

func newWrapper(t *testing.T, script string) wrapper {
	t.Helper()
	dir := t.TempDir()
	w := wrapper{dir: dir, path: filepath.Join(dir, "wrapper")}
	text := "#!/bin/sh\nleft=" + filepath.Join(dir, "left") + "\n" + script + "\n"
	if err := os.WriteFile(w.path, []byte(text), 0o755); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if pid := w.left(t); pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return w
}

// left is the number of the process that the script has left, 0 if there is none.
func (w wrapper) left(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "left"))
	if errors.Is(err, fs.ErrNotExist) || len(data) == 0 {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// leave is what a script does to leave a process behind.
const leave = "sleep 600 & echo $! >$left\n"

// execLimit is far more than anything here takes: a run that is bounded by nothing else fails.
const execLimit = 90 * time.Second

// TestExec holds what comes of commands that do other things than to run the program and
// to end with it.
func TestExec(t *testing.T) {
	effort.Same(t)
	program := static(t)
	tests := []struct {
		name, script string
		args         []string // -c snd -s pol if there are none
		without      string   // what standard error lacks, if anything
		limit        string   // of --boot-timeout
		code         int
		answers      bool // the answers come, and nothing else
		want         []string
	}{
		{name: "a banner", script: `echo Welcome; printf 'to\r\n\nh 1\n'; exec "$@"`, answers: true},
		{name: "a prompt", script: `printf 'host> '; exec "$@"`, answers: true},
		{name: "a terminal", script: `"$@" | sed 's/$/\r/'`, answers: true},
		{
			name: "a banner alone", script: "echo; echo Welcome", code: exitUsage,
			want: []string{`it printed text and no answer, beginning with "Welcome"`, "hint: the program must be there, under /"},
		},
		{
			name: "a banner and an error", script: "echo Welcome; exit 3", code: exitUsage,
			want: []string{`it printed text and no answer, beginning with "Welcome"`},
		},
		{
			name: "a banner without end", script: "exec yes Welcome", code: exitUsage,
			want: []string{`more than 65536 bytes of text and no answer, beginning with "Welcome"`, "hint: let the command print less"},
		},
		{
			name: "a line without end", script: `exec tr '\0' x </dev/zero`, code: exitUsage,
			want: []string{"more than 65536 bytes of text and no answer"},
		},
		{
			name: "a line without end after the beginning", script: `printf 'h 0\n'; exec tr '\0' x </dev/zero`, code: exitUsage,
			want: []string{"the answer is garbled"}, without: "the program must be there",
		},
		{
			name: "an answer that is cut off", script: `printf 'h 0\no 30\nhi\n'`, code: exitUsage,
			want: []string{"the answer is cut off"}, without: "the program must be there",
		},
		{
			name: "an answer without end", args: []string{"verify"}, code: exitUsage,
			script: `printf 'h 0\n'; while printf 'o 1048576\n'; do head -c 1048576 /dev/zero; done`,
			want:   []string{"the answer is longer than 67108864 bytes"}, without: "the program must be there",
		},
		{
			name: "an orphan", script: leave, code: exitUsage,
			want: []string{"ended without an answer, but a process that it left has its output open", "hint: let the command wait"},
		},
		{
			name: "an orphan after a banner", script: "echo Welcome\n" + leave + "exit 3", code: exitUsage,
			want: []string{"ended without an answer, but a process that it left has its output open (exit status 3)"},
		},
		{name: "an orphan after the answer", script: `"$@"` + "\n" + leave, answers: true},
		{
			name: "an orphan in time", script: leave + "wait", limit: "1s", code: exitUsage,
			want: []string{"it did not finish in time", "--boot-timeout"},
		},
	}
	here, _, _ := on(t, "-c", "snd", "-s", "pol")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWrapper(t, tt.script)
			if tt.limit == "" {
				tt.limit = "10m"
			}
			ctx, cancel := context.WithTimeout(t.Context(), execLimit)
			defer cancel()
			var stdout, stderr bytes.Buffer
			if tt.args == nil {
				tt.args = []string{"-c", "snd", "-s", "pol"}
			}
			cmd := exec.CommandContext(ctx, program, append(tt.args, "--on", "exec:"+w.path, "--boot-timeout", tt.limit)...)
			cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, time.Second
			_ = cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != tt.code || ctx.Err() != nil {
				t.Errorf("exit code %d, want %d, %v\n%s", code, tt.code, ctx.Err(), &stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("no %q in\n%s", want, &stderr)
				}
			}
			if tt.without != "" && strings.Contains(stderr.String(), tt.without) {
				t.Errorf("%q in\n%s", tt.without, &stderr)
			}
			if tt.answers {
				if diff := cmp.Diff([]string{here, ""}, []string{stdout.String(), stderr.String()}); diff != "" {
					t.Errorf("(-here +there):\n%s", diff)
				}
			}
		})
	}
}

// TestExecInterrupted holds that an interrupt ends a run whose command leaves a process
// behind that has the answer's pipe.
func TestExecInterrupted(t *testing.T) {
	effort.Same(t)
	program := static(t)
	w := newWrapper(t, leave+"wait")
	ctx, cancel := context.WithTimeout(t.Context(), execLimit)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "--on", "exec:"+w.path, "--boot-timeout", "10m", "-c", "pol")
	cmd.Stderr, cmd.WaitDelay = &stderr, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for w.left(t) == 0 && ctx.Err() == nil {
		<-tick.C
	}
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitUsage || stderr.String() != "sockprobe: interrupted\n" {
		t.Errorf("%v\n%s", cmd.ProcessState, &stderr)
	}
}
