package fwd

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sockprobe/scenario"
)

func TestParseSpec(t *testing.T) {
	tests := []struct {
		in   string
		want Spec
	}{
		{"8001:host:8008", Spec{Endpoint{Host: "127.0.0.1", Port: 8001}, Endpoint{Host: "host", Port: 8008}}},
		{"0:host:8008", Spec{Endpoint{Host: "127.0.0.1"}, Endpoint{Host: "host", Port: 8008}}},
		{"*:8001:10.0.0.1:80", Spec{Endpoint{Host: "*", Port: 8001}, Endpoint{Host: "10.0.0.1", Port: 80}}},
		{"[::1]:8001:[fe80::1%lo]:80", Spec{Endpoint{Host: "::1", Port: 8001}, Endpoint{Host: "fe80::1%lo", Port: 80}}},
		{"8001:/run/b.sock", Spec{Endpoint{Host: "127.0.0.1", Port: 8001}, Endpoint{Path: "/run/b.sock"}}},
		{"./a:host:80", Spec{Endpoint{Path: "./a"}, Endpoint{Host: "host", Port: 80}}},
		{"/run/a:/run/b", Spec{Endpoint{Path: "/run/a"}, Endpoint{Path: "/run/b"}}},
		{"here:8001:/run/b", Spec{Endpoint{Host: "here", Port: 8001}, Endpoint{Path: "/run/b"}}},
	}
	for _, tt := range tests {
		got, err := ParseSpec(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.in, diff)
		}
		again, err := ParseSpec(got.String())
		if err != nil || again != got {
			t.Errorf("%s is written as %s, which is %v, %v", tt.in, got, again, err)
		}
	}
}

func TestParseSpecFaults(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", `"": an empty field`},
		{"8001", `"8001": no target behind 8001`},
		{"8001:host", `"8001:host": no port behind the target host`},
		{"/a", `"/a": no target behind /a`},
		{"/a:host", `"/a:host": no port behind the target host`},
		{"a:b:c", `"a:b:c": not a port: "a"`},
		{"1:b:c", `"1:b:c": not a port: "c"`},
		{"70000:host:80", `"70000:host:80": not a port: "70000"`},
		{"1:host:0", `"1:host:0": not a port: "0"`},
		{"1:host:-1", `"1:host:-1": not a port: "-1"`},
		{"1:*:80", `"1:*:80": the target has to be one host, not *`},
		{"1:::1:80", `"1:::1:80": an empty field`},
		{"1:fe80:1:80:2", `"1:fe80:1:80:2": too many fields`},
		{"1:[::1:80", `"1:[::1:80": a bracket without its end`},
		{"1:[::1]80", `"1:[::1]80": something behind the closing bracket`},
		{"1:[host]:80", `"1:[host]:80": no IPv6 address in the brackets, which are for nothing else`},
		{"1:/a:80", `"1:/a:80": a path has no port`},
		{"1:host:80:", `"1:host:80:": an empty field`},
		{"h:/a:/b", `"h:/a:/b": not a port: "/a"`},
	}
	for _, tt := range tests {
		_, err := ParseSpec(tt.in)
		var fault *scenario.Error
		if !errors.As(err, &fault) {
			t.Errorf("%s: error %v, want a *scenario.Error", tt.in, err)
			continue
		}
		if diff := cmp.Diff(tt.want, fault.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.in, diff)
		}
		if fault.Hint == "" {
			t.Errorf("%s: no hint", tt.in)
		}
	}
}

// FuzzParseSpec holds that a spec is written as what it was read from means.
func FuzzParseSpec(f *testing.F) {
	for _, s := range []string{"8001:host:8008", "*:1:[::1]:2", "/a:/b", "1:./b", "[::]:1:h:2", "a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		spec, err := ParseSpec(in)
		if err != nil {
			return
		}
		again, err := ParseSpec(spec.String())
		if err != nil || again != spec {
			t.Fatalf("%q is written as %q, which is %v, %v", in, spec, again, err)
		}
	})
}
