package fwd

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sockprobe/internal/effort"
)

// An exchange is what a client and a server do with one connection. The client
// sends it ahead of its data, so that the server knows its part.
type exchange struct {
	Number     uint32
	Up, Down   uint32 // bytes to the server, to the client
	Ending     ending
	ResetAfter uint32 // bytes that the one who resets has sent by then
	Slow       bool   // the receivers read little at a time, and with pauses
	Answer     bool   // the server sends when it has received all, not at the same time
}

// An ending is how a connection ends.
type ending uint8

const (
	clientFirst ending = iota // FIN from the client, then from the server
	serverFirst               // FIN from the server while the client goes on
	clientResets
	serverResets
)

// orderly endings are those that a UNIX socket can pass on, too: it has no
// resets.
var (
	orderly    = []ending{clientFirst, serverFirst}
	allEndings = []ending{clientFirst, serverFirst, clientFirst, serverFirst, clientResets, serverResets}
)

func randomExchange(number uint32, rng *rand.Rand, endings []ending) exchange {
	size := func() uint32 {
		switch n := rng.IntN(1000); {
		case n < 900:
			return rng.Uint32N(4 << 10)
		case n < 990:
			return rng.Uint32N(256 << 10)
		case n < 999 || !effort.Long():
			return rng.Uint32N(4 << 20)
		default:
			return rng.Uint32N(64 << 20)
		}
	}
	e := exchange{Number: number, Up: size(), Down: size(), Ending: endings[rng.IntN(len(endings))], Answer: rng.IntN(2) == 0}
	switch e.Ending {
	case clientResets:
		e.ResetAfter = rng.Uint32N(e.Up + 1)
	case serverResets:
		e.ResetAfter = rng.Uint32N(e.Down + 1)
	}
	if e.Ending != clientFirst {
		e.Answer = false
	}
	e.Slow = e.Up < 1<<20 && e.Down < 1<<20 && rng.IntN(20) == 0
	return e
}

// pattern is what all data are cut from, beginning at a place of their own, so
// that a byte that is lost, doubled or misplaced is one that differs.
var pattern = func() []byte {
	b := make([]byte, 65521) // a prime, and so no multiple of any buffer
	rng := rand.NewChaCha8([32]byte{})
	_, _ = rng.Read(b)
	return b
}()

// A stream is the data of one direction of an exchange.
type stream struct{ at int }

func (s *stream) next(n int) []byte {
	b := pattern[s.at:min(s.at+n, len(pattern))]
	s.at = (s.at + len(b)) % len(pattern)
	return b
}

func (e *exchange) up() stream   { return stream{int(e.Number) * 7919 % len(pattern)} }
func (e *exchange) down() stream { return stream{int(e.Number) * 104729 % len(pattern)} }

// send writes n bytes of s.
func send(c net.Conn, s stream, n int) error {
	for n > 0 {
		b := s.next(n)
		if _, err := c.Write(b); err != nil {
			return err
		}
		n -= len(b)
	}
	return nil
}

var errMixedUp = errors.New("bytes differ from what was sent")

// receive reads until the end or an error, which it gives as the kernel did, and
// counts the bytes, which have to be those of s.
func receive(c net.Conn, s stream, slow bool) (int, error) {
	buf := make([]byte, 32<<10)
	if slow {
		buf = buf[:512]
	}
	got := 0
	for {
		n, err := c.Read(buf)
		for b := buf[:n]; len(b) > 0; {
			want := s.next(len(b))
			if !bytes.Equal(b[:len(want)], want) {
				return got, errMixedUp
			}
			b = b[len(want):]
		}
		got += n
		if errors.Is(err, io.EOF) {
			return got, nil
		} else if err != nil {
			return got, err
		}
		if slow && got%5 == 0 {
			time.Sleep(time.Millisecond) //nolint:forbidigo // it is what a slow reader does, and nothing waits for it
		}
	}
}

var errNoReset = errors.New("the end instead of a reset")

