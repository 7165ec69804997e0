package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sockprobe/ops"
	"sockprobe/scenario"
)

func TestWithoutOn(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing to take away", "-c pol", "-c pol"},
		{"a kernel", "--on gvisor -c pol", "-c pol"},
		{"a kernel with =", "-c pol --on=gvisor", "-c pol"},
		{"a bound", "--boot-timeout 5s --on host -c pol", "-c pol"},
		{"a colour, which runThere decides", "--on host --color auto -c pol", "-c pol"},
		{"a width, which runThere decides", "--draw --width=40 --color=always -c pol", "--draw -c pol"},
		{"behind --", "verify --on host -- --on file", "verify -- --on file"},
		{"a value is missing", "-c pol --on", "-c pol"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(withoutOn(strings.Fields(tt.in)), " ")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoRunNoPicture holds that nothing is drawn of a script that was interrupted before its first run.
func TestNoRunNoPicture(t *testing.T) {
	script, err := scenario.Parse([]string{"-c", "pol"}, ops.Verbs())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, format := range []string{"draw", "svg"} {
		var out bytes.Buffer
		_, err := picture(ctx, &out, io.Discard, script, format, ops.Options{}, settings{repeat: 2})
		if !errors.Is(err, context.Canceled) || out.Len() > 0 {
			t.Errorf("%s: %q, %v", format, &out, err)
		}
	}
}
