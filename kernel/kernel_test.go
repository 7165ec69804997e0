package kernel

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFrames(t *testing.T) {
	var line bytes.Buffer
	large := strings.Repeat("0123456789abcdef", maxFrame/8) // two frames
	err := RunFramed(&line, func(stdout, stderr io.Writer) int {
		for _, w := range []struct {
			to   io.Writer
			text string
		}{{stdout, "one\n"}, {stderr, "x 0\n"}, {stdout, ""}, {stdout, large}, {stdout, "two\r\n"}} {
			if n, err := io.WriteString(w.to, w.text); n != len(w.text) || err != nil {
				t.Errorf("write: %d, %v", n, err)
			}
		}
		return 3
	})
	if err != nil {
		t.Fatal(err)
	}
	hellos := 0
	sent := line.Bytes()

	var out, errs bytes.Buffer
	code, err := readFrames(bytes.NewReader(sent), &out, &errs, func() { hellos++ })
	if err != nil || code != 3 || hellos != 1 {
		t.Errorf("exit code %d, %v", code, err)
	}
	if out.String() != "one\n"+large+"two\r\n" || errs.String() != "x 0\n" {
		t.Errorf("%d bytes of output and %q of errors came back", out.Len(), errs.String())
	}

	// An answer that is cut off anywhere is no answer.
	short := []byte("h 0\no 4\none\ne 4\ntwo\nx 0\n")
	for n := range short {
		if _, err := readFrames(bytes.NewReader(short[:n]), io.Discard, io.Discard, func() {}); err == nil {
			t.Errorf("cut off after %q there is no error", short[:n])
		}
	}
	if _, err := readFrames(strings.NewReader(""), io.Discard, io.Discard, func() {}); !errors.Is(err, io.EOF) {
		t.Errorf("nothing at all is %v, want EOF", err)
	}
}

func TestFramesGarbled(t *testing.T) {
	for _, in := range []string{"hello\n", strings.Repeat("x", 1<<20), "o 1" + strings.Repeat(" ", 1<<20), "q 3\nabc", "o -1\n", "o 99999999999\n", "o x\n", "\x00\x00\x00\x00"} {
		if code, err := readFrames(strings.NewReader(in), io.Discard, io.Discard, func() {}); err == nil {
			t.Errorf("%q is read as exit code %d", in, code)
		}
	}
}

func TestSkipBanner(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	tests := []struct{ name, in, want, problem string }{
		{"none", "h 0\no 1\n", "h 0\no 1\n", ""},
		{"lines", "Welcome\r\n\n h 0\nh 0\nx 0\n", "h 0\nx 0\n", ""},
		{"a long line that ends like the beginning", long + "h 0\nh 0\n", "h 0\n", ""},
		{"from a terminal", "Welcome\r\nh 0\r\no 7\r\na\rb\r\n\r\r\nx 0\r\n", "h 0\no 7\na\rb\n\r\nx 0\n", ""},
		{"alone", "\n\n Welcome \nmore\n", "", `text and no answer, beginning with "Welcome"`},
		{"no end of the line", "Welcome", "", `text and no answer, beginning with "Welcome"`},
		{"escapes", "\x1b[31mred\n", "", `text and no answer, beginning with "\x1b[31mred"`},
		{"blank", "\n", "", `text and no answer, beginning with ""`},
		{"too many lines", strings.Repeat("Welcome\n", 10_000) + "h 0\n", "", `more than 65536 bytes of text and no answer, beginning with "Welcome"`},
		{"too long a line", strings.Repeat(long, 10), "", `more than 65536 bytes of text and no answer, beginning with "` + long[:60] + `"`},
		{"nothing", "", "", "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rest, err := skipBanner(strings.NewReader(tt.in))
			if err != nil {
				if err.Error() != tt.problem {
					t.Errorf("error %q, want %q", err, tt.problem)
				}
				return
			}
			if got, err := io.ReadAll(rest); string(got) != tt.want || err != nil || tt.problem != "" {
				t.Errorf("%q, %v, want %q, error %q", got, err, tt.want, tt.problem)
			}
		})
	}
}

