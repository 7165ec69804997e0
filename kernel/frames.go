package kernel

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// A guest answers through one line, in frames: a letter, a length and that many
// bytes. Only the last frame ends a run; without it the run did not end.
//
//	h 0\n                     the program is there
//	o 12\n<12 bytes of standard output>
//	e 5\n<5 bytes of standard error>
//	x 0\n                     the program has exited with code 0
const (
	frameHello = 'h'
	frameOut   = 'o'
	frameErr   = 'e'
	frameExit  = 'x'
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

// RunFramed runs the program with its output in frames on line, from the one that
// says that it is there to the one that ends it. An empty line comes first, as a prompt may stand
// on the line.
func RunFramed(line io.Writer, run func(stdout, stderr io.Writer) int) error {
	if _, err := fmt.Fprintf(line, "\n%c 0\n", frameHello); err != nil {
		return err
	}
	var mu sync.Mutex
	code := run(frameWriter{&mu, line, frameOut}, frameWriter{&mu, line, frameErr})
	_, err := fmt.Fprintf(line, "%c %d\n", frameExit, code)
	return err
}

// maxHead bounds the line that begins a frame.
const maxHead = 32

// readFrames copies what the frames hold to stdout and stderr until the one that
// ends the run, and gives the exit code in it. hello is called when the program
// says that it is there. The error is io.EOF if there was nothing at all.
func readFrames(line io.Reader, stdout, stderr io.Writer, hello func()) (int, error) {
	r := bufio.NewReader(line)
	first, err := r.Peek(1)
	if err != nil {
		return 0, err
	}
	if first[0] == '\n' {
		_, _ = r.Discard(1) // it is there
	}
	for {
		var kind byte
		var n int
		head, err := r.ReadSlice('\n')
		if len(head) > maxHead || errors.Is(err, bufio.ErrBufferFull) {
			return 0, fmt.Errorf("the answer is garbled: %.40q", head)
		}
		if errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("the answer is cut off: %w", io.ErrUnexpectedEOF)
		}
		if err != nil {
			return 0, err
		}
		if _, err := fmt.Sscanf(string(head), "%c %d\n", &kind, &n); err != nil {
			return 0, fmt.Errorf("the answer is garbled: %.40q", head)
		}
		to := stdout
		switch {
		case kind == frameHello && n == 0:
			hello()
			continue
		case kind == frameExit:
			return n, nil
		case kind == frameErr:
			to = stderr
		case kind != frameOut, n < 0, n > maxFrame:
			return 0, fmt.Errorf("the answer is garbled: frame %q of %d bytes", kind, n)
		}
		if copied, err := io.CopyN(to, r, int64(n)); copied < int64(n) && errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("the answer is cut off: %w", io.ErrUnexpectedEOF)
		} else if err != nil {
			return 0, err // of the writer, or the end of the time to read
		}
	}
}

// maxBanner bounds what a command may print before the program's first frame.
const maxBanner = 64 << 10

// A bannerError says that the program did not answer, and with what its command did.
type bannerError struct {
	first string // the first line that is not blank
	long  bool   // it did not end within maxBanner
}

func (e *bannerError) Error() string {
	if e.long {
		return fmt.Sprintf("more than %d bytes of text and no answer, beginning with %.60q", maxBanner, e.first)
	}
	return fmt.Sprintf("text and no answer, beginning with %.60q", e.first)
}

// skipBanner reads up to the line with which a program's frames begin, and gives a
// reader that begins with that line. What stands before it is a command's own: a
// message of the day, or what a wrapper prints. The error is io.EOF if there was
// nothing at all. If that line ends as on a terminal, so does every line of the frames.
func skipBanner(line io.Reader) (io.Reader, error) {
	r := bufio.NewReader(line)
	const begin, beginTTY = string(frameHello) + " 0\n", string(frameHello) + " 0\r\n"
	var banner bannerError
	atStart := true
	for read := 0; ; {
		part, err := r.ReadSlice('\n')
		switch {
		case atStart && string(part) == begin:
			return io.MultiReader(strings.NewReader(begin), r), nil
		case atStart && string(part) == beginTTY:
			return io.MultiReader(strings.NewReader(begin), fromTerminal{r}), nil
		}
		read += len(part)
		if banner.first == "" {
			banner.first = strings.TrimSpace(string(part))
		}
		switch {
		case read > maxBanner:
			banner.long = true
			return nil, &banner
		case errors.Is(err, io.EOF) && read > 0:
			return nil, &banner
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
		atStart = err == nil
	}
}

// fromTerminal undoes what a terminal does to output, as that of ssh -t: it writes each newline
// as "\r\n" (ONLCR, termios(3)).
type fromTerminal struct{ r *bufio.Reader }

func (t fromTerminal) Read(p []byte) (n int, err error) {
	for n < len(p) && (n == 0 || t.r.Buffered() > 0) {
		b, err := t.r.ReadByte()
		if err != nil {
			return n, err
		}
		if b == '\r' {
			if next, _ := t.r.Peek(1); string(next) == "\n" { // an error comes with the next byte
				continue
			}
		}
		p[n] = b
		n++
	}
	return n, nil
}
