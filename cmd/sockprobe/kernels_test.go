package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sockprobe/internal/effort"
)

// kernelsDir is where "make kernels" puts kernels.
const kernelsDir = "../../build/kernels"

// staticDir is where buildStatic has built it, "" if it has not.
var staticDir string

// static is the program as a user would build it: the test binary cannot run on another kernel, as
// it is not static. Under -short it skips the test: that is for the race detector, for which this
// program is not built.
func static(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the static program is not built for the race detector")
	}
	program, err := buildStatic()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// buildStatic builds it once.
var buildStatic = sync.OnceValues(func() (string, error) {
	var err error
	if staticDir, err = os.MkdirTemp("", "sockprobe-static-"); err != nil {
		return "", err
	}
	program := filepath.Join(staticDir, "sockprobe")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return program, nil
})

// elsewhere is a kernel that this machine may have.
type elsewhere struct {
	name, spec string
	boots      bool   // each run there takes seconds
	missing    string // what is missing for it, "" if nothing is
}

func kernelsHere(t *testing.T) []elsewhere {
	t.Helper()
	kernels := []elsewhere{{name: "host", spec: "host"}, {name: "exec", spec: "exec:env LANG=C {}"}}

	uml := elsewhere{name: "uml", spec: "uml", boots: true}
	if path := filepath.Join(kernelsDir, "linux.uml"); exists(path) {
		uml.spec = "uml:" + path
	} else if _, err := exec.LookPath("linux.uml"); err != nil {
		uml.missing = "linux.uml is not there: make kernels"
	}
	gvisor := elsewhere{name: "gvisor", spec: "gvisor:" + filepath.Join(kernelsDir, "runsc")}
	if !exists(filepath.Join(kernelsDir, "runsc")) {
		gvisor.missing = "runsc is not there: make kernels"
	}
	kernels = append(kernels, uml, gvisor)

	images, err := filepath.Glob(filepath.Join(kernelsDir, "vmlinuz-*"))
	if err != nil {
		t.Fatal(err)
	}
	_, noQEMU := exec.LookPath("qemu-system-x86_64")
	if len(images) == 0 {
		kernels = append(kernels, elsewhere{name: "qemu", missing: "no kernel images are there: make kernels"})
	}
	for _, path := range images {
		k := elsewhere{name: filepath.Base(path), spec: path, boots: true}
		if noQEMU != nil {
			k.missing = "qemu-system-x86_64 is not installed"
		}
		kernels = append(kernels, k)
	}
	return kernels
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// on runs the program and gives what came out.
func on(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	program := static(t)
	var out, errs bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	// Nothing may be left in the temporary directory.
	tmp := t.TempDir()
	cmd.Env = append(cmd.Environ(), "TMPDIR="+tmp)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("%v: %s was left behind", args, left[0].Name())
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestKernels runs the same things on every kernel there is. One that is missing
// is a skip that says what is missing. A kernel that has to boot runs the catalogue,
// in one boot, and the rest with SOCKPROBE_LONG.
func TestKernels(t *testing.T) {
	for _, k := range kernelsHere(t) {
		t.Run(k.name, func(t *testing.T) {
			if k.missing != "" {
				t.Skip(k.missing)
			}
			t.Parallel()
			if !k.boots {
				effort.Same(t)
			}
			if !effort.PlainRan() {
				got, stderr, code := on(t, "--on", k.spec, "verify")
				if code != exitOK || !strings.Contains(got, " passed, 0 failed") {
					t.Errorf("verify: exit code %d\n%s%s", code, got, stderr)
				}
			}
			if k.boots && !effort.Long() {
				return
			}

			want, _, _ := on(t, "-c", "snd,shw", "-s", "pol,rcv")
			got, stderr, code := on(t, "--on", k.spec, "-c", "snd,shw", "-s", "pol,rcv")
			if diff := cmp.Diff(want, got); diff != "" || code != 0 {
				t.Fatalf("exit code %d, %s(-here +there):\n%s", code, stderr, diff)
			}
			if strings.HasPrefix(k.name, "vmlinuz-") && k.name != oneImage() {
				return // what follows is not the kernel's doing, and costs a boot each
			}

			// Each wait is bounded there, too.
			got, stderr, code = on(t, "--on", k.spec, "--timeout", "100ms", "-l", "acc", "-c", "drn")
			if !strings.Contains(got, "acc(l=3): ret=-1 (Resource temporarily unavailable)") ||
				!strings.Contains(got, "drn(c=4): ret=-1 (Resource temporarily unavailable)") {
				t.Errorf("waits: exit code %d\n%s%s", code, got, stderr)
			}

			// A script that ends early ends the run there with its exit code
			// and its message, and no console.
			_, stderr, code = on(t, "--on="+k.spec, "-l", "clo", "-s", "pol")
			if code != exitUsage || !strings.Contains(stderr, "no server socket") || strings.Contains(stderr, "console") {
				t.Errorf("a script that ends early: exit code %d\n%s", code, stderr)
			}

			// A golden of another kernel's: a difference here, and -u writes it.
			file := filepath.Join(t.TempDir(), "x.probe")
			text := "-- script --\n-c pol\n-- golden --\ncmd #1 stp #0: con(c): ret=0\ncmd #1 stp #1: pol(c): ret=0 ev=0\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, stderr, code = on(t, "--on", k.spec, "verify", file); code != exitDiffs {
				t.Errorf("a golden that is not this kernel's: exit code %d\n%s", code, stderr)
			}
			if _, stderr, code = on(t, "--on", k.spec, "verify", "-u", file); code != exitOK {
				t.Errorf("verify -u: exit code %d\n%s", code, stderr)
			}
			// This kernel's golden is the default; another's is an overlay.
			written, err := os.ReadFile(file)
			isDefault := k.name == "host" || k.name == "exec"
			if err != nil || strings.HasPrefix(string(written), text+"-- golden ") == isDefault {
				t.Errorf("verify -u wrote %v\n%s", err, written)
			}
			if _, stderr, code = on(t, "--on", k.spec, "verify", file); code != exitOK {
				t.Errorf("after verify -u: exit code %d\n%s", code, stderr)
			}
		})
	}
}

// fakeQEMU makes a directory with a qemu-system-x86_64 that is this shell script,
// and a file that looks like a kernel.
func fakeQEMU(t *testing.T, script string) (dir, image string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "qemu-system-x86_64"), []byte("#!/bin/sh\n"+script), 0o755); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	header := make([]byte, 4096)
	copy(header[0x202:], "HdrS")
	header[0x236] = 1
	image = filepath.Join(dir, "vmlinuz")
	if err := os.WriteFile(image, header, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, image
}

