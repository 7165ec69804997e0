package fwd

import (
	"fmt"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// strace renders calls as strace 6.1 does with -f -tt -o: the thread, the time
// of day at which the call began, the call, and from column 40 what it
// returned.
type strace struct{}

const (
	resultColumn = 40
	dataShown    = 32 // bytes, as strace without -s
)

func (strace) call(b []byte, s *sys, at time.Time, c *call) []byte {
	start := len(b)
	b = appendStamp(b, s.tid, at)
	b = append(append(b, c.name...), '(')
	b = appendArguments(b, c)
	return appendResult(b, start, c)
}

func (strace) unfinished(b []byte, w *wait) []byte {
	b = appendStamp(b, w.tid, w.entered)
	b = append(append(b, waitName...), '(')
	b = strconv.AppendInt(b, int64(w.epfd), 10)
	return append(b, ",  <unfinished ...>\n"...)
}

func (strace) resumed(b []byte, s *sys, at time.Time, c *call) []byte {
	start := len(b)
	b = appendStamp(b, s.tid, at)
	b = append(append(append(b, "<... "...), c.name...), " resumed>"...)
	b = appendWaited(b, c)
	return appendResult(b, start, c)
}

// appendStamp begins a line.
func appendStamp(b []byte, tid int, at time.Time) []byte {
	start := len(b)
	b = strconv.AppendInt(b, int64(tid), 10)
	for len(b)-start < 5 {
		b = append(b, ' ')
	}
	b = append(b, ' ')
	b = at.AppendFormat(b, "15:04:05.000000")
	return append(b, ' ')
}

// appendResult ends a line that began at start.
func appendResult(b []byte, start int, c *call) []byte {
	b = append(b, ") "...)
	for len(b)-start < resultColumn {
		b = append(b, ' ')
	}
	b = append(b, "= "...)
	b = strconv.AppendInt(b, int64(c.result()), 10)
	if c.errno != 0 {
		e := scenario.Errno(c.errno)
		b = append(b, ' ')
		b = append(b, e.Name()...)
		b = append(b, " ("...)
		b = append(b, e.Message()...)
		b = append(b, ')')
	}
	return append(b, '\n')
}

func appendArguments(b []byte, c *call) []byte {
	switch c.name {
	case "socket":
		b = append(b, families[c.fd]...)
		b = append(b, ", SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, "...)
		if c.size == unix.IPPROTO_TCP {
			return append(b, "IPPROTO_TCP"...)
		}
		return strconv.AppendInt(b, int64(c.size), 10)
	case "connect":
		b = appendInt(b, c.fd, ", ")
		b = appendAddress(b, c.addr)
		return fmt.Appendf(b, ", %d", c.addr.size)
	case "accept4":
		b = appendInt(b, c.fd, ", ")
		if c.errno != 0 {
			// What was not filled in is a pointer to strace.
			b = fmt.Appendf(b, "%#x, [%d]", uintptr(unsafe.Pointer(&c.addr.raw)), c.addr.size)
		} else {
			b = appendAddress(b, c.addr)
			b = fmt.Appendf(b, ", [%d => %d]", unsafe.Sizeof(c.addr.raw), c.addr.size)
		}
		return append(b, ", SOCK_CLOEXEC|SOCK_NONBLOCK"...)
	case "recvfrom":
		b = appendInt(b, c.fd, ", ")
		if c.errno != 0 {
			b = fmt.Appendf(b, "%#x", uintptr(unsafe.Pointer(unsafe.SliceData(c.data))))
		} else {
			b = appendData(b, c.data[:c.ret])
		}
		return fmt.Appendf(b, ", %d, 0, NULL, NULL", len(c.data))
	case "sendto":
		b = appendInt(b, c.fd, ", ")
		b = appendData(b, c.data)
		b = appendInt(append(b, ", "...), len(c.data), ", MSG_NOSIGNAL")
		if c.flags&unix.MSG_MORE != 0 {
			b = append(b, "|MSG_MORE"...)
		}
		return append(b, ", NULL, 0"...)
	case "splice":
		return fmt.Appendf(b, "%d, NULL, %d, NULL, %d, SPLICE_F_MOVE|SPLICE_F_NONBLOCK", c.fd, c.to, c.size)
	case "pipe2":
		return fmt.Appendf(b, "[%d, %d], O_NONBLOCK|O_CLOEXEC", c.fd, c.to)
	case "fcntl":
		return fmt.Appendf(b, "%d, F_SETPIPE_SZ, %d", c.fd, c.size)
	case "shutdown":
		return appendInt(b, c.fd, ", SHUT_WR")
	case "setsockopt":
		switch c.flags {
		case unix.SO_LINGER:
			return appendInt(b, c.fd, ", SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=0}, 8")
		case unix.SO_OOBINLINE:
			return appendInt(b, c.fd, ", SOL_SOCKET, SO_OOBINLINE, [1], 4")
		default:
			return appendInt(b, c.fd, ", SOL_TCP, TCP_NODELAY, [1], 4")
		}
	case "getsockopt":
		return fmt.Appendf(b, "%d, SOL_SOCKET, SO_ERROR, [%s], [4]", c.fd, errorValue(c.size))
	case "close":
		return strconv.AppendInt(b, int64(c.fd), 10)
	case "epoll_create1":
		return append(b, "EPOLL_CLOEXEC"...)
	case "epoll_ctl":
		b = appendInt(b, c.fd, ", ")
		b = append(b, controls[c.flags]...)
		b = appendInt(append(b, ", "...), c.to, ", ")
		if c.flags == unix.EPOLL_CTL_DEL {
			return append(b, "NULL"...)
		}
		return appendEvent(b, c.mask, int32(c.to), 0)
	case waitName:
		b = appendInt(b, c.fd, ", ")
		return appendWaited(b, c)
	case "eventfd2":
		return append(b, "0, EFD_CLOEXEC|EFD_NONBLOCK"...)
	case "read":
		b = appendInt(b, c.fd, ", ")
		b = appendData(b, c.data[:max(c.ret, 0)])
		return fmt.Appendf(b, ", %d", len(c.data))
	case "openat":
		b = append(b, "AT_FDCWD, "...)
		b = appendPath(b, c.data)
		return append(b, ", O_RDONLY|O_NOFOLLOW|O_CLOEXEC|O_PATH"...)
	default:
		panic("fwd: no syntax for " + c.name)
	}
}

// appendWaited is what of a wait's arguments is known when it ends.
func appendWaited(b []byte, c *call) []byte {
	if c.errno != 0 {
		b = fmt.Appendf(b, "%#x", uintptr(unsafe.Pointer(unsafe.SliceData(c.events))))
	} else {
		b = append(b, '[')
		for i, e := range c.events {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendEvent(b, e.Events, e.Fd, e.Pad)
		}
		b = append(b, ']')
	}
	b = fmt.Appendf(b, ", %d, %d", c.flags, c.size)
	if waitName == "epoll_pwait" {
		b = append(b, ", NULL, 0"...)
	}
	return b
}

var families = map[int]string{unix.AF_INET: "AF_INET", unix.AF_INET6: "AF_INET6", unix.AF_UNIX: "AF_UNIX"}

var controls = map[int]string{
	unix.EPOLL_CTL_ADD: "EPOLL_CTL_ADD",
	unix.EPOLL_CTL_MOD: "EPOLL_CTL_MOD",
	unix.EPOLL_CTL_DEL: "EPOLL_CTL_DEL",
}

// errorValue is the value of SO_ERROR, which strace names.
func errorValue(v int) string {
	if v == 0 {
		return "0"
	}
	return scenario.Errno(v).Name()
}

func appendInt(b []byte, n int, then string) []byte {
	return append(strconv.AppendInt(b, int64(n), 10), then...)
}

func appendEvent(b []byte, mask uint32, low, high int32) []byte {
	b = append(b, "{events="...)
	b = appendMask(b, mask)
	data := uint64(uint32(low)) | uint64(uint32(high))<<32
	return fmt.Appendf(b, ", data={u32=%d, u64=%d}}", uint32(low), data)
}

// maskNames are in strace's order.
var maskNames = []struct {
	bit  uint32
	name string
}{
	{unix.EPOLLIN, "EPOLLIN"},
	{unix.EPOLLPRI, "EPOLLPRI"},
	{unix.EPOLLOUT, "EPOLLOUT"},
	{unix.EPOLLERR, "EPOLLERR"},
	{unix.EPOLLHUP, "EPOLLHUP"},
	{unix.EPOLLRDHUP, "EPOLLRDHUP"},
	{unix.EPOLLEXCLUSIVE, "EPOLLEXCLUSIVE"},
	{unix.EPOLLET, "EPOLLET"},
}

func appendMask(b []byte, mask uint32) []byte {
	start := len(b)
	for _, m := range maskNames {
		if mask&m.bit != 0 {
			if len(b) > start {
				b = append(b, '|')
			}
			b = append(b, m.name...)
			mask &^= m.bit
		}
	}
	switch {
	case mask != 0:
		if len(b) > start {
			b = append(b, '|')
		}
		b = fmt.Appendf(b, "%#x", mask)
	case len(b) == start:
		b = append(b, '0')
	}
	return b
}

func appendAddress(b []byte, a *address) []byte {
	switch in := a.inet(); {
	case a.family() == unix.AF_UNIX && a.size <= 2:
		return append(b, "{sa_family=AF_UNIX}"...)
	case a.family() == unix.AF_UNIX:
		b = append(b, "{sa_family=AF_UNIX, sun_path="...)
		b = appendPath(b, a.path())
		return append(b, '}')
	case in.Addr().Is4():
		return fmt.Appendf(b, `{sa_family=AF_INET, sin_port=htons(%d), sin_addr=inet_addr("%s")}`, in.Port(), in.Addr())
	default:
		return fmt.Appendf(b, `{sa_family=AF_INET6, sin6_port=htons(%d), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "%s", &sin6_addr), sin6_scope_id=%d}`,
			in.Port(), in.Addr().WithZone(""), a.scope())
	}
}

// appendPath is a path up to its NUL.
func appendPath(b, path []byte) []byte {
	for i, c := range path {
		if c == 0 {
			path = path[:i]
			break
		}
	}
	return append(appendQuoted(append(b, '"'), path), '"')
}

// appendData is data as strace shows it: the first bytes, quoted.
func appendData(b, data []byte) []byte {
	b = append(b, '"')
	b = appendQuoted(b, data[:min(len(data), dataShown)])
	b = append(b, '"')
	if len(data) > dataShown {
		b = append(b, "..."...)
	}
	return b
}

// appendQuoted escapes as in C; an octal number has three digits where another
// digit follows, and else as many as it needs.
func appendQuoted(b, data []byte) []byte {
	for i, c := range data {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ' && c < 0x7f:
			b = append(b, c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\v':
			b = append(b, `\v`...)
		case c == '\f':
			b = append(b, `\f`...)
		case i+1 < len(data) && data[i+1] >= '0' && data[i+1] <= '9':
			b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			b = append(b, '\\')
			b = strconv.AppendUint(b, uint64(c), 8)
		}
	}
	return b
}
