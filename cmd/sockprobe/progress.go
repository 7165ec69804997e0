package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"

	"sockprobe/report"
)

// A progress is one line on a terminal that says what the program does right now.
// It appears after a second, because a shorter wait needs no explanation, and it
// is gone when anything else is written. Where standard error is no terminal that
// can rewrite a line, there is none.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	start time.Time
	text  string
	drawn bool        // the line is on the terminal
	timer *time.Timer // nil if there is no line, or no line any more
}

// progressAfter is when the line appears, and how often it is written anew.
const progressAfter = time.Second

// newProgress makes the line for w, which is standard error.
func newProgress(w io.Writer) *progress {
	p := &progress{w: w, start: time.Now()}
	if isTerminal(w) && os.Getenv("TERM") != "dumb" {
		p.mu.Lock() // the timer may be there before its value is
		defer p.mu.Unlock()
		p.timer = time.AfterFunc(progressAfter, p.tick)
	}
	return p
}

// set says what is being done from now on.
func (p *progress) set(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = fmt.Sprintf(format, args...)
}

// stop erases the line for good. It may be called again.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// Write writes lines in the place of the progress, which the next tick draws below.
func (p *progress) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	return p.w.Write(data)
}

// before gives a writer that stops the line before it writes to w: w itself if there
// is no line.
func (p *progress) before(w io.Writer) io.Writer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil {
		return w
	}
	return &stopping{w, p}
}

type stopping struct {
	io.Writer
	p *progress
}

func (s *stopping) Write(data []byte) (int, error) {
	s.p.stop()
	return s.Writer.Write(data)
}

func (p *progress) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil {
		return // it was stopped meanwhile
	}
	p.draw(time.Since(p.start))
	p.timer.Reset(progressAfter)
}

// The line is written with the terminal's wrapping off (DECAWM): whatever the
// terminal's width, it takes one row, and one row can be erased.
const (
	eraseLine = "\r\x1b[K"
	wrapOff   = "\x1b[?7l"
	wrapOn    = "\x1b[?7h"
)

func (p *progress) draw(elapsed time.Duration) {
	if p.text == "" {
		return
	}
	line := fmt.Sprintf("%d s: %s", int(elapsed.Seconds()), p.text)
	line = strings.Join(strings.Fields(report.Printable(line)), " ") // a kernel's name is its image's word
	fmt.Fprint(p.w, eraseLine+wrapOff+line+wrapOn)
	p.drawn = true
}

func (p *progress) erase() {
	if p.drawn {
		fmt.Fprint(p.w, eraseLine)
		p.drawn = false
	}
}

// isTerminal tells whether w is a terminal.
func isTerminal(w io.Writer) bool {
	if o, ok := w.(*output); ok {
		w = o.Writer
	}
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
