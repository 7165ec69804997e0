package kernel

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// A slowWriter waits before its first write.
type slowWriter struct {
	wait  time.Duration
	bytes int
}

func (s *slowWriter) Write(p []byte) (int, error) {
	time.Sleep(s.wait) //nolint:forbidigo // a reader that is slower than the child is what the test is about
	s.wait = 0
	s.bytes += len(p)
	return len(p), nil
}

// TestSlowReader holds that an answer whose reader is slow is complete, although its child has
// ended long before.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	const size = 30_000
	script := `printf 'h 0\no 30000\n'; head -c 30000 /dev/zero; printf 'x 0\n'`
	for _, tt := range []struct{ name, script string }{
		{"the child alone", script},
		{"a process that it left", `sleep 20 2>/dev/null & ` + script},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			out := &slowWriter{wait: lastWords + time.Second}
			code, err := command{name: "exec:sh", before: []string{"sh", "-c", tt.script}}.Run(ctx, Job{Stdout: out, Stderr: io.Discard})
			if code != 0 || err != nil || out.bytes != size {
				t.Errorf("exit code %d, %v, %d bytes, want %d", code, err, out.bytes, size)
			}
		})
	}
}

// TestLateRead holds what is read from a pipe when the time to read it is over: all that was there
// then, even if its writer goes on.
func TestLateRead(t *testing.T) {
	for _, tt := range []struct {
		name   string
		closed bool
		want   error
	}{
		{"the writer has ended", true, io.EOF},
		{"the writer goes on", false, os.ErrDeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			defer w.Close()
			const size = 40_000
			if _, err := w.Write(make([]byte, size)); err != nil {
				t.Fatal(err)
			}
			if tt.closed {
				w.Close()
			}
			if err := r.SetReadDeadline(time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
			late := &lateReader{pipe: r}
			buf, total := make([]byte, 1000), 0
			for {
				n, err := late.Read(buf)
				total += n
				if err != nil {
					if total != size || !errors.Is(err, tt.want) {
						t.Errorf("%d bytes, %v, want %d, %v", total, err, size, tt.want)
					}
					return
				}
				_, _ = w.Write(buf[:n]) // fails where it is closed
			}
		})
	}
}
