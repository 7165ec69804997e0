package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
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
	// lastWords is how long the answer may go on once the child has ended. What it has
	// written is there at once; the rest can only come from processes that it left, which
	// may hold the pipe open for as long as they like.
	lastWords = 2 * time.Second
	// goodbye is how long a child may take to end after its answer.
	goodbye = 10 * time.Second
)

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
	r.code, r.err = read(answers)
	r.cause = context.Cause(ctx)
	if r.err != nil {
		answers.Close() // ends a child that goes on writing
		cancel(nil)
	}
	defer time.AfterFunc(goodbye, func() { cancel(nil) }).Stop()
	r.ended = <-ended
	return r
}
