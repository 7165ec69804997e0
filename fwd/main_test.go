package fwd

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A relay under test often is a process of its own, so that its descriptors, its
// memory and its limits can be told from the test's: this very binary, with
// the spec in the environment.
const (
	envSpec     = "SOCKPROBE_TEST_SPEC"
	envFiles    = "SOCKPROBE_TEST_FILES"     // RLIMIT_NOFILE
	envMaxConns = "SOCKPROBE_TEST_MAX_CONNS" // Options.MaxConns
	envTrace    = "SOCKPROBE_TEST_TRACE"     // a file
	envCopy     = "SOCKPROBE_TEST_COPY"      // relay with io.Copy instead
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(envSpec); spec != "" {
		if err := relayForTest(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// relayForTest relays until SIGTERM, says where on standard output, and at the
// end the totals.
func relayForTest(text string) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	if files, err := strconv.ParseUint(os.Getenv(envFiles), 10, 32); err == nil {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: files}); err != nil {
			return err
		}
	}
	spec, err := ParseSpec(text)
	if err != nil {
		return err
	}
	if os.Getenv(envCopy) != "" {
		return copyForTest(spec.Target.String(), signals)
	}
	options := Options{ConnectTimeout: 10 * time.Second, IdleTimeout: time.Minute, HalfClosedTimeout: time.Minute}
	options.MaxConns, _ = strconv.Atoi(os.Getenv(envMaxConns))
	var trace *Trace
	if path := os.Getenv(envTrace); path != "" {
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		trace = NewTrace(file)
		defer trace.Close()
	}
	r, err := Listen([]Spec{spec}, options)
	if err != nil {
		return err
	}
	if err := r.Start(trace); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, r.Addr())
	<-signals
	r.Stop(20 * time.Second)
	if err := r.Wait(); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, r.Totals())
	return nil
}

// A child is a relay in a process of its own.
type child struct {
	cmd    *exec.Cmd
	addr   string
	out    *bufio.Reader
	stderr bytes.Buffer
}

func startChild(t testing.TB, spec string, env ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(append(os.Environ(), envSpec+"="+spec, "GOTRACEBACK=all"), env...)
	c.cmd.Stderr = &c.stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			_ = c.cmd.Process.Kill()
			_ = c.cmd.Wait()
		}
	})
	c.out = bufio.NewReader(out)
	if c.addr = c.line(t); c.addr == "" {
		t.Fatalf("the relay does not start: %s", &c.stderr)
	}
	return c
}

func (c *child) line(t testing.TB) string {
	t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the relay says nothing: %v; standard error: %s", err, &c.stderr)
	}
	return strings.TrimSpace(line)
}

// stop ends the child as an operator does and gives its totals.
func (c *child) stop(t testing.TB) string {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	totals := c.line(t)
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("the relay ended with %v: %s", err, &c.stderr)
	}
	if c.stderr.Len() > 0 {
		t.Errorf("the relay said: %s", &c.stderr)
	}
	return totals
}

// sockets counts the child's sockets and pipes.
func (c *child) sockets(t testing.TB) int {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", c.cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// memory is the child's resident memory in bytes, without what it maps of files.
func (c *child) memory(t testing.TB) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("no RssAnon in /proc/PID/status")
	return 0
}
