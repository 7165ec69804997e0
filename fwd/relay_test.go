package fwd

import (
	"bytes"
	"errors"
	"fmt"
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

	"sockprobe/scenario"
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
	b := newBackend(t, "127.0.0.1:0")
	r, _ := relayHere(t, "0:"+b.Addr().String(), Options{})
	client := dial(t, r.Addr())
	server := b.accept(t)
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
	b := newBackend(t, "127.0.0.1:0")
	r, _ := relayHere(t, "0:"+b.Addr().String(), Options{})
	client := dial(t, r.Addr())
	server := b.accept(t)
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

// TestUrgent holds that urgent data are relayed, in their place.
func TestUrgent(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	r, _ := relayHere(t, "0:"+b.Addr().String(), Options{})
	client := dial(t, r.Addr())
	server := b.accept(t)
	for _, c := range []struct{ from, to *net.TCPConn }{{client, server}, {server, client}} {
		say(t, c.from, "before ")
		sayUrgent(t, c.from)
		say(t, c.from, " behind")
		shut(t, c.from)
		hear(t, c.to, "before ! behind")
		hearEnd(t, c.to)
	}
}

// sayUrgent sends one byte that is urgent.
func sayUrgent(t *testing.T, c *net.TCPConn) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Write(func(fd uintptr) bool {
		failed = unix.Send(int(fd), []byte("!"), unix.MSG_OOB)
		return true
	}); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
}

// TestLoneUrgent is an urgent byte that nothing follows.
func TestLoneUrgent(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	r, _ := relayHere(t, "0:"+b.Addr().String(), Options{})
	client := dial(t, r.Addr())
	server := b.accept(t)
	sayUrgent(t, client)
	hear(t, server, "!")
	sayUrgent(t, server)
	hear(t, client, "!")
}

// TestUrgentInBulk has urgent data in the middle of what is spliced, where a splice
// stops.
func TestUrgentInBulk(t *testing.T) {
	for _, end := range []bool{true, false} {
		b := newBackend(t, "127.0.0.1:0")
		r, _ := relayHere(t, "0:"+b.Addr().String(), Options{})
		client := dial(t, r.Addr())
		server := b.accept(t)
		const bulk = 16 << 20
		go func() {
			_ = send(client, stream{}, bulk)
			sayUrgent(t, client)
			_, _ = io.WriteString(client, "behind")
			if end {
				_ = client.CloseWrite()
			}
		}()
		s := stream{}
		buf := make([]byte, 64<<10)
		for got := 0; got < bulk; {
			n, err := server.Read(buf[:min(len(buf), bulk-got)])
			if err != nil {
				t.Fatalf("after %d bytes: %v", got, err)
			}
			for rest := buf[:n]; len(rest) > 0; {
				want := s.next(len(rest))
				if !bytes.Equal(rest[:len(want)], want) {
					t.Fatalf("bytes differ after %d", got)
				}
				rest = rest[len(want):]
			}
			got += n
		}
		hear(t, server, "!behind")
		if end {
			hearEnd(t, server)
		}
	}
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

// TestTimeLimits holds that a connection on which nothing happens ends with a
// reset, which is no end of data.
func TestTimeLimits(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		half    bool
	}{
		{"idle", Options{IdleTimeout: 50 * time.Millisecond}, false},
		{"half closed", Options{HalfClosedTimeout: 500 * time.Millisecond}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBackend(t, "127.0.0.1:0")
			r, _ := relayHere(t, "0:"+b.Addr().String(), tt.options)
			client := dial(t, r.Addr())
			server := b.accept(t)
			if tt.half {
				shut(t, server)
				hearEnd(t, client)
			} else {
				hearReset(t, client)
			}
			hearReset(t, server)
			if got := r.Totals(); got.Expired != 1 {
				t.Errorf("totals: %s", got)
			}
		})
	}
}

