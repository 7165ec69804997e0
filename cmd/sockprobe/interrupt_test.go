package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRepeatInterrupted holds that --repeat shows what it has when the user interrupts it.
func TestRepeatInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	saved := filepath.Join(t.TempDir(), "mine.probe")
	// SIGINT is ignored until the program asks for it, so that none comes too early.
	cmd := exec.CommandContext(ctx, "sh", "-c", `trap "" INT; echo ignored; exec sockprobe --format json --repeat 1000000 --save "$0" -c pol,clo`, saved)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(pipe)
	if line, err := lines.ReadString('\n'); line != "ignored\n" {
		t.Fatalf("%q, %v", line, err)
	}
	ended := make(chan []byte)
	go func() {
		out, _ := io.ReadAll(lines)
		_ = cmd.Wait() // the exit code says it
		ended <- out
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var stdout []byte
	for running := true; running; {
		select {
		case stdout = <-ended:
			running = false
		case <-tick.C:
			_ = cmd.Process.Signal(syscall.SIGINT) // one that has ended needs none
		}
	}
	if code := cmd.ProcessState.ExitCode(); code != exitUsage {
		t.Errorf("exit code %d, want %d: %s", code, exitUsage, &stderr)
	}
	said := regexp.MustCompile(`^sockprobe: ` + regexp.QuoteMeta(saved) + ` was not saved\nsockprobe: interrupted after (\d+) of 1000000 runs\n$`).FindStringSubmatch(stderr.String())
	if said == nil {
		t.Fatalf("standard error is %q", stderr.String())
	}
	if said[1] == "0" || said[1] == "1" { // no counts then
		return
	}
	count := fmt.Sprintf(`"count":%s,"runs":%s}`, said[1], said[1])
	if lines := strings.Count(string(stdout), count); lines != 3 {
		t.Errorf("%d lines with %s, want 3:\n%s", lines, count, stdout)
	}
}
