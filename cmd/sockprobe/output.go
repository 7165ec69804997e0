package main

import (
	"fmt"
	"io"
)

// An output is standard output, of which it must be known at the end whether all
// of it was written.
type output struct {
	io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.Writer.Write(p)
	if err != nil {
		o.err = fmt.Errorf("write standard output: %w", err)
	}
	return n, err
}
