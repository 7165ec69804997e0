package scenario

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const goodFile = `Bytes queued before a reset stay readable.
see: https://example.org/issue
-- script --
-s snd,clo -c pol
-- golden --
cmd #1 stp #0: con(c): ret=0
`

func TestParseFile(t *testing.T) {
	f, err := ParseFile("some/where/data-survives.probe", []byte(goodFile), testVerbs)
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "data-survives" {
		t.Errorf("name %q", f.Name)
	}
	if want := "Bytes queued before a reset stay readable."; f.Essence() != want {
		t.Errorf("essence %q, want %q", f.Essence(), want)
	}
	if want := "-s snd,clo -c pol"; f.Script.String() != want {
		t.Errorf("script %q, want %q", f.Script, want)
	}
	if diff := cmp.Diff(goodFile, string(f.Format())); diff != "" {
		t.Errorf("Format (-want +got):\n%s", diff)
	}
}

func TestParseFileScriptOnSeveralLines(t *testing.T) {
	f, err := ParseFile("x.probe", []byte("-- script --\n-c snd\n\n  -s pol\n"), testVerbs)
	if err != nil {
		t.Fatal(err)
	}
	if want := "-c snd -s pol"; f.Script.String() != want {
		t.Errorf("script %q, want %q", f.Script, want)
	}
	if f.Golden != nil {
		t.Errorf("golden %q, want none", f.Golden)
	}
}

func TestParseFileFaults(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", "x.probe: no script"},
		{"comment only", "what it is about\n", "x.probe: no script"},
		{"no script", "-- golden --\nx\n", "x.probe: no script"},
		{"empty script", "-- script --\n", "x.probe: script: no steps to run"},
		{"bad script", "-- script --\n-c foo\n", `x.probe: script: -c foo: cmd #1 stp #1: unknown verb "foo"`},
		{"two scripts", "-- script --\n-c pol\n-- script --\n-c pol\n", `x.probe: section "script" stands there twice`},
		{"unknown section", "-- script --\n-c pol\n-- goldn --\n", `x.probe: unknown section "goldn"`},
		{"binary", "\x7fELF\x00\x00", "x.probe: not a .probe file: it is not text"},
		{"not UTF-8", "\xff\xfe", "x.probe: not a .probe file: it is not text"},
		{"large", "-- script --\n-c " + strings.Repeat("pol,", 300_000) + "pol\n", "x.probe: too large for a .probe file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseFile("x.probe", []byte(tt.in), testVerbs)
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("error %v, want an *Error", err)
			}
			if diff := cmp.Diff(tt.want, fault.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if fault.Hint == "" {
				t.Error("no hint")
			}
		})
	}
}

// FuzzParseFile holds that a file that parses is written so that it parses to
// the same, and from then on stays as it is.
func FuzzParseFile(f *testing.F) {
	f.Add(goodFile)
	f.Add("-- script --\n-e -c pol")
	f.Add("about\n-- golden --\nx\n-- script --\n-c pol\n")
	f.Add("ut\n-- golden --\nx\n-- script --\n-c pol\r")
	f.Add("-- script --\n-c pol\r\r\n")
	f.Add("-- script --\n-c pol\n-- golden gvisor --\nx\n-- golden linux>=6.1 linux<6.12 --\ny\n")
	f.Fuzz(func(t *testing.T, in string) {
		file, err := ParseFile("x.probe", []byte(in), testVerbs)
		if err != nil {
			return
		}
		if err := file.SetGolden("golden", []byte("cmd #1 stp #1: pol(c): ret=0 ev=0\n")); err != nil {
			t.Fatal(err)
		}
		once := file.Format()
		again, err := ParseFile("x.probe", once, testVerbs)
		if err != nil {
			t.Fatalf("%q parses, but what it is written as, %q, does not: %v", in, once, err)
		}
		if diff := cmp.Diff(string(once), string(again.Format())); diff != "" {
			t.Fatalf("written a second time (-first +second):\n%s", diff)
		}
		same := cmp.Options{cmpopts.IgnoreFields(File{}, "Comment", "Source"), cmpopts.IgnoreUnexported(Overlay{})}
		if diff := cmp.Diff(file, again, same); diff != "" {
			t.Fatalf("%q (-first +second):\n%s", in, diff)
		}
	})
}
