package fwd

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// A backend is a listener that a test serves by itself.
type backend struct {
	*net.TCPListener
}

func newBackend(t *testing.T, addr string) backend {
	t.Helper()
	lc := net.ListenConfig{}
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return backend{ln.(*net.TCPListener)}
}

func (b backend) accept(t *testing.T) *net.TCPConn {
	t.Helper()
	_ = b.SetDeadline(time.Now().Add(20 * time.Second))
	c, err := b.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	return bounded(t, c)
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return bounded(t, c.(*net.TCPConn))
}

func bounded(t *testing.T, c *net.TCPConn) *net.TCPConn {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { c.Close() })
	return c
}

func say(t *testing.T, c io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// hear reads exactly want.
func hear(t *testing.T, c io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("heard %q, %v; want %q", got[:n], err, want)
	}
}

// relayed starts a relay to a backend, and makes a connection through it.
func relayed(t *testing.T, o Options) (r *Relay, b backend, client, server *net.TCPConn) {
	t.Helper()
	b = newBackend(t, "127.0.0.1:0")
	r, _ = relayHere(t, "0:"+b.Addr().String(), o)
	client = dial(t, r.Addr())
	return r, b, client, b.accept(t)
}

// dialReset connects to what resets each connection, perhaps at once.
func dialReset(t *testing.T, addr string) {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, 20*time.Second)
	if isReset(err) {
		return
	} else if err != nil {
		t.Fatal(err)
	}
	hearReset(t, bounded(t, c.(*net.TCPConn)))
}

func hearEnd(t *testing.T, c io.Reader) {
	t.Helper()
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Fatalf("heard %q, %v; want the end", rest, err)
	}
}

func hearReset(t *testing.T, c io.Reader) {
	t.Helper()
	if rest, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) || len(rest) > 0 {
		t.Fatalf("heard %q, %v; want a reset", rest, err)
	}
}

