package fwd

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"sockprobe/scenario"
)

// A Spec says what to relay: connections to Listen are connected to Target.
type Spec struct {
	Listen Endpoint
	Target Endpoint
}

// An Endpoint is a place to listen on or to connect to: a UNIX path, or a port
// of a host.
type Endpoint struct {
	Path string // of a UNIX socket; nothing else is set then
	Host string // a name, an address without brackets, or AnyHost
	Port uint16 // 0, to listen on, is any free one
}

const (
	// AnyHost stands for every address of this machine.
	AnyHost = "*"
	// loopback is where a Spec listens that does not say where.
	loopback = "127.0.0.1"
)

// specForms is the hint for what is no spec at all.
const specForms = "write [BIND:]PORT:HOST:PORT, as in 8001:localhost:8008; a path with a / in it, in place of either side, is a UNIX socket"

// ParseSpec reads [BIND:]PORT:HOST:PORT. Either side may be the path of a UNIX
// socket instead, which has a slash in it and no colon. An IPv6 address stands
// in brackets. A fault is a *[scenario.Error].
func ParseSpec(s string) (Spec, error) {
	bad := func(problem, hint string) (Spec, error) {
		return Spec{}, &scenario.Error{Where: scenario.Quote(s), Problem: problem, Hint: hint}
	}
	fields, err := splitSpec(s)
	if err != nil {
		return bad(err.Error(), specForms)
	}

	// Paths are one field, a target otherwise two, and the rest is for listening.
	n, forTarget, forListen := len(fields), 2, 1
	if isPath(fields[n-1]) {
		forTarget = 1
	}
	if n-forTarget == 2 && !isPath(fields[0]) {
		forListen = 2
	}
	switch {
	case n == 1:
		return bad("no target behind "+scenario.Clip(fields[0]), specForms)
	case n < forListen+forTarget:
		return bad("no port behind the target "+scenario.Clip(fields[n-1]), specForms)
	case n > forListen+forTarget:
		return bad("too many fields", "an IPv6 address stands in brackets, as in 8001:[::1]:8008")
	}
	listen, target := fields[:forListen], fields[forListen:]

	var spec Spec
	if spec.Listen, err = listenEndpoint(listen); err != nil {
		return bad(err.Error(), specHint(err))
	}
	if spec.Target, err = targetEndpoint(target); err != nil {
		return bad(err.Error(), specHint(err))
	}
	return spec, nil
}

// splitSpec divides at the colons that are not in brackets, which it removes.
func splitSpec(s string) ([]string, error) {
	var fields []string
	for {
		var field string
		if rest, ok := strings.CutPrefix(s, "["); ok {
			address, rest, ok := strings.Cut(rest, "]")
			if !ok {
				return nil, specError("a bracket without its end")
			}
			if a, err := netip.ParseAddr(address); err != nil || !a.Is6() || isPath(address) { // a zone is an interface, which has no slash
				return nil, specError("no IPv6 address in the brackets, which are for nothing else")
			}
			if rest != "" && rest[0] != ':' {
				return nil, specError("something behind the closing bracket")
			}
			field, s = address, rest
		} else {
			end := strings.IndexByte(s, ':')
			if end < 0 {
				end = len(s)
			}
			field, s = s[:end], s[end:]
		}
		if field == "" {
			return nil, specError("an empty field")
		}
		fields = append(fields, field)
		if s == "" {
			return fields, nil
		}
		s = s[1:] // the colon
	}
}

// A specError is what is wrong with a spec.
type specError string

func (e specError) Error() string { return string(e) }

// A portError is a port that is none.
type portError struct {
	text  string
	least uint16
}

func (e portError) Error() string { return "not a port: " + scenario.Quote(e.text) }

func specHint(err error) string {
	port, ok := errors.AsType[portError](err)
	switch {
	case !ok:
		return specForms
	case port.least == 0:
		return "a port is a number from 1 to 65535, or 0 to listen on any free one"
	default:
		return "a port is a number from 1 to 65535"
	}
}

func listenEndpoint(fields []string) (Endpoint, error) {
	if isPath(fields[0]) {
		return Endpoint{Path: fields[0]}, nil
	}
	host := loopback
	if len(fields) == 2 {
		host = fields[0]
	}
	port, err := parsePort(fields[len(fields)-1], 0)
	return Endpoint{Host: host, Port: port}, err
}

func targetEndpoint(fields []string) (Endpoint, error) {
	if isPath(fields[0]) {
		if len(fields) > 1 {
			return Endpoint{}, specError("a path has no port")
		}
		return Endpoint{Path: fields[0]}, nil
	}
	if fields[0] == AnyHost {
		return Endpoint{}, specError("the target has to be one host, not " + AnyHost)
	}
	port, err := parsePort(fields[1], 1)
	return Endpoint{Host: fields[0], Port: port}, err
}

func parsePort(s string, least uint16) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || uint16(n) < least {
		return 0, portError{s, least}
	}
	return uint16(n), nil
}

func isPath(field string) bool { return strings.Contains(field, "/") }

// String is the endpoint as a spec has it.
func (e Endpoint) String() string {
	switch {
	case e.Path != "":
		return e.Path
	case strings.Contains(e.Host, ":"):
		return "[" + e.Host + "]:" + strconv.Itoa(int(e.Port))
	default:
		return e.Host + ":" + strconv.Itoa(int(e.Port))
	}
}

func (s Spec) String() string { return s.Listen.String() + ":" + s.Target.String() }