// TestBoots holds what comes of boots that go wrong, with an emulator that is a
// shell script: its arguments tell whether KVM is tried.
func TestBoots(t *testing.T) {
	effort.Same(t)
	const tcg = "case \"$*\" in *kvm*) exit 1;; esac\n" // no KVM, whatever /dev/kvm is
	tests := []struct {
		name, script string
		code         int
		want         []string
	}{
		{"it works", tcg + `printf 'h 0\no 3\nhi\nx 3\n' >&4`, 3, []string{"hi\n"}},
		{"KVM fails with an error", `case "$*" in *kvm*) echo no kvm >&2; exit 1;; esac
printf 'h 0\nx 0\n' >&4`, 0, nil},
		{"KVM hangs with a word", `case "$*" in *kvm*) echo KVM internal error >&2; exec sleep 60;; esac
printf 'h 0\nx 0\n' >&4`, 0, nil},
		{"KVM hangs without a word", `case "$*" in *kvm*) echo a warning >&2; exec sleep 60;; esac
printf 'h 0\nx 0\n' >&4`, 0, nil},
		{"a panic", tcg + "echo boom; exit 1", exitUsage, []string{"the last of its console:\nboom\n", "ended without an answer (exit status 1)"}},
		{"silence", tcg + "exit 0", exitUsage, []string{"ended without an answer", "CONFIG_SERIAL_8250_CONSOLE"}},
		{"cut off", tcg + `printf 'h 0\no 30\nhi\n' >&4`, exitUsage, []string{"the answer is cut off"}},
		{"no end", tcg + `printf 'h 0\no 3\nhi\n' >&4`, exitUsage, []string{"the answer is cut off"}},
		{"garbled", tcg + `printf 'hello\n' >&4`, exitUsage, []string{"the answer is garbled"}},
		{"an answer without end", tcg + `exec tr '\0' x </dev/zero >&4`, exitUsage, []string{"the answer is garbled"}},
		{"a console without end", tcg + `tr '\0' x </dev/zero | head -c 20000000; exit 1`, exitUsage, []string{"console:\nxxx", "ended without an answer"}},
		{"an orphan that has the line", tcg + `setsid sh -c 'echo $$ >"$0"; exec sleep 600' "${0%/*}/left" &
until [ -s "${0%/*}/left" ]; do sleep 0.01; done
exit 1`, exitUsage, []string{"ended without an answer (exit status 1)"}},
		{"too slow", tcg + "exec sleep 60", exitUsage, []string{"did not finish in time"}},
		{"long console", tcg + "seq 100; exit 1", exitUsage, []string{"console:\n61\n", "\n100\n"}},
	}
	program := static(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir, image := fakeQEMU(t, tt.script)
			defer func() {
				if pid := (wrapper{dir: dir}).left(t); pid > 0 {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}()
			limit := "20s"
			if tt.name == "too slow" {
				limit = "1s"
			}
			cmd := exec.Command(program, "--on", image, "--boot-timeout", limit, "-c", "pol")
			cmd.Env = append(cmd.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != tt.code {
				t.Errorf("exit code %d, want %d\n%s", code, tt.code, out)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
}

// TestMatrix holds the table of several kernels at once.
func TestMatrix(t *testing.T) {
	effort.Same(t)
	stdout, stderr, code := on(t, "matrix", "--only", "fin-is-rdhup,listener-shutr", "host", "host")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if !strings.HasPrefix(stdout, "all 2 scenarios: same on all kernels") || strings.Count(stdout, "\n") > 10 {
		t.Errorf("nothing differs, and it is\n%s", stdout)
	}
	stdout, stderr, code = on(t, "matrix", "--all", "--only", "fin-is-rdhup,listener-shutr", "host", "host")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	for _, want := range []string{"\nfin-is-rdhup ", "\nlistener-shutr ", "same since", "4 passed, 0 failed\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	for format, want := range map[string]string{
		"ktap": "KTAP version 1\n1..2\n", "junit": "<?xml ", "json": `{"kernel":`, "html": "<!doctype html>",
	} {
		stdout, stderr, code := on(t, "matrix", "--format", format, "--only", "fin-is-rdhup", "host", "host")
		if code != exitOK || !strings.HasPrefix(strings.ToLower(stdout), strings.ToLower(want)) {
			t.Errorf("%s: exit code %d\n%s%.300s", format, code, stderr, stdout)
		}
	}
	// A scenario that is not for this kernel, and one that is not for another.
	dir := t.TempDir()
	for name, kind := range map[string]string{"here": "linux", "there": "gvisor"} {
		text := "-- script --\n-c con\n-- golden --\ncmd #1 stp #0: con(c): ret=0\ncmd #1 stp #1: con(c): ret=-1 (EISCONN)\n-- skip " + kind + " --\nIt lacks\nthat.\n"
		if err := os.WriteFile(filepath.Join(dir, name+".probe"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, code = on(t, "matrix", "--html", filepath.Join(dir, "page.html"), "--only", dir, "host")
	if code != exitOK || !strings.Contains(stdout, "skipped on ") || !strings.Contains(stdout, ": It lacks that.") ||
		!strings.Contains(stdout, "1 passed, 0 failed, 1 skipped\n") {
		t.Errorf("with a skip: exit code %d\n%s%s", code, stderr, stdout)
	}
	if page, err := os.ReadFile(filepath.Join(dir, "page.html")); err != nil || !strings.Contains(string(page), "It lacks that.") {
		t.Errorf("--html: %v", err)
	}
	if _, stderr, code = on(t, "verify", filepath.Join(dir, "here.probe")); code != exitSkip {
		t.Errorf("all skipped: exit code %d\n%s", code, stderr)
	}
	if stdout, stderr, code = on(t, "matrix", "--html", "/nonexistent/x", "host"); code != exitUsage || stdout != "" {
		t.Errorf("--html nowhere: exit code %d\n%s%s", code, stderr, stdout)
	}
	_, stderr, code = on(t, "matrix", "--only", "fin-is-rdhup", "host", "exec:false")
	if code != exitUsage || !strings.Contains(stderr, "a kernel did not run") {
		t.Errorf("with one that does not run: exit code %d\n%s", code, stderr)
	}
}

// TestOnFaults holds that each way in which a kernel cannot be run has its own
// message, before anything is run.
func TestOnFaults(t *testing.T) {
	effort.Same(t)
	image := filepath.Join(t.TempDir(), "vmlinuz")
	if err := os.WriteFile(image, bytes.Repeat([]byte("no kernel\n"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ spec, want string }{
		{"", "no kernel is named"},
		{"nothing", "nothing: no such kernel, and not one of host, uml"},
		{image, "not a kernel image"},
		{"/etc", "/etc: not a regular file"},
		{"exec:", "exec: there is no command"},
		{"exec:nosuchcommand", "nosuchcommand"},
		{"uml:/nonexistent", "/nonexistent"},
		{"gvisor:/nonexistent", "/nonexistent"},
	}
	for _, tt := range tests {
		stdout, stderr, code := on(t, "--on", tt.spec, "-c", "pol")
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, tt.want) || !strings.Contains(stderr, "sockprobe: hint: ") {
			t.Errorf("--on %s: exit code %d\n%s%s", tt.spec, code, stdout, stderr)
		}
	}
	// A fault in the script is found here.
	if _, stderr, code := on(t, "--on", "exec:false", "-c", "foo"); code != exitUsage || !strings.Contains(stderr, "unknown verb") {
		t.Errorf("a bad script: exit code %d\n%s", code, stderr)
	}
	// Without qemu in the PATH.
	program := static(t)
	images, _ := filepath.Glob(filepath.Join(kernelsDir, "vmlinuz-*"))
	if len(images) > 0 {
		cmd := exec.Command(program, "--on", images[0], "-c", "pol")
		cmd.Env = []string{"PATH=/nonexistent"}
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), "apt-get install qemu-system-x86") {
			t.Errorf("without qemu: %s", out)
		}
	}
	if out, err := exec.Command("sockprobe", "--on", "host", "-c", "pol").CombinedOutput(); err != nil {
		t.Errorf("on this kernel: %s", out)
	}
	// The test binary is not static where cgo is.
	if out, err := exec.Command("sockprobe", "--on", "exec:env", "-c", "pol").CombinedOutput(); err != nil {
		if !strings.Contains(string(out), "is not static") || !strings.Contains(string(out), "make build") {
			t.Errorf("a program that is not static: %s", out)
		}
	}
}

// TestOnEnds holds that a run that is cut short leaves no child: by the user, by
// the end of its time, and by the death of the guest.
func TestOnEnds(t *testing.T) {
	program := static(t)
	waits := []string{"--timeout", "30s", "-l", "pol,acc,acc,acc,acc"}
	for _, k := range kernelsHere(t) {
		if k.name == "exec" || strings.HasPrefix(k.name, "vmlinuz-") && k.name != oneImage() {
			continue // host and one image do for these
		}
		t.Run(k.name, func(t *testing.T) {
			if k.missing != "" {
				t.Skip(k.missing)
			}
			if k.boots && !effort.Long() {
				t.Skip(effort.Variable + "=1 runs it: it boots four times")
			}
			if !k.boots {
				effort.Same(t)
			}
			t.Parallel()
			ends := map[string]func(cmd *exec.Cmd){
				"interrupted":    func(cmd *exec.Cmd) { _ = cmd.Process.Signal(os.Interrupt) },
				"killed":         func(cmd *exec.Cmd) { _ = cmd.Process.Kill() },
				"its guest dies": func(cmd *exec.Cmd) { _ = syscall.Kill(child(t, cmd.Process.Pid), syscall.SIGKILL) },
			}
			for name, end := range ends {
				var stderr bytes.Buffer
				cmd := exec.Command(program, append([]string{"--on", k.spec}, waits...)...)
				tmp := t.TempDir()
				cmd.Env = append(cmd.Environ(), "TMPDIR="+tmp)
				cmd.Stderr = &stderr
				answers, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				// The first answer is there: the guest is in the middle of it.
				if _, err := bufio.NewReader(answers).ReadString('\n'); err != nil {
					t.Errorf("%s: no answer: %v\n%s", name, err, &stderr)
				}
				guest := child(t, cmd.Process.Pid)
				end(cmd)
				_ = cmd.Wait()
				if name != "killed" && cmd.ProcessState.ExitCode() != exitUsage {
					t.Errorf("%s: %v\n%s", name, cmd.ProcessState, &stderr)
				}
				if !gone(guest) {
					t.Errorf("%s: its child %d is still there", name, guest)
				}
				if name == "killed" { // nobody is left to end what the child leaves
					_ = syscall.Kill(-guest, syscall.SIGKILL)
				}
				if !groupGone(guest) {
					t.Errorf("%s: a process of its child's group %d is still there", name, guest)
				}
				// Nobody is left to clean up behind a process that was killed.
				if left, _ := os.ReadDir(tmp); len(left) > 0 && name != "killed" {
					t.Errorf("%s: %s was left behind", name, left[0].Name())
				}
			}
			_, stderr, code := on(t, append([]string{"--on", k.spec, "--boot-timeout", "500ms"}, waits...)...)
			if code != exitUsage || !strings.Contains(stderr, "in time") {
				t.Errorf("--boot-timeout: exit code %d\n%s", code, stderr)
			}
		})
	}
}

// oneImage is the first of the kernel images.
func oneImage() string {
	images, _ := filepath.Glob(filepath.Join(kernelsDir, "vmlinuz-*"))
	if len(images) == 0 {
		return ""
	}
	return filepath.Base(images[0])
}

// child waits for a process's first child and gives its number.
func child(t *testing.T, pid int) int {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); <-tick.C {
		tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
		for _, path := range tasks {
			data, _ := os.ReadFile(path)
			if fields := strings.Fields(string(data)); len(fields) > 0 {
				n, err := strconv.Atoi(fields[0])
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
		}
	}
	t.Fatal("no child was started")
	return 0
}

// groupGone waits for the processes of a group to end.
func groupGone(group int) bool {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, _ := os.ReadFile(path) // or it has ended since
		_, fields, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(fields); len(f) > 2 && f[2] == strconv.Itoa(group) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && !gone(pid) {
				return false
			}
		}
	}
	return true
}

// gone waits for a process to end.
func gone(pid int) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-tick.C {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return true
		}
	}
	return false
}
