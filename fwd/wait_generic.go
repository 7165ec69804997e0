//go:build !amd64

package fwd

import "golang.org/x/sys/unix"

// Younger architectures have only the call that also takes a signal mask. With
// none given it is the older one (epoll_wait(2)).
const (
	waitName   = "epoll_pwait"
	waitNumber = unix.SYS_EPOLL_PWAIT
)
