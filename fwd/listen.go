package fwd

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// A listener is a socket that connections are accepted from, by all loops.
type listener struct {
	fd     int
	addr   address
	name   string    // its address, for a person
	to     string    // the target as the spec has it
	target []address // where its connections go
	file   *socketFile
}

// A socketFile is the file of a UNIX listener, which is removed at the end if it
// is still the same.
type socketFile struct {
	path string
	made os.FileInfo
}

// backlog is cut to net.core.somaxconn by the kernel (listen(2)).
const backlog = 4096

// openListeners makes the listeners of a spec: one for each address.
func openListeners(spec Spec) ([]*listener, error) {
	where := func(what Endpoint, err error, hint string) error {
		return &scenario.Error{Where: scenario.Clip(what.String()), Problem: err.Error(), Hint: hint}
	}
	target, err := targetAddresses(spec.Target)
	if err != nil {
		return nil, where(spec.Target, err, "check the name: getent hosts "+scenario.Clip(spec.Target.Host))
	}
	if err := checkTarget(spec.Target.Path); err != nil {
		return nil, where(spec.Target, err, "name the socket itself")
	}

	var open []*listener
	fail := func(err error) ([]*listener, error) {
		for _, ln := range open {
			ln.close()
		}
		return nil, where(spec.Listen, err, listenHint(err, spec.Listen))
	}
	if path := spec.Listen.Path; path != "" {
		a, err := unixAddress(path)
		if err != nil {
			return fail(err)
		}
		unlock, err := lockDirectory(filepath.Dir(path))
		if err != nil {
			return fail(err)
		}
		defer unlock()
		file, err := clearSocketFile(path)
		if err != nil {
			return fail(err)
		}
		fd, err := listenAt(&a)
		if err != nil {
			return fail(err)
		}
		if file.made, err = os.Lstat(path); err != nil {
			unix.Close(fd)
			return fail(err)
		}
		return []*listener{{fd: fd, name: path, to: spec.Target.String(), target: target, file: file}}, nil
	}

	addresses, err := listenAddresses(spec.Listen)
	if err != nil {
		return nil, where(spec.Listen, err, "check the name: getent hosts "+scenario.Clip(spec.Listen.Host))
	}
	for _, a := range addresses {
		fd, err := listenAt(&a)
		if errors.Is(err, unix.EAFNOSUPPORT) && spec.Listen.Host == AnyHost {
			// This kernel has no IPv6.
			a, _ = inetAddress(anyIPv4, spec.Listen.Port)
			fd, err = listenAt(&a)
		}
		if err != nil {
			return fail(err)
		}
		open = append(open, &listener{fd: fd, addr: a, name: a.String(), to: spec.Target.String(), target: target})
	}
	return open, nil
}

// listenAddresses finds what an endpoint listens on.
func listenAddresses(e Endpoint) ([]address, error) {
	if e.Host != AnyHost {
		return resolve(e)
	}
	a, err := inetAddress(anyIPv6, e.Port) // and IPv4 with it: IPV6_V6ONLY is cleared
	return []address{a}, err
}

// listenAt makes a socket that listens on a, into which the port goes that it
// got.
//
// What is set here is inherited by the sockets that are accepted, so that no
// call is needed for each of them: TCP_NODELAY, and SO_OOBINLINE, by which urgent data are
// relayed as ordinary ones and not lost.
func listenAt(a *address) (fd int, err error) {
	fd, err = unix.Socket(a.family(), unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if a.family() == unix.AF_UNIX {
		// The file gets the mode of the socket: connecting is for its owner
		// only, from the moment that it exists.
		if err := unix.Fchmod(fd, 0o600); err != nil {
			return -1, err
		}
	} else {
		type option struct{ level, name, value int }
		options := []option{
			{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
			{unix.SOL_SOCKET, unix.SO_OOBINLINE, 1},
			{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		}
		if a.family() == unix.AF_INET6 {
			dual := 1
			if a.inet().Addr() == anyIPv6 {
				dual = 0
			}
			options = append(options, option{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, dual})
		}
		for _, o := range options {
			if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
				return -1, err
			}
		}
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&a.raw)), uintptr(a.size)); errno != 0 {
		return -1, errno
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return -1, err
	}
	if a.family() != unix.AF_UNIX {
		a.size = uint32(unsafe.Sizeof(a.raw))
		_, _, errno := unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&a.raw)), uintptr(unsafe.Pointer(&a.size)))
		if errno != 0 {
			return -1, errno
		}
	}
	return fd, nil
}

// errInUse is a path at which somebody listens.
var errInUse = errors.New("another process listens there")

