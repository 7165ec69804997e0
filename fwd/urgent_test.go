package fwd

import (
	"bytes"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUrgent holds that urgent data are relayed, in their place.
func TestUrgent(t *testing.T) {
	_, _, client, server := relayed(t, Options{})
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
	_, _, client, server := relayed(t, Options{})
	sayUrgent(t, client)
	hear(t, server, "!")
	sayUrgent(t, server)
	hear(t, client, "!")
}

// TestUrgentInBulk has urgent data in the middle of what is spliced, where a splice
// stops.
func TestUrgentInBulk(t *testing.T) {
	for _, end := range []bool{true, false} {
		_, _, client, server := relayed(t, Options{})
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
