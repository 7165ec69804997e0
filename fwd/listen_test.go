package fwd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

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