func TestInspect(t *testing.T) {
	bzImage := make([]byte, 4096)
	copy(bzImage[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(bzImage[0x20e:], 0x300)
	bzImage[0x236] = 1
	i386 := bytes.Clone(bzImage)
	i386[0x236] = 0
	copy(bzImage[0x500:], "6.1.0-50-cloud-amd64 (debian-kernel@lists.debian.org) #1\x00")
	cut := bytes.Clone(bzImage)
	binary.LittleEndian.PutUint32(cut[0x1f4:], 0x1000)
	arm := make([]byte, 4096)
	copy(arm[0x38:], "ARM\x64")
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		data    []byte
		release string
		problem string
	}{
		{"bzImage", bzImage, "6.1.0-50-cloud-amd64", ""},
		{"cut off", cut, "", "cut off: 4096 bytes, and its header says 66048"},
		{"for i386", i386, "", "a kernel for 386, and this program is for amd64"},
		{"for arm64", arm, "", "a kernel for arm64, and this program is for amd64"},
		{"a program", self, "", "an ELF file, but not a kernel"},
		{"text", []byte(strings.Repeat("hello\n", 200)), "", "not a kernel image"},
		{"short", []byte("MZ"), "", "not a kernel image (2 bytes)"},
		{"empty", nil, "", "not a kernel image (0 bytes)"},
		{"a package", append([]byte("!<arch>\n"), make([]byte, 4096)...), "", "it is a package"},
		{"gzip", append([]byte("\x1f\x8b"), make([]byte, 4096)...), "", "compressed with gzip"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "vmlinuz")
			if err := os.WriteFile(path, tt.data, 0o600); err != nil {
				t.Fatal(err)
			}
			release, err := inspect(path)
			if tt.problem == "" {
				if err != nil || release != tt.release {
					t.Errorf("release %q, %v", release, err)
				}
				return
			}
			var setup *SetupError
			if !errors.As(err, &setup) || !strings.Contains(setup.Problem, tt.problem) || setup.Hint == "" {
				t.Errorf("error %v, want one with %q and a hint", err, tt.problem)
			}
		})
	}
	for _, path := range []string{"/nonexistent", t.TempDir()} {
		if _, err := inspect(path); err == nil {
			t.Errorf("%s is taken for a kernel", path)
		}
	}
}

func TestTail(t *testing.T) {
	gaveUp := 0
	c := &tail{hopeless: "internal error", giveUp: func() { gaveUp++ }}
	for _, part := range []string{"KVM inter", "nal error\r\n", "internal error\n"} {
		if _, err := io.WriteString(c, part); err != nil {
			t.Fatal(err)
		}
	}
	if gaveUp != 1 {
		t.Errorf("gave up %d times", gaveUp)
	}
	for range 300_000 {
		_, _ = io.WriteString(c, "line\n")
	}
	if lines := strings.Split(c.String(), "\n"); len(lines) != consoleLines || lines[0] != "line" {
		t.Errorf("%d lines are kept, want %d", len(lines), consoleLines)
	}
	// A console that never ends its line is kept no longer.
	kept := &tail{}
	for range 300 {
		_, _ = io.WriteString(kept, strings.Repeat("é", 10_000))
	}
	if n := len(kept.text); n > 1<<20 {
		t.Errorf("%d bytes are kept", n)
	}
	if shown := kept.String(); len(shown) > consoleBytes || len(shown) < consoleBytes/2 || strings.Trim(shown, "é") != "" {
		t.Errorf("%d bytes are shown, from %.10q on", len(shown), shown)
	}
}

// TestTooLateToStart holds that a run whose time is over before its child is started says so.
func TestTooLateToStart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	_, err := command{name: "exec:true", before: []string{"true"}}.Run(ctx, Job{Stdout: io.Discard, Stderr: io.Discard})
	if boot, ok := errors.AsType[*BootError](err); !ok || boot.Problem != "it did not finish in time" {
		t.Errorf("error %v", err)
	}
}