// clearSocketFile makes room for a UNIX listener: it removes a socket on which
// nobody listens any more, left by a process that could not do so itself, and
// nothing else.
func clearSocketFile(path string) (*socketFile, error) {
	file := &socketFile{path: path}
	found, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return file, nil
	case err != nil:
		return nil, errors.Unwrap(err)
	case found.Mode()&os.ModeSymlink != 0:
		return nil, errors.New("a symbolic link is there")
	case found.Mode()&os.ModeSocket == 0:
		return nil, errors.New("a file is there that is no socket")
	}
	switch err := tryConnect(path); {
	case err == nil, errors.Is(err, unix.EAGAIN):
		return nil, errInUse
	case !errors.Is(err, unix.ECONNREFUSED):
		return nil, fmt.Errorf("a socket is there, and whether somebody listens cannot be told: %w", err)
	}
	if again, err := os.Lstat(path); err != nil || !os.SameFile(found, again) {
		return nil, errors.New("it is being replaced by another process")
	}
	if err := unix.Unlink(path); err != nil {
		return nil, err
	}
	return file, nil
}

// lockTime bounds the wait for another relay that begins in the same directory.
const lockTime = 5 * time.Second

// lockDirectory keeps relays that begin at the same time apart: between one's bind and
// listen another would take its socket for a stale one. A directory that
// cannot be read is not locked.
func lockDirectory(dir string) (unlock func(), err error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EACCES) {
		return func() {}, nil
	} else if err != nil {
		return nil, err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(lockTime); ; {
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) { // it is locked, or its file system has no locks
			return func() { unix.Close(fd) }, nil
		}
		select {
		case <-tick.C:
		case <-end:
			unix.Close(fd)
			return nil, errors.New("another process holds a lock on the directory")
		}
	}
}

// tryConnect connects to a UNIX socket, to see whether somebody listens.
func tryConnect(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
}

// checkTarget refuses a target's path that ends in a link, at once instead of
// with each connection. That there is nothing yet is no fault.
func checkTarget(path string) error {
	if path == "" {
		return nil
	}
	switch found, err := os.Lstat(path); {
	case err != nil:
		return nil
	case found.Mode()&os.ModeSymlink != 0:
		return errors.New("a symbolic link, which is not followed")
	case found.Mode()&os.ModeSocket == 0:
		return errors.New("a file that is no socket")
	default:
		return nil
	}
}

// listenHint is the likely remedy for what kept a listener from being made.
func listenHint(err error, e Endpoint) string {
	switch {
	case errors.Is(err, errInUse), errors.Is(err, unix.EADDRINUSE) && e.Path != "":
		return "end that process, or choose another path"
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Sprintf("see who listens there: ss -ltnp 'sport = :%d'", e.Port)
	case errors.Is(err, unix.EACCES) && e.Path == "":
		return "ports below 1024 need root or CAP_NET_BIND_SERVICE"
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return "no interface has that address: ip addr shows which there are"
	case errors.Is(err, unix.ENOENT):
		return "make the directory: mkdir -p " + scenario.ClipPath(filepath.Dir(e.Path))
	case e.Path != "":
		return "choose another path"
	default:
		return "choose another address or port"
	}
}

// takes is whether a connection to a would be the listener's.
func (ln *listener) takes(a *address) bool {
	if ln.file != nil || a.file != nil {
		if ln.file == nil || a.file == nil {
			return false
		}
		there, err := os.Lstat(a.String())
		return err == nil && os.SameFile(ln.file.made, there)
	}
	at, port := ln.addr.inet().Addr(), ln.addr.inet().Port()
	to := a.inet().Addr()
	switch to { // connect(2) takes these for this machine
	case anyIPv4:
		to = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case anyIPv6:
		to = netip.IPv6Loopback()
	}
	switch {
	case port != a.inet().Port():
		return false
	case at == anyIPv6, at == anyIPv4 && to.Is4():
		return isOwn(to)
	default:
		return at == to
	}
}

// isOwn is whether a is an address of this machine.
func isOwn(a netip.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	cards, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(cards, func(card net.Addr) bool {
		prefix, err := netip.ParsePrefix(card.String())
		return err == nil && prefix.Addr() == a.WithZone("")
	})
}

// close ends the listener. Of a UNIX one the file goes first, unless another
// took its place.
func (ln *listener) close() {
	if f := ln.file; f != nil {
		if now, err := os.Lstat(f.path); err == nil && os.SameFile(f.made, now) {
			_ = unix.Unlink(f.path) // if not, the next to listen there will find it stale
		}
	}
	unix.Close(ln.fd)
}
