package fwd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// maxPath is how long a path that is connected to may be, with its NUL; one that
// is listened on has to fit into an address, which is shorter (unix(7)).
const maxPath = 4096

// An address is a socket address as the kernel has it.
type address struct {
	raw  unix.RawSockaddrAny
	size uint32
	// file is the path that raw is made of anew for each connect, for a UNIX
	// target.
	file *[maxPath]byte
}

func (a *address) family() int { return int(a.raw.Addr.Family) }

// inet is the address and port, of any family but UNIX.
func (a *address) inet() netip.AddrPort {
	switch a.family() {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.raw))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), swap(in.Port))
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(&a.raw))
		ip := netip.AddrFrom16(in.Addr)
		if in.Scope_id != 0 {
			ip = ip.WithZone(strconv.FormatUint(uint64(in.Scope_id), 10))
		}
		return netip.AddrPortFrom(ip, swap(in.Port))
	default:
		return netip.AddrPort{}
	}
}

func (a *address) scope() uint32 {
	return (*unix.RawSockaddrInet6)(unsafe.Pointer(&a.raw)).Scope_id
}

// path is a UNIX address's path, with its NUL.
func (a *address) path() []byte {
	un := (*unix.RawSockaddrUnix)(unsafe.Pointer(&a.raw))
	all := unsafe.Slice((*byte)(unsafe.Pointer(&un.Path)), len(un.Path))
	// A path of 108 bytes has no NUL, and the kernel counts one (unix(7), BUGS).
	return all[:min(max(int(a.size)-int(unsafe.Sizeof(un.Family)), 0), len(all))]
}

// String is the address as a person writes it.
func (a *address) String() string {
	switch {
	case a.file != nil:
		return unix.ByteSliceToString(a.file[:])
	case a.family() == unix.AF_UNIX:
		return unix.ByteSliceToString(a.path())
	default:
		return a.inet().String()
	}
}

// swap changes a port between the network's order and this machine's.
func swap(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
}

func inetAddress(ip netip.Addr, port uint16) (address, error) {
	var a address
	if ip.Is4() || ip.Is4In6() {
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.raw))
		*in = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: swap(port), Addr: ip.Unmap().As4()}
		a.size = uint32(unsafe.Sizeof(*in))
		return a, nil
	}
	in := (*unix.RawSockaddrInet6)(unsafe.Pointer(&a.raw))
	*in = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: swap(port), Addr: ip.As16()}
	a.size = uint32(unsafe.Sizeof(*in))
	if zone := ip.Zone(); zone != "" {
		n, err := strconv.ParseUint(zone, 10, 32)
		if err != nil {
			card, err := net.InterfaceByName(zone)
			if err != nil {
				return a, fmt.Errorf("no network interface %s", scenario.Quote(zone))
			}
			n = uint64(card.Index)
		}
		in.Scope_id = uint32(n)
	}
	return a, nil
}

// unixAddress is a path to listen on.
func unixAddress(path string) (address, error) {
	var a address
	un := (*unix.RawSockaddrUnix)(unsafe.Pointer(&a.raw))
	un.Family = unix.AF_UNIX
	if len(path) >= len(un.Path) {
		return a, fmt.Errorf("the path has %d bytes, of at most %d", len(path), len(un.Path)-1)
	}
	a.size = uint32(unsafe.Sizeof(un.Family)) + uint32(len(path)) + 1
	copy(a.path(), path)
	return a, nil
}

// setDescriptorPath makes a the UNIX address of the file open at fd.
func (a *address) setDescriptorPath(fd int) {
	un := (*unix.RawSockaddrUnix)(unsafe.Pointer(&a.raw))
	*un = unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	var digits [32]byte
	path := strconv.AppendInt(append(digits[:0], "/proc/self/fd/"...), int64(fd), 10)
	for i, b := range path {
		un.Path[i] = int8(b)
	}
	a.size = uint32(unsafe.Sizeof(un.Family)) + uint32(len(path)) + 1
}

// resolveTime bounds what resolving a name may take.
const resolveTime = 10 * time.Second

// resolve finds the addresses of an endpoint, in the order in which they are
// to be tried.
func resolve(e Endpoint) ([]address, error) {
	if ip, err := netip.ParseAddr(e.Host); err == nil {
		a, err := inetAddress(ip, e.Port)
		return []address{a}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", e.Host)
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		// Its message has the resolver's address in it, and the whole question.
		return nil, errors.New(dns.Err)
	} else if err != nil {
		return nil, err
	}
	addresses := make([]address, len(ips))
	for i, ip := range ips {
		if addresses[i], err = inetAddress(ip, e.Port); err != nil {
			return nil, err
		}
	}
	return addresses, nil
}

// targetAddresses finds what a target connects to.
func targetAddresses(e Endpoint) ([]address, error) {
	if e.Path == "" {
		return resolve(e)
	}
	if len(e.Path) >= maxPath {
		return nil, fmt.Errorf("the path has %d bytes, of at most %d", len(e.Path), maxPath-1)
	}
	a := address{file: new([maxPath]byte)}
	a.raw.Addr.Family = unix.AF_UNIX
	copy(a.file[:], e.Path)
	return []address{a}, nil
}
