package fwd

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// The relay beside the one that Go makes easy: a goroutine for each direction,
// and io.Copy, which splices. Both are processes, measured in turns, and "ratio" is the
// relay's time over that one's, or over its own without a trace. make bench-relay
// compares it with others.
func BenchmarkRelay(b *testing.B) {
	echo := listenLoopback(b, func(c *net.TCPConn) { _, _ = io.Copy(c, c) })
	drop := listenLoopback(b, func(c *net.TCPConn) {
		buf := make([]byte, 256<<10)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
	})
	for _, bb := range []struct {
		name   string
		target string
		use    func(b *testing.B, addr string) func() time.Duration
		// What the relay does beside relaying, and what it is measured beside.
		env, than string
	}{
		{"exchange", echo, exchangeWith, "", envCopy + "=1"},
		{"ping", echo, pingWith, "", envCopy + "=1"},
		{"bulk", drop, bulkWith, "", envCopy + "=1"},
		{"traced/exchange", echo, exchangeWith, envTrace + "=" + filepath.Join(b.TempDir(), "trace"), ""},
		{"traced/ping", echo, pingWith, envTrace + "=" + filepath.Join(b.TempDir(), "trace"), ""},
	} {
		b.Run(bb.name, func(b *testing.B) {
			relay, other := startChild(b, "0:"+bb.target, bb.env), startChild(b, "0:"+bb.target, bb.than)
			ours, theirs := bb.use(b, relay.addr), bb.use(b, other.addr)
			var ratios []float64
			var spent time.Duration
			for b.Loop() {
				o, t := ours(), theirs()
				spent += o
				ratios = append(ratios, float64(o)/float64(t))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "ratio")
			b.ReportMetric(float64(spent.Nanoseconds())/float64(len(ratios)), "ns/relayed")
		})
	}
}

func exchangeWith(b *testing.B, addr string) func() time.Duration {
	msg := make([]byte, 64)
	return func() time.Duration {
		began := time.Now()
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		pass(b, c, msg)
		return time.Since(began)
	}
}

func pingWith(b *testing.B, addr string) func() time.Duration {
	c := dialForBench(b, addr)
	msg := make([]byte, 1)
	return func() time.Duration {
		began := time.Now()
		pass(b, c, msg)
		return time.Since(began)
	}
}

func bulkWith(b *testing.B, addr string) func() time.Duration {
	c := dialForBench(b, addr)
	data := make([]byte, 8<<20)
	return func() time.Duration {
		began := time.Now()
		if _, err := c.Write(data); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
}

// pass sends msg and waits for it to come back.
func pass(b *testing.B, c net.Conn, msg []byte) {
	if _, err := c.Write(msg); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(c, msg); err != nil {
		b.Fatal(err)
	}
}

func dialForBench(b *testing.B, addr string) net.Conn {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// listenLoopback serves each connection with serve, and gives where.
func listenLoopback(b *testing.B, serve func(*net.TCPConn)) string {
	lc := net.ListenConfig{}
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ln.Close() })
	go serveAll(ln, serve)
	return ln.Addr().String()
}

func serveAll(ln net.Listener, serve func(*net.TCPConn)) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			serve(c.(*net.TCPConn))
		}()
	}
}

// copyForTest relays to target with io.Copy until a signal comes, in a process of
// its own.
func copyForTest(target string, signals <-chan os.Signal) error {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, ln.Addr())
	go serveAll(ln, func(c *net.TCPConn) {
		to, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		defer to.Close()
		go func() {
			_, _ = io.Copy(to, c)
			_ = to.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(c, to)
	})
	<-signals
	return nil
}
