package fwd

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"sockprobe/report"
	"sockprobe/scenario"
)

// An observer renders calls as observations, by the names that the probe has for
// them: what a client connects to is its server, so that the accepted socket
// is side s, and the one that goes to the target side c. The command is the
// connection's number, and the step that of the call or event in it; 0 is the
// accept. Events of a listener are command 0.
type observer struct {
	conns int           // so far
	ends  map[int]place // by descriptor
	steps map[int]int   // by connection
}

// A place is where a descriptor belongs.
type place struct {
	conn int
	side scenario.Side
}

func (o *observer) call(b []byte, s *sys, at time.Time, c *call) []byte {
	obs := scenario.Observation{FD: c.fd, Ret: c.result(), Errno: scenario.Errno(c.errno)}
	switch c.name {
	case waitName:
		for _, e := range c.events {
			where, ok := o.ends[int(e.Fd)]
			if !ok {
				where.side = scenario.Listener
			} else if where.side == 0 {
				continue // the loop's own
			}
			b = o.observe(b, at, where, scenario.Observation{
				Verb: "pol", FD: int(e.Fd), Ret: 1, Polled: true, Events: scenario.Events(e.Events),
			})
		}
		return b
	case "eventfd2":
		o.ends[c.ret] = place{}
		return b
	case "socket":
		if c.errno == 0 {
			o.ends[c.ret] = place{o.ends[s.client].conn, scenario.Client}
		}
		return b
	case "accept4":
		obs.Verb = "acc"
		if c.errno == 0 {
			o.conns++
			obs.Opened = scenario.Server
			o.ends[c.ret] = place{o.conns, scenario.Server}
			return o.observe(b, at, place{o.conns, scenario.Listener}, obs)
		}
		return o.observe(b, at, place{0, scenario.Listener}, obs)
	case "connect":
		obs.Verb, obs.Arg = "con", "nb"
	case "sendto":
		obs.Verb = "snd"
		if c.flags&unix.MSG_MORE != 0 {
			obs.Verb = "mor"
		}
	case "recvfrom":
		obs.Verb = "rcv"
	case "splice":
		obs.Verb = "rcv"
		if _, ok := o.ends[c.fd]; !ok {
			obs.Verb, obs.FD = "snd", c.to
		}
	case "shutdown":
		obs.Verb = "shw"
	case "close":
		obs.Verb = "clo"
	case "setsockopt":
		if c.flags != unix.SO_LINGER {
			return b
		}
		obs.Verb = "lin"
	case "getsockopt":
		obs.Verb, obs.Info = "err", scenario.PendingError(scenario.Errno(c.size))
	default:
		return b
	}
	where, ok := o.ends[obs.FD]
	if !ok || where.side == 0 {
		return b // a pipe, or the loop's own
	}
	b = o.observe(b, at, where, obs)
	if obs.Verb == "clo" {
		delete(o.ends, obs.FD)
		if where.side == scenario.Server { // a connection's last
			delete(o.steps, where.conn)
		}
	}
	return b
}

// observe appends an observation with its time.
func (o *observer) observe(b []byte, at time.Time, where place, obs scenario.Observation) []byte {
	obs.Cmd, obs.Side, obs.Step = where.conn, where.side, o.steps[where.conn]
	o.steps[where.conn]++
	line := report.JSONLine(scenario.Counted{Observation: obs}, 1)
	b = append(b, `{"time":`...)
	b = strconv.AppendQuote(b, at.Format("2006-01-02T15:04:05.000000Z07:00"))
	b = append(append(b, ','), line[1:]...)
	return append(b, '\n')
}

func (o *observer) unfinished(b []byte, _ *wait) []byte { return b }

func (o *observer) resumed(b []byte, s *sys, at time.Time, c *call) []byte {
	return o.call(b, s, at, c)
}
