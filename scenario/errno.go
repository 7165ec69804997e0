package scenario

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// An Errno is the error a call answered with; 0 is none.
type Errno syscall.Errno

// Name is the error's symbol, such as ECONNRESET.
func (e Errno) Name() string {
	if e == Errno(unix.EOPNOTSUPP) {
		return "EOPNOTSUPP" // of its two names, the one that socket calls are documented with
	}
	if name := unix.ErrnoName(syscall.Errno(e)); name != "" {
		return name
	}
	return fmt.Sprintf("errno %d", uint(e))
}

// Message is what the C library's strerror(3) says in the C locale.
//
// Go's own table is made of the same messages with the first letter in lower
// case where a lower-case one follows (mkerrors.sh in x/sys/unix), so that turning it
// back gives the original. It lacks EHWPOISON's, which no socket answers.
func (e Errno) Message() string {
	msg := syscall.Errno(e).Error()
	if strings.HasPrefix(msg, "errno ") {
		return fmt.Sprintf("Unknown error %d", uint(e))
	}
	first, size := utf8.DecodeRuneInString(msg)
	return string(unicode.ToUpper(first)) + msg[size:]
}

// ErrnoNamed finds an error by the name that [Errno.Name] gives it.
func ErrnoNamed(name string) (Errno, bool) {
	e, ok := errnosByName()[name]
	return e, ok
}

var errnosByName = sync.OnceValue(func() map[string]Errno {
	const last = 4095 // MAX_ERRNO of the kernel's include/linux/err.h
	m := make(map[string]Errno, last)
	for e := Errno(1); e <= last; e++ {
		if _, seen := m[e.Name()]; !seen {
			m[e.Name()] = e
		}
	}
	return m
})