// isReset is what a receiver says whose peer has reset the connection.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// verdict compares what a receiver got with what its peer did.
func (e *exchange) verdict(who string, got int, err error, want uint32, reset bool) error {
	switch {
	case errors.Is(err, errMixedUp):
		return fmt.Errorf("%s: after %d bytes: %w", who, got, err)
	case reset && !isReset(err):
		return fmt.Errorf("%s: %d bytes of %d, then %w", who, got, want, cmp.Or(err, errNoReset))
	case reset && got > int(want):
		return fmt.Errorf("%s: %d bytes of %d", who, got, want)
	case !reset && err != nil:
		return fmt.Errorf("%s: %d of %d bytes, then %w", who, got, want, err)
	case !reset && got != int(want):
		return fmt.Errorf("%s: %d of %d bytes, then the end", who, got, want)
	}
	return nil
}

// reset ends a connection with a reset.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	c.Close()
}

// client plays the client's part.
func (e *exchange) client(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, 30*time.Second)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	c := conn.(*net.TCPConn)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	if err := binary.Write(c, binary.BigEndian, e); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if e.Ending == clientResets {
		_ = send(c, e.up(), int(e.ResetAfter))
		reset(c)
		return nil
	}
	sent := make(chan error, 1)
	go func() {
		err := send(c, e.up(), int(e.Up))
		if err == nil {
			err = c.CloseWrite()
		}
		sent <- err
	}()
	got, err := receive(c, e.down(), e.Slow)
	return e.verdict("client", got, told(err, <-sent), e.Down, e.Ending == serverResets)
}

// told is what came of a connection that was received from and sent to at the
// same time: a reset is told once, to whoever asks first, and the receiver then
// sees the end (sockprobe show error-is-consumed-once).
func told(received, sent error) error {
	if received == nil {
		return sent
	}
	return received
}

// server plays the server's part of whichever exchange the connection is.
func server(c *net.TCPConn) (e exchange, err error) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	if err := binary.Read(c, binary.BigEndian, &e); err != nil {
		if isReset(err) {
			return e, nil // the client had not got far
		}
		return e, fmt.Errorf("server: %w", err)
	}
	if e.Ending == serverResets {
		_ = send(c, e.down(), int(e.ResetAfter))
		reset(c)
		return e, nil
	}
	sent := make(chan error, 1)
	answer := func() {
		err := send(c, e.down(), int(e.Down))
		if err == nil {
			err = c.CloseWrite()
		}
		sent <- err
	}
	if !e.Answer {
		go answer()
	}
	got, err := receive(c, e.up(), e.Slow)
	if e.Answer {
		answer()
	}
	return e, e.verdict("server", got, told(err, <-sent), e.Up, e.Ending == clientResets)
}

// A sink is a server for exchanges.
type sink struct {
	ln     *net.TCPListener
	served sync.WaitGroup
	count  atomic.Int64
	faults chan error

	endings []ending
}

func newSink(t *testing.T) *sink {
	t.Helper()
	lc := net.ListenConfig{}
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{ln: ln.(*net.TCPListener), faults: make(chan error, 100), endings: allEndings}
	go func() {
		for {
			c, err := s.ln.AcceptTCP()
			if err != nil {
				return
			}
			s.served.Go(func() {
				e, err := server(c)
				s.count.Add(1)
				if err != nil {
					s.fault(fmt.Errorf("%+v: %w", e, err))
				}
			})
		}
	}()
	t.Cleanup(func() { ln.Close() })
	return s
}

func (s *sink) fault(err error) {
	select {
	case s.faults <- err:
	default: // there are enough
	}
}

// exchanges makes n of them through addr, 64 at a time, and reports what went
// wrong. A stop, if not nil, ends them early: what cannot connect then is no
// fault.
func (s *sink) exchanges(t *testing.T, addr string, seed uint64, n int, stop <-chan struct{}) {
	t.Helper()
	const together = 64
	numbers := make(chan uint32)
	go func() {
		defer close(numbers)
		for i := range n {
			select {
			case numbers <- uint32(i):
			case <-stop:
				return
			}
		}
	}()
	var clients sync.WaitGroup
	for range together {
		clients.Go(func() {
			for i := range numbers {
				e := randomExchange(i, rand.New(rand.NewPCG(seed, uint64(i))), s.endings)
				if err := e.client(addr); err != nil && (stop == nil || !isRefusal(err)) {
					s.fault(fmt.Errorf("%+v: %w", e, err))
				}
			}
		})
	}
	clients.Wait()
	s.served.Wait()
	for {
		select {
		case err := <-s.faults:
			t.Error(err)
		default:
			return
		}
	}
}

