package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sockprobe/internal/effort"
)

// TestMain lets scripts run this very binary as sockprobe.
func TestMain(m *testing.M) {
	keepDescriptors()
	testscript.Main(tidy{m}, map[string]func(){"sockprobe": main})
}

// tidy removes what the tests have shared once they are done.
type tidy struct{ *testing.M }

func (t tidy) Run() int {
	defer func() { os.RemoveAll(staticDir) }() // its value then, not now
	return t.M.Run()
}

// keepDescriptors lets no descriptor but 0, 1 and 2 get into what the tests
// start, so that sockets there are 3, 4 and 5 whatever the tests were
// started with.
func keepDescriptors() {
	const all = 1 << 10 // without /proc, which a script may hide, there is no list
	for fd := 3; fd < all; fd++ {
		syscall.CloseOnExec(fd)
	}
}

// commands are those that scripts have beside testscript's own.
var commands = map[string]func(*testscript.TestScript, bool, []string){
	"fault":  mustFault,
	"port":   freePort,
	"await":  await,
	"events": printEvents,
	"calls":  printCalls,
	"same":   sameTrace,
	"hold":   hold,
}

// condition is what scripts may ask for beside testscript's own: netns is whether
// a network namespace can be made, proc-hidden whether /proc can be hidden in one of mounts, strace6.1 whether that strace is here and may trace,
// unprivileged whether this one can give up its rights, and low ports need some.
func condition(name string) (bool, error) {
	switch name {
	case "netns":
		return exec.Command("unshare", "-rn", "true").Run() == nil, nil
	case "mptcp": // whether the kernel has it
		return exec.Command("sockprobe", "--family", "mptcp", "-c", "pol").Run() == nil, nil
	case "alone": // whether nothing else runs that a script could disturb
		return os.Getenv("SOCKPROBE_STEERING") != "", nil
	case "steering": // whether the loopback interface of a namespace can be given receive packet steering
		const steer = "mount -t sysfs none /sys && ip link set lo up && echo 1 >/sys/class/net/lo/queues/rx-0/rps_cpus"
		return exec.Command("unshare", "-nm", "sh", "-c", steer).Run() == nil, nil
	case "proc-hidden": // whether a mount namespace can be made in which /proc is empty
		return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "none", "/proc").Run() == nil, nil
	case "unprivileged":
		first, _ := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
		return string(first) == "1024\n" && exec.Command("setpriv", "--reuid=65534", "--clear-groups", "true").Run() == nil, nil
	case "strace6.1":
		version, err := exec.Command("strace", "--version").Output()
		is := err == nil && strings.HasPrefix(string(version), "strace -- version 6.1\n")
		return is && exec.Command("strace", "true").Run() == nil, nil
	default:
		return false, fmt.Errorf("no condition is called %q", name)
	}
}

// TestScripts runs the command line, a topic a file.
func TestScripts(t *testing.T) {
	effort.Same(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:                commands,
		Condition:           condition,
		Setup: func(e *testscript.Env) error {
			root, err := filepath.Abs("../..") // the Makefile is there
			if err != nil {
				return err
			}
			e.Setenv("ROOT", root)
			e.Values[heldKey{}] = map[string]*os.File{}
			return nil
		},
	})
}

// mustFault is "fault ARGS...", a command for scripts: sockprobe with these arguments must exit with
// 2, say so in one line and perhaps a hint, and print nothing else.
func mustFault(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("sockprobe", args...)
	var exit *exec.ExitError
	if neg || !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
		ts.Fatalf("fault: %v, want exit code %d", err, exitUsage)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("fault: something was done:\n%s", out)
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stderr"), "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "sockprobe: ") || !strings.HasPrefix(lines[1], "sockprobe: hint: ") {
		ts.Fatalf("fault: not one line and a hint:\n%s", strings.Join(lines, "\n"))
	}
	if len(lines[0]) > 300 {
		ts.Fatalf("fault: a line of %d bytes", len(lines[0]))
	}
}
