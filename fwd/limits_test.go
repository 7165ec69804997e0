package fwd

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

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
			r, _, client, server := relayed(t, tt.options)
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