func shut(t *testing.T, c *net.TCPConn) {
	t.Helper()
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

// recorder is a renderer that keeps the names of the calls for connections.
type recorder struct {
	laws  *laws
	names []string
}

func (r *recorder) unfinished(b []byte, _ *wait) []byte { return b }
func (r *recorder) resumed(b []byte, s *sys, at time.Time, c *call) []byte {
	return r.call(b, s, at, c)
}

func (r *recorder) call(b []byte, s *sys, at time.Time, c *call) []byte {
	if s.client != 0 || c.name == "accept4" {
		r.names = append(r.names, c.name)
	}
	return r.laws.call(b, s, at, c)
}

// TestHastyClient holds that a client whose request and FIN are there when the
// relay looks costs no call that could be left out.
func TestHastyClient(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	r, _ := listenHere(t, "0:"+b.Addr().String(), Options{})
	kept := &recorder{laws: newLaws()}
	trace := newTrace(discard{}, kept)
	client := dial(t, r.Addr())
	say(t, client, "foo\n")
	shut(t, client)
	if err := r.Start(trace); err != nil {
		t.Fatal(err)
	}
	server := b.accept(t)
	hear(t, server, "foo\n")
	hearEnd(t, server)
	say(t, server, "bar\n")
	server.Close()
	hear(t, client, "bar\n")
	hearEnd(t, client)
	waitFor(t, "the end of the connection", func() bool { return r.Totals().Open == 0 })
	r.Stop(0)
	if err := r.Wait(); err != nil {
		t.Error(err)
	}
	if err := trace.Close(); err != nil {
		t.Error(err)
	}
	for _, f := range kept.laws.faults {
		t.Error(f)
	}
	names := slices.DeleteFunc(kept.names, func(name string) bool { return name == waitName || name == "read" })
	end := min(slices.Index(names, "close")+2, len(names))
	want := []string{
		"accept4", "socket", "setsockopt", "connect", "recvfrom", "recvfrom", "sendto", "shutdown",
		"epoll_ctl", "recvfrom", "sendto", "close", "close",
	}
	// The server's end may come by itself, and is one read more.
	if got := names[:end]; !slices.Equal(got, want) && !slices.Equal(slices.Delete(slices.Clone(got), 11, 12), want) {
		t.Errorf("calls (-want +got):\n%s", cmp.Diff(want, got))
	}
}

// TestKeepAliveClient holds that the end of a client's stream is not looked for
// right behind its first bytes where clients do not end there.
func TestKeepAliveClient(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	r, held := relayHere(t, "0:"+b.Addr().String(), Options{})
	for range 3 {
		client := dial(t, r.Addr())
		say(t, client, "request")
		server := b.accept(t)
		hear(t, server, "request")
		say(t, server, "response")
		hear(t, client, "response")
		client.Close()
		hearEnd(t, server)
		server.Close()
	}
	waitFor(t, "the end of the connections", func() bool { return r.Totals().Open == 0 })
	held.mu.Lock()
	defer held.mu.Unlock()
	// Request, response and both ends are received once each time; there was
	// one look for an end in vain, and each client may have been late.
	if n := held.calls["recvfrom"]; n > 3*4+1+3 {
		t.Errorf("%d calls of recvfrom", n)
	}
	if n := held.calls["connect"]; n != 3 {
		t.Errorf("%d calls of connect", n)
	}
}

// TestServerFirst is a server that speaks before the client does.
func TestServerFirst(t *testing.T) {
	_, _, client, server := relayed(t, Options{})
	say(t, server, "220 ready")
	hear(t, client, "220 ready")
	shut(t, server)
	hearEnd(t, client)
	say(t, client, "still here") // the other direction goes on
	hear(t, server, "still here")
	client.Close()
	hearEnd(t, server)
}

// TestDataBeforeReset holds that what a peer sent before it reset the connection is
// delivered, and the reset behind it.
func TestDataBeforeReset(t *testing.T) {
	r, b, client, server := relayed(t, Options{})
	say(t, server, "last words")
	reset(server)
	hear(t, client, "last words")
	hearReset(t, client)

	client = dial(t, r.Addr())
	server = b.accept(t)
	say(t, client, "last words")
	reset(client)
	hear(t, server, "last words")
	hearReset(t, server)
	if n := r.Totals().Reset; n != 2 {
		t.Errorf("%d resets", n)
	}
}

// TestResetOfHalfClosed is a client that ends its stream, waits, and then resets the
// connection: the server is told, although nothing is read from the client any
// more.
func TestResetOfHalfClosed(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	r, _ := relayHere(t, "0:"+b.Addr().String(), Options{})
	client := dial(t, r.Addr())
	say(t, client, "request")
	shut(t, client)
	server := b.accept(t)
	hear(t, server, "request")
	hearEnd(t, server)
	reset(client)
	// The server's stream has ended; what tells of the reset is a write.
	waitFor(t, "the reset to be passed on", func() bool { return r.Totals().Reset == 1 })
	waitFor(t, "the server to be told", func() bool {
		_, err := server.Write([]byte("x"))
		return isReset(err)
	})
}

// TestNoDescriptorForNext has no descriptor for the second address when the first has
// refused: what the client says meanwhile waits.
func TestNoDescriptorForNext(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	r, start := listenHere(t, "0:"+b.Addr().String(), Options{ConnectTimeout: 10 * time.Second})
	replaceTargets(t, r, silentPort(t), b.Addr())
	start()
	client := dial(t, r.Addr())
	waitFor(t, "the connection", func() bool { return r.Totals().Open == 1 })
	r.each(func(l *loop) {
		c := l.connecting.first
		l.client = c.client.fd
		// As dial and failed leave it behind when socket(2) answers EMFILE.
		s := &c.server
		l.sockets[s.fd] = nil
		l.close(s.fd)
		s.fd, s.connecting, s.watched, s.mask = -1, false, false, 0
		l.next(c, unix.ECONNREFUSED)
		l.retry(c, unix.EMFILE)
		// The next try is after the client's word.
		l.retrying.limit = int64(100 * time.Millisecond)
	})
	say(t, client, "hello")
	shut(t, client)
	server := b.accept(t)
	hear(t, server, "hello")
	hearEnd(t, server)
	if got := r.Totals(); got.Reset != 0 {
		t.Errorf("totals: %s", got)
	}
}

// TestLongestName traces a client whose own path is as long as it can be, and has
// no NUL.
func TestLongestName(t *testing.T) {
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	b := newBackend(t, "127.0.0.1:0")
	path := filepath.Join(dir, "listen")
	var out bytes.Buffer
	trace := NewTrace(&out)
	r, err := Listen([]Spec{{Endpoint{Path: path}, endpointOf(b)}}, Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(trace); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, strings.Repeat("x", 108-len(dir)-1))
	client, err := net.DialUnix("unix", &net.UnixAddr{Name: name}, &net.UnixAddr{Name: path})
	if err != nil {
		t.Skipf("a name of 108 bytes cannot be bound: %v", err)
	}
	defer client.Close()
	say(t, client, "hello")
	hear(t, b.accept(t), "hello")
	r.Stop(0)
	if err := errors.Join(r.Wait(), trace.Close()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), name) {
		t.Errorf("the name is not in the trace: %s", &out)
	}
}

// replaceTargets has r's connections go elsewhere. The relay must not have been
// started.
func replaceTargets(t *testing.T, r *Relay, addrs ...net.Addr) {
	t.Helper()
	var list []address
	for _, a := range addrs {
		ap := a.(*net.TCPAddr).AddrPort()
		raw, err := inetAddress(ap.Addr(), ap.Port())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, raw)
	}
	for _, l := range r.loops {
		l.targets[0].addresses = list
	}
}

// closedPort is an address that refuses.
func closedPort(t *testing.T) net.Addr {
	b := newBackend(t, "127.0.0.1:0")
	b.Close()
	return b.Addr()
}

