package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestUpstream runs random scripts through the original tool and through this
// one. It leaves out the scripts that hang the original, and what differs on
// purpose: see "Where it differs from the original" in the README.
func TestUpstream(t *testing.T) {
	upstream := os.Getenv("SOCKPROBE_UPSTREAM")
	if upstream == "" {
		t.Skip("SOCKPROBE_UPSTREAM does not name the original tool, built from HAProxy's dev/poll/poll.c")
	}
	const scripts = 600
	rng := rand.New(rand.NewPCG(1, 2))
	compared, hung := 0, 0
	for compared < scripts {
		if hung > 10*scripts {
			t.Fatalf("the original hangs in %d scripts", hung)
		}
		script := randomScript(rng)
		theirs, ok := upstreamLines(t, upstream, script)
		if !ok {
			hung++
			continue
		}
		compared++
		// The exit code is 2 for a script that ends early, where theirs is 1.
		out, _ := exec.Command("sockprobe", script...).Output()
		if diff := cmp.Diff(theirs, comparable(string(out))); diff != "" {
			t.Errorf("%s (-original +sockprobe):\n%s", strings.Join(script, " "), diff)
		}
	}
	t.Logf("%d scripts compared, and %d left out that hang the original", compared, hung)
}

// randomScript makes a script of the original's steps. It closes no client
// before the accept, and under epoll closes nothing, where the two differ.
func randomScript(rng *rand.Rand) []string {
	verbs := strings.Fields("snd snd snd snd mor mor rcv rcv rcv rcv shr shr shw shw shw shb lin lin clo clo pol pol pol pol pol pol pol pol con acc drn")
	var script []string
	epoll := rng.IntN(2) == 0
	accepted := false
	for n := 1 + rng.IntN(5); n > 0; n-- {
		if epoll && rng.IntN(3) == 0 {
			script = append(script, "-e")
		}
		side := []string{"-c", "-c", "-s", "-s", "-l"}[rng.IntN(5)]
		accepted = accepted || side == "-s"
		var steps []string
		for k := 1 + rng.IntN(6); k > 0; k-- {
			verb := verbs[rng.IntN(len(verbs))]
			if verb == "clo" && (epoll || side == "-c" && !accepted) {
				verb = "shb"
			}
			steps = append(steps, verb)
		}
		script = append(script, side, strings.Join(steps, ","))
	}
	return script
}

// upstreamLines is what the original prints, or false if it hangs.
func upstreamLines(t *testing.T, program string, script []string) (string, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, append([]string{"-v"}, script...)...).Output()
	if ctx.Err() != nil {
		return "", false
	}
	if len(out) == 0 {
		t.Fatalf("%s: %v", program, err)
	}
	return comparable(string(out)), true
}

var (
	sideNumber   = regexp.MustCompile(`\(([lcs])=\d+\)`)
	acceptNumber = regexp.MustCompile(`acc\((.)\): ret=\d+`)
	silentEnd    = regexp.MustCompile(`drn\((.)\): ret=-1$`)
)

// comparable leaves out of an output what differs on purpose: the delimiters,
// the numbers, which the original's epoll descriptor shifts, and the answer of a
// drn to the end of the stream.
func comparable(out string) string {
	lines := slices.Collect(strings.Lines(out))
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "####") })
	for i, line := range lines {
		line = strings.TrimRight(line, " \n")
		line = sideNumber.ReplaceAllString(line, "($1)")
		line = acceptNumber.ReplaceAllString(line, "acc($1): ret=s")
		lines[i] = silentEnd.ReplaceAllString(line, "drn($1): ret=0")
	}
	return fmt.Sprintln(strings.Join(lines, "\n"))
}
