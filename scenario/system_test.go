package scenario

import (
	"errors"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	const head = "-- script --\n-c pol\n-- golden --\ndefault\n"
	systems := map[string]System{
		"5.10":     {"linux", "5.10.0-32-cloud-amd64"},
		"5.18":     {"linux", "5.18.3"},
		"6.1":      {"linux", "6.1.0-50-cloud-amd64"},
		"6.11.9":   {"linux", "6.11.9"},
		"6.12":     {"linux", "6.12.107+deb13-cloud-amd64"},
		"7.0":      {"linux", "7.0-rc1"},
		"odd":      {"linux", "next"},
		"uml":      {"uml", "6.1.2"},
		"uml 5.10": {"uml", "5.10.7"},
		"gvisor":   {"gvisor", "4.19.0-gvisor"},
	}
	tests := []struct {
		name     string
		overlays []string
		want     map[string]string // system -> section; "!" is an error
	}{
		{"none", nil, map[string]string{"5.10": "golden", "uml": "golden", "gvisor": "golden", "odd": "golden"}},
		{"a kind", []string{"gvisor"}, map[string]string{"gvisor": "golden gvisor", "uml": "golden", "6.1": "golden"}},
		{"before", []string{"linux<5.18"}, map[string]string{
			"5.10": "golden linux<5.18", "5.18": "golden", "6.1": "golden", "uml": "golden", "uml 5.10": "golden linux<5.18", "gvisor": "golden", "odd": "golden",
		}},
		{"from", []string{"linux>=6.11"}, map[string]string{
			"6.1": "golden", "6.11.9": "golden linux>=6.11", "6.12": "golden linux>=6.11", "7.0": "golden linux>=6.11",
		}},
		{"after", []string{"linux>6.11"}, map[string]string{"6.11.9": "golden", "6.12": "golden linux>6.11"}},
		{"up to", []string{"linux<=6.11"}, map[string]string{"6.11.9": "golden linux<=6.11", "6.12": "golden"}},
		{"to the patch level", []string{"linux<6.11.9"}, map[string]string{"6.11.9": "golden", "6.1": "golden linux<6.11.9"}},
		{"one", []string{"linux=6.1"}, map[string]string{"6.1": "golden linux=6.1", "6.12": "golden", "6.11.9": "golden"}},
		{"a range", []string{"linux>=6.1 linux<6.12"}, map[string]string{
			"5.18": "golden", "6.1": "golden linux>=6.1 linux<6.12", "6.12": "golden",
		}},
		{"several", []string{"linux<5.18", "linux>=6.12", "uml", "gvisor"}, map[string]string{
			"5.10": "golden linux<5.18", "6.1": "golden", "7.0": "golden linux>=6.12", "uml": "golden uml", "gvisor": "golden gvisor",
		}},
		{"two that fit", []string{"linux<6.2", "linux>=5.10"}, map[string]string{"5.10": "!", "6.12": "golden linux>=5.10"}},
		{"User Mode Linux is a Linux of its version", []string{"linux>=6.1 linux<6.12"}, map[string]string{
			"uml 5.10": "golden", "uml": "golden linux>=6.1 linux<6.12",
		}},
		{"User Mode Linux's own is more specific", []string{"linux<6.12", "uml"}, map[string]string{
			"uml": "golden uml", "6.1": "golden linux<6.12",
		}},
		{"in either order", []string{"uml=6.1", "linux<6.12"}, map[string]string{
			"uml": "golden uml=6.1", "uml 5.10": "golden linux<6.12",
		}},
		{"its own, and two that fit", []string{"uml", "linux<6.12", "linux>=6.1"}, map[string]string{"uml": "golden uml", "6.1": "!"}},
		{"two that fit, and its own", []string{"linux<6.12", "linux>=6.1", "uml"}, map[string]string{"uml": "golden uml", "6.1": "!"}},
		{"a kind and its version", []string{"uml", "uml<6.2"}, map[string]string{"uml": "!"}},
	}
	for _, tt := range tests {
		text := head
		for _, o := range tt.overlays {
			text += "-- golden " + o + " --\nother\n"
		}
		f, err := ParseFile("x.probe", []byte(text), testVerbs)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		for name, want := range tt.want {
			section, golden, err := f.Resolve(systems[name])
			var fault *Error
			switch {
			case want == "!":
				if !errors.As(err, &fault) || fault.Hint == "" {
					t.Errorf("%s on %s: error %v, want one with a hint", tt.name, name, err)
				}
			case err != nil || section != want:
				t.Errorf("%s on %s: section %q, %v; want %q", tt.name, name, section, err, want)
			case (string(golden) == "default\n") != (want == "golden"):
				t.Errorf("%s on %s: golden %q", tt.name, name, golden)
			}
		}
	}
}