// silentPort is an address that does not answer: a listener whose backlog is full.
func silentPort(t *testing.T) net.Addr {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sa.(*unix.SockaddrInet4).Port}
	dial(t, addr.String()) // one fits
	return addr
}

// TestAddressesInOrder holds that an address that refuses, or does not answer in
// time, is followed by the next, with the client's data kept.
func TestAddressesInOrder(t *testing.T) {
	for _, early := range []bool{false, true} {
		b := newBackend(t, "127.0.0.1:0")
		r, start := listenHere(t, "0:"+b.Addr().String(), Options{ConnectTimeout: 50 * time.Millisecond})
		replaceTargets(t, r, closedPort(t), silentPort(t), b.Addr())
		client := dial(t, r.Addr())
		if early {
			say(t, client, "hello")
		}
		held := start()
		server := b.accept(t)
		if !early {
			say(t, client, "hello")
		}
		hear(t, server, "hello")
		held.mu.Lock()
		if n := held.calls["connect"]; n != 3 {
			t.Errorf("%d calls of connect for three addresses", n)
		}
		held.mu.Unlock()
		if got := r.Totals(); got.Refused != 0 || got.LastFailure != unix.ETIMEDOUT {
			t.Errorf("totals: %s", got)
		}
	}
}

// TestNobodyAnswers holds that a client is reset whose target cannot be
// connected to.
func TestNobodyAnswers(t *testing.T) {
	r, start := listenHere(t, "0:127.0.0.1:1", Options{ConnectTimeout: 50 * time.Millisecond})
	replaceTargets(t, r, silentPort(t), closedPort(t))
	start()
	dialReset(t, r.Addr())
	if got := r.Totals(); got.Refused != 1 || got.LastFailure != unix.ECONNREFUSED {
		t.Errorf("totals: %s", got)
	}
}

// TestStop holds that a stop lets connections end, those in the backlog among
// them, and cuts what is left when the time is over.
func TestStop(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	r, start := listenHere(t, "0:"+b.Addr().String(), Options{})
	waiting := dial(t, r.Addr())
	start()
	r.Stop(time.Hour)
	if c, err := net.Dial("tcp", r.Addr()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
	server := b.accept(t)
	say(t, waiting, "hello")
	hear(t, server, "hello")
	r.Stop(0)
	hearReset(t, waiting)
	hearReset(t, server)
	if err := r.Wait(); err != nil {
		t.Error(err)
	}
	if got := r.Totals(); got.Cut != 1 || got.Open != 0 {
		t.Errorf("totals: %s", got)
	}
}

// TestFamilies relays from and to each kind of address.
func TestFamilies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	for _, tt := range []struct{ listen, dial, target string }{
		{"[::1]:0", "", "[::1]:0"},
		{"*:0", "[::1]", "127.0.0.1:0"},
		{"*:0", "127.0.0.1", "127.0.0.1:0"},
		{"localhost:0", "", "127.0.0.1:0"},
		{path, path, "127.0.0.1:0"},
	} {
		t.Run(tt.listen+" "+tt.dial, func(t *testing.T) {
			b := newBackend(t, tt.target)
			r, _ := relayHere(t, tt.listen+":"+b.Addr().String(), Options{})
			network, addr := "tcp", r.Addr()
			if tt.dial == path {
				network = "unix"
			} else if tt.dial != "" {
				addr = tt.dial + addr[strings.LastIndexByte(addr, ':'):]
			}
			client, err := net.Dial(network, addr)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			say(t, client, "there")
			server := b.accept(t)
			hear(t, server, "there")
			say(t, server, "back")
			server.Close()
			hear(t, client, "back")
			hearEnd(t, client)
		})
	}
}

// TestStopUnstarted holds that a relay that never began can be ended.
func TestStopUnstarted(t *testing.T) {
	r, _ := listenHere(t, "0:127.0.0.1:1", Options{})
	r.Stop(0)
	if err := r.Wait(); err != nil {
		t.Error(err)
	}
	if got := r.Totals(); got.Accepted != 0 {
		t.Errorf("totals: %s", got)
	}
}

// TestTraceFails holds that a relay goes on when its trace cannot be written.
func TestTraceFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	b := newBackend(t, "127.0.0.1:0")
	trace := NewTrace(full)
	r, err := Listen([]Spec{{Endpoint{Host: "127.0.0.1"}, endpointOf(b)}}, Options{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(trace); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-trace.Failed():
		if !errors.Is(err, unix.ENOSPC) {
			t.Errorf("error %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is said of the trace")
	}
	client := dial(t, r.Addr())
	say(t, client, "hello")
	hear(t, b.accept(t), "hello")
	r.Stop(0)
	if err := r.Wait(); err != nil {
		t.Error(err)
	}
	if err := trace.Close(); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("close: %v", err)
	}
}

func endpointOf(b backend) Endpoint {
	return Endpoint{Host: "127.0.0.1", Port: uint16(b.Addr().(*net.TCPAddr).Port)}
}
