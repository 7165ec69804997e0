package kernel

import (
	"bufio"
	"fmt"
	"io"
	"sync"
)

// A guest answers through one line, in frames: a letter, a length and that many
// bytes. Only the last frame ends a run; without it the run did not end.
//
//	o 12\n<12 bytes of standard output>
//	e 5\n<5 bytes of standard error>
//	x 0\n                     the program has exited with code 0
const (
	frameOut  = 'o'
	frameErr  = 'e'
	frameExit = 'x'
)

// maxFrame bounds the length that a reader believes.
const maxFrame = 1 << 20

// frameWriter writes one kind of frame. Several may share a line.
type frameWriter struct {
	mu   *sync.Mutex
	line io.Writer
	kind byte
}

func (f frameWriter) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for sent := 0; sent < len(p); {
		part := p[sent:min(len(p), sent+maxFrame)]
		if _, err := fmt.Fprintf(f.line, "%c %d\n%s", f.kind, len(part), part); err != nil {
			return sent, err
		}
		sent += len(part)
	}
	return len(p), nil
}

func writeExit(line io.Writer, code int) error {
	_, err := fmt.Fprintf(line, "%c %d\n", frameExit, code)
	return err
}

// readFrames copies what the frames hold to stdout and stderr until the one that
// ends the run, and gives the exit code in it. The error is io.EOF if there was
// nothing at all.
func readFrames(line io.Reader, stdout, stderr io.Writer) (int, error) {
	r := bufio.NewReader(line)
	if _, err := r.Peek(1); err != nil {
		return 0, err
	}
	for {
		var kind byte
		var n int
		head, err := r.ReadString('\n')
		if err != nil {
			return 0, fmt.Errorf("the answer is cut off: %w", err)
		}
		if _, err := fmt.Sscanf(head, "%c %d\n", &kind, &n); err != nil {
			return 0, fmt.Errorf("the answer is garbled: %.40q", head)
		}
		to := stdout
		switch {
		case kind == frameExit:
			return n, nil
		case kind == frameErr:
			to = stderr
		case kind != frameOut, n < 0, n > maxFrame:
			return 0, fmt.Errorf("the answer is garbled: frame %q of %d bytes", kind, n)
		}
		if _, err := io.CopyN(to, r, int64(n)); err != nil {
			return 0, fmt.Errorf("the answer is cut off: %w", err)
		}
	}
}