// TestMaxConns holds that connections beyond the limit wait for their turn.
func TestMaxConns(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	r, held := relayHere(t, "0:"+b.Addr().String(), Options{MaxConns: 1})
	first, second := dial(t, r.Addr()), dial(t, r.Addr())
	say(t, first, "1")
	say(t, second, "2")
	one := b.accept(t)
	hear(t, one, "1")
	waitFor(t, "accepting to pause", func() bool { return r.Totals().Pauses > 0 })
	if got := r.Totals(); got.Accepted != 1 {
		t.Errorf("totals: %s", got)
	}
	first.Close()
	one.Close()
	hear(t, b.accept(t), "2")
	held.mu.Lock()
	defer held.mu.Unlock()
	if n := held.calls[waitName]; n > 1000 {
		t.Errorf("%d waits: it spins", n)
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

// TestFewDescriptorsNoSpin holds that a relay that has run out of descriptors looks
// only now and then whether there are some.
func TestFewDescriptorsNoSpin(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	trace := filepath.Join(t.TempDir(), "trace")
	c := startChild(t, "0:"+b.Addr().String(), envFiles+"=24", envMaxConns+"=1000", envTrace+"="+trace)
	for range 24 {
		dial(t, c.addr) // some are accepted, and the rest wait in the backlog
	}
	pauses := func() int {
		data, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(data, []byte("EMFILE"))
	}
	waitFor(t, "descriptors to run out ten times", func() bool { return pauses() >= 10 })
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := bytes.Cut(data, []byte("EMFILE"))
	if calls := bytes.Count(after, []byte("\n")); calls > 40*pauses() {
		t.Errorf("%d calls in %d pauses", calls, pauses())
	}
}

// staleSocket makes a UNIX socket on which nobody listens any more.
func staleSocket(t *testing.T, path string) {
	t.Helper()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	ln.Close()
}

// TestSocketFile holds what a UNIX listener does with what is at its path.
func TestSocketFile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	staleSocket(t, at("stale"))
	if err := errors.Join(
		os.WriteFile(at("file"), nil, 0o600), os.Symlink(at("stale"), at("link")), os.Symlink(at("nothing"), at("dangling")),
	); err != nil {
		t.Fatal(err)
	}
	live, err := net.Listen("unix", at("live"))
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	tests := []struct{ path, want string }{
		{at("new"), ""},
		{at("stale"), ""},
		{at("live"), "another process listens there"},
		{at("file"), "a file is there that is no socket"},
		{at("link"), "a symbolic link is there"},
		{at("dangling"), "a symbolic link is there"},
		{at("none/new"), "no such file or directory"},
		{at(strings.Repeat("x", 120)), fmt.Sprintf("the path has %d bytes, of at most 107", len(dir)+121)},
	}
	for _, tt := range tests {
		before, _ := os.Lstat(tt.path)
		r, err := Listen([]Spec{{Endpoint{Path: tt.path}, Endpoint{Host: "127.0.0.1", Port: 1}}}, Options{})
		if tt.want != "" {
			fault, ok := errors.AsType[*scenario.Error](err)
			if !ok || fault.Problem != tt.want || fault.Hint == "" {
				t.Errorf("%s: error %v, want %s", tt.path, err, tt.want)
			}
			if after, _ := os.Lstat(tt.path); before != nil && !os.SameFile(before, after) {
				t.Errorf("%s: was changed", tt.path)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
			continue
		}
		info, err := os.Lstat(tt.path)
		if err != nil || info.Mode() != os.ModeSocket|0o600 {
			t.Errorf("%s: mode %v, %v", tt.path, info, err)
		}
		r.closeListeners()
		if _, err := os.Lstat(tt.path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: still there: %v", tt.path, err)
		}
	}
}

// TestSocketFileReplaced holds that a relay does not remove what is not its own.
func TestSocketFileReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	r, err := Listen([]Spec{{Endpoint{Path: path}, Endpoint{Host: "127.0.0.1", Port: 1}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	r.closeListeners()
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// TestTargetLink holds that a UNIX target that is a link is not followed, whether it
// was one at the start or became one.
func TestTargetLink(t *testing.T) {
	dir := t.TempDir()
	real, path := filepath.Join(dir, "real"), filepath.Join(dir, "target")
	ln, err := net.Listen("unix", real)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	r, _ := relayHere(t, "0:"+path, Options{}) // there is nothing yet, which is no fault
	dialReset(t, r.Addr())
	if got := r.Totals().LastFailure; got != unix.ENOENT {
		t.Errorf("failure: %v", got)
	}
	if err := os.Symlink(real, path); err != nil {
		t.Fatal(err)
	}
	dialReset(t, r.Addr())
	if got := r.Totals(); got.Refused != 2 {
		t.Errorf("totals: %s", got)
	}
	if _, err := Listen([]Spec{{Endpoint{Host: "127.0.0.1"}, Endpoint{Path: path}}}, Options{}); err == nil {
		t.Error("a link is taken for a target")
	}
	if err := errors.Join(os.Remove(path), os.Rename(real, path)); err != nil {
		t.Fatal(err)
	}
	client := dial(t, r.Addr())
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	say(t, client, "hello")
	hear(t, server, "hello")
}

// TestPortTaken holds that all specs are listened on, or none.
func TestPortTaken(t *testing.T) {
	b := newBackend(t, "127.0.0.1:0")
	path := filepath.Join(t.TempDir(), "socket")
	taken := uint16(b.Addr().(*net.TCPAddr).Port)
	target := Endpoint{Host: "127.0.0.1", Port: 1}
	_, err := Listen([]Spec{{Endpoint{Path: path}, target}, {Endpoint{Host: "127.0.0.1", Port: taken}, target}}, Options{})
	if !strings.Contains(fmt.Sprint(err), "address already in use") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the first listener is still there: %v", err)
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

// TestCircle holds which relays would be their own clients. The target of each
// spec has the port of the listener with that number.
func TestCircle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	type ends struct {
		listen, target string
		of             int
	}
	tests := []struct {
		name  string
		specs []ends
		want  bool
	}{
		{"itself", []ends{{"127.0.0.1", "127.0.0.1", 0}}, true},
		{"by no address", []ends{{"127.0.0.1", "0.0.0.0", 0}}, true},
		{"all addresses", []ends{{"0.0.0.0", "127.0.0.2", 0}}, true},
		{"other family", []ends{{"0.0.0.0", "::1", 0}}, false},
		{"both families", []ends{{"*", "127.0.0.1", 0}}, true},
		{"one address", []ends{{"127.0.0.1", "127.0.0.2", 0}}, false},
		{"chain", []ends{{"127.0.0.1", "127.0.0.1", 1}, {"127.0.0.1", "192.0.2.1", 0}}, false},
		{"circle", []ends{{"127.0.0.1", "127.0.0.1", 1}, {"127.0.0.1", "127.0.0.1", 0}}, true},
		{"behind a circle", []ends{{"127.0.0.1", "127.0.0.1", 1}, {"127.0.0.1", "127.0.0.1", 1}}, true},
		{"path", []ends{{path, path, 0}}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &Relay{}
			defer r.closeListeners()
			for _, e := range tt.specs {
				spec := Spec{Endpoint{Host: e.listen}, Endpoint{Host: "127.0.0.1", Port: 1}}
				if e.listen == path {
					spec.Listen = Endpoint{Path: path}
				}
				open, err := openListeners(spec)
				if err != nil {
					t.Fatal(err)
				}
				r.listeners = append(r.listeners, open...)
			}
			for i, e := range tt.specs {
				target := Endpoint{Host: e.target, Port: r.listeners[e.of].addr.inet().Port()}
				if e.target == path {
					target = Endpoint{Path: filepath.Dir(path) + "//socket"}
				}
				addresses, err := targetAddresses(target)
				if err != nil {
					t.Fatal(err)
				}
				r.listeners[i].target = addresses
			}
			if err := r.checkCircle(); (err != nil) != tt.want {
				t.Errorf("error %v, want one: %v", err, tt.want)
			}
		})
	}
}
