package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// A reply is what came of a child that answers in frames.
type reply struct {
	code  int
	err   error // why there is no code
	cause error // why the context had ended by then, if it had
	ended error // how the child ended, if not well
}

// A startError says that there is no child.
type startError struct{ error }

const (
	// lastWords is how long more of the answer may come once the child has ended. What the
	// child has written is in the pipe by then, and is read however slowly. The rest can only
	// come from processes that it left, which may hold the pipe open for as long as they like.
	lastWords = 2 * time.Second
	// goodbye is how long a child may take to end after its answer.
	goodbye = 10 * time.Second
)

// A lateReader reads a pipe with a deadline. Once that is over, the pipe's own Read fails even
// where bytes are there, which a slow reader has not fetched yet. A lateReader goes on to read
// those that were in the pipe at that time, and never waits.
type lateReader struct {
	pipe *os.File
	late bool
	left int // how many bytes of those are left
}

func (l *lateReader) Read(p []byte) (n int, err error) {
	if !l.late {
		n, err = l.pipe.Read(p)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
	control, err := l.pipe.SyscallConn()
	if err != nil {
		return 0, err
	}
	failed := control.Control(func(fd uintptr) { n, err = l.readNow(int(fd), p) })
	if failed != nil {
		return 0, failed
	}
	return n, err
}

// readNow is Read without the deadline. The descriptor does not block (os.Pipe).
func (l *lateReader) readNow(fd int, p []byte) (n int, err error) {
	if !l.late {
		l.late = true
		if l.left, err = unix.IoctlGetInt(fd, unix.TIOCINQ); err != nil {
			return 0, err
		}
	}
	// Without bytes that are left, one tells whether the pipe has ended.
	n, err = unix.Read(fd, p[:min(len(p), max(l.left, 1))])
	switch {
	case err == nil && n == 0 && len(p) > 0:
		return 0, io.EOF
	case err != nil && !errors.Is(err, unix.EAGAIN):
		return 0, err
	case err != nil, l.left == 0:
		return 0, os.ErrDeadlineExceeded
	}
	l.left -= n
	return n, nil
}

// talk starts a child and reads its answer from a pipe, whose other end it gives to
// the child with give. It returns when the child has ended. That is bounded by the
// context of the child, which cancel ends: neither a process that the child left nor
// a child that does not end can hold it up for longer.
func talk(ctx context.Context, cancel context.CancelCauseFunc, cmd *exec.Cmd, give func(*os.File), read func(io.Reader) (int, error)) reply {
	answers, answersIn, err := os.Pipe()
	if err != nil {
		return reply{err: startError{err}}
	}
	defer answers.Close()
	give(answersIn)
	err = cmd.Start()
	answersIn.Close()
	if err != nil && ctx.Err() != nil { // the time was over before the start
		return reply{err: err, cause: context.Cause(ctx)}
	}
	if err != nil {
		return reply{err: startError{fmt.Errorf("start %s: %w", cmd.Path, err)}}
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		if errors.Is(err, exec.ErrWaitDelay) {
			err = nil // it ended well, and a process that it left has its standard error
		}
		_ = answers.SetReadDeadline(time.Now().Add(lastWords))
		ended <- err
	}()
	stop := context.AfterFunc(ctx, func() { _ = answers.SetReadDeadline(time.Now()) })
	defer stop()

	var r reply
	r.code, r.err = read(&lateReader{pipe: answers})
	r.cause = context.Cause(ctx)
	if r.err != nil {
		answers.Close() // ends a child that goes on writing
		cancel(nil)
	}
	defer time.AfterFunc(goodbye, func() { cancel(nil) }).Stop()
	r.ended = <-ended
	return r
}
