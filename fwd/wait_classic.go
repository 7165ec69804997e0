//go:build amd64

package fwd

import "golang.org/x/sys/unix"

const (
	waitName   = "epoll_wait"
	waitNumber = unix.SYS_EPOLL_WAIT
)