// TestResolveWhere holds that a fault in a file names it without the escape sequences in its name.
func TestResolveWhere(t *testing.T) {
	f, err := ParseFile("\u009b31m.probe", []byte("-- script --\n-c pol\n-- golden linux --\n-- golden linux>5 --\n"), testVerbs)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = f.Resolve(System{"linux", "6.1"})
	if fault, ok := errors.AsType[*Error](err); !ok || fault.Where != `"\u009b31m"` {
		t.Errorf("error %+v", err)
	}
}

func TestOverlayFaults(t *testing.T) {
	tests := []struct{ when, problem, hint string }{
		{"windows", `"windows" is no kernel`, "linux, uml, gvisor"},
		{"gvisr", `"gvisr" is no kernel`, "did you mean gvisor?"},
		{"linux<", `"linux<" names no version`, "linux<5.18"},
		{"linux<five", `"linux<five" names no version`, "linux<5.18"},
		{"linux<5.x", `"linux<5.x" names no version`, "linux<5.18"},
		{"linux<5.18 foo", `"foo" is no kernel`, "linux, uml, gvisor"},
	}
	for _, tt := range tests {
		_, err := ParseFile("x.probe", []byte("-- script --\n-c pol\n-- golden "+tt.when+" --\nx\n"), testVerbs)
		var fault *Error
		if !errors.As(err, &fault) || !strings.Contains(fault.Error(), tt.problem) || !strings.Contains(fault.Hint, tt.hint) {
			t.Errorf("%s: %v", tt.when, err)
		}
	}
}

func TestShort(t *testing.T) {
	tests := []struct {
		system System
		want   string
	}{
		{System{"linux", "5.10.0-32-cloud-amd64"}, "5.10"},
		{System{"linux", "7.3.4+deb13-cloud-amd64"}, "7.3"},
		{System{"linux", "next"}, "next"},
		{System{"uml", "7.2.7"}, "uml"},
		{System{"gvisor", "4.19.0-gvisor"}, "gvisor"},
	}
	for _, tt := range tests {
		if got := tt.system.Short(); got != tt.want {
			t.Errorf("%v is %q, want %q", tt.system, got, tt.want)
		}
	}
}

func TestBefore(t *testing.T) {
	tests := []struct {
		system System
		want   bool
	}{
		{System{"linux", "6.1.0-50-cloud-amd64"}, true},
		{System{"linux", "6.5.0"}, false},
		{System{"uml", "6.1.176"}, true},
		{System{"uml", "6.12.113"}, false},
		{System{"gvisor", "4.19.0-gvisor"}, false},
		{System{"linux", "next"}, false},
	}
	for _, tt := range tests {
		if got := tt.system.Before(6, 5); got != tt.want {
			t.Errorf("%v before 6.5: %v, want %v", tt.system, got, tt.want)
		}
	}
}

func TestSkip(t *testing.T) {
	f, err := ParseFile("x.probe", []byte("-- script --\n-c pol\n-- skip linux<6.2 --\nIt lacks\nthat.\n"), testVerbs)
	if err != nil {
		t.Fatal(err)
	}
	for system, want := range map[System]string{
		{"linux", "6.1.0"}: "It lacks that.", {"uml", "6.1.176"}: "It lacks that.", {"uml", "6.12.1"}: "", {"gvisor", "4.19.0-gvisor"}: "",
	} {
		if got := f.Skip(system); got != want {
			t.Errorf("%v: %q, want %q", system, got, want)
		}
	}
}