// isRefusal is what a client says that came too late: to a listener that has
// gone, or that went while the connection was in its backlog.
func isRefusal(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || isReset(err)
}

// soakSize is how many connections a soak makes.
func soakSize() int { return effort.Of(1500, 10_000) }

// TestSoak holds that every byte, FIN and reset arrives, and that nothing is left
// behind.
func TestSoak(t *testing.T) {
	s := newSink(t)
	c := startChild(t, "0:"+s.ln.Addr().String())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	before := c.sockets(t)
	n := soakSize()
	s.exchanges(t, c.addr, seed, n/2, nil)
	half := c.memory(t)
	s.exchanges(t, c.addr, seed+1, n/2, nil)
	if got := int(s.count.Load()); got > n {
		t.Errorf("%d connections became %d", n, got)
	}
	// Whatever 64 connections may hold is there by half-time: two buffers each.
	if all := c.memory(t); all > half+half/2+(8<<20) {
		t.Errorf("memory grew from %d bytes to %d", half, all)
	} else {
		t.Logf("memory: %d bytes at half-time, %d at the end", half, all)
	}
	waitFor(t, "the last connections to be closed", func() bool { return c.sockets(t) == before })
	totals := c.stop(t)
	t.Log(totals)
	if !strings.HasPrefix(totals, fmt.Sprintf("%d accepted, 0 open, 0 refused, ", n)) || !strings.Contains(totals, " 0 expired, 0 cut;") {
		t.Errorf("totals: %s", totals)
	}
}

// waitFor waits until something is so, for a bounded time.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestSoakFewDescriptors is the same for a relay that has descriptors for a few
// of the 64 connections only, and runs into EMFILE all the time.
func TestSoakFewDescriptors(t *testing.T) {
	s := newSink(t)
	c := startChild(t, "0:"+s.ln.Addr().String(), envFiles+"=48", envMaxConns+"=1000000")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	before := c.sockets(t)
	n := soakSize() / 5
	s.exchanges(t, c.addr, seed, n, nil)
	waitFor(t, "the last connections to be closed", func() bool { return c.sockets(t) == before })
	totals := c.stop(t)
	t.Log(totals)
	if !strings.HasPrefix(totals, fmt.Sprintf("%d accepted, 0 open, 0 refused, ", n)) {
		t.Errorf("totals: %s", totals)
	}
	if strings.HasSuffix(totals, "; 0 pauses") {
		t.Error("it never ran out of descriptors")
	}
}

// TestSoakStopped is the same for a relay that is told to end in the middle: what
// it has accepted it brings to its end.
func TestSoakStopped(t *testing.T) {
	s := newSink(t)
	c := startChild(t, "0:"+s.ln.Addr().String())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	stop := make(chan struct{})
	totals := make(chan string, 1)
	n := soakSize() / 2
	go func() {
		defer close(totals)
		for s.count.Load() < int64(n/4) {
			time.Sleep(time.Millisecond) //nolint:forbidigo // the moment is arbitrary
		}
		close(stop)
		totals <- c.stop(t)
	}()
	s.exchanges(t, c.addr, seed, n, stop)
	got := <-totals
	t.Log(got)
	if !strings.Contains(got, " 0 open, 0 refused, ") || !strings.Contains(got, " 0 cut;") {
		t.Errorf("totals: %s", got)
	}
}

// TestSoakUnix goes through two relays with a UNIX socket between them.
func TestSoakUnix(t *testing.T) {
	s := newSink(t)
	s.endings = orderly
	path := filepath.Join(t.TempDir(), "between")
	second := startChild(t, path+":"+s.ln.Addr().String())
	first := startChild(t, "0:"+path)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	n := soakSize() / 5
	s.exchanges(t, first.addr, seed, n, nil)
	for _, c := range []*child{first, second} {
		totals := c.stop(t)
		t.Log(totals)
		if !strings.HasPrefix(totals, fmt.Sprintf("%d accepted, 0 open, 0 refused, 0 reset, 0 expired, 0 cut;", n)) {
			t.Errorf("totals: %s", totals)
		}
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}
