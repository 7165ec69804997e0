package ops

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A sysctl is a setting of the host that decides what some scripts are answered.
type sysctl struct {
	name    string // as sysctl(8) has it
	field   int    // which of the numbers in it, from 0
	usual   func(int64) bool
	decides string
}

func atLeast(n int64) func(int64) bool { return func(v int64) bool { return v >= n } }
func exactly(n int64) func(int64) bool { return func(v int64) bool { return v == n } }

// queueLength is 10 as the kernel has it, and 512 as systemd sets it.
func queueLength(v int64) bool { return v == 10 || v >= 100 && v <= 550 }

// receiveBuffers is the size that TCP's receive buffers have at first.
var receiveBuffers = sysctl{"net.ipv4.tcp_rmem", 1, atLeast(16384), "receive buffers are smaller"}

// sysctls are those that were found to change answers of the catalogue, each set alone in a network
// namespace or a guest, with the bounds within which none changes (Documentation/networking/ip-sysctl.rst,
// Documentation/admin-guide/sysctl/net.rst). Some fifty others of TCP's and of MPTCP's change none.
var sysctls = []sysctl{
	{"net.core.somaxconn", 0, atLeast(backlog), "it bounds a backlog"},
	{"net.core.wmem_default", 0, atLeast(200_000), "send buffers are smaller"},
	{"net.core.wmem_max", 0, atLeast(200_000), "it bounds SO_SNDBUF"},
	{"net.ipv4.tcp_notsent_lowat", 0, atLeast(1 << 30), "TCP takes less than fits"},
	receiveBuffers,
	{"net.ipv4.tcp_wmem", 2, atLeast(1 << 19), "it bounds how far send buffers grow"},
	{"net.ipv4.tcp_shrink_window", 0, exactly(0), "a full window does not stay closed"},
	{"net.ipv4.tcp_stdurg", 0, exactly(0), "the urgent mark is one byte further"},
	{"net.ipv4.tcp_syncookies", 0, func(v int64) bool { return v < 2 }, "every connection is made of a cookie"},
	{"net.ipv4.tcp_window_scaling", 0, exactly(1), "windows are at most 65535 bytes"},
	{"net.unix.max_dgram_qlen", 0, queueLength, "it bounds a queue of UNIX datagrams"},
}

// unusual says what is unusual about the setting, or "".
func (s sysctl) unusual() string {
	data, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(s.name, ".", "/"))
	if err != nil { // the kernel does not have it, or nobody may look
		return ""
	}
	return s.unusualAs(string(data))
}

// unusualAs says what is unusual about a value of the setting, or "".
func (s sysctl) unusualAs(value string) string {
	fields := strings.Fields(value)
	if s.field >= len(fields) {
		return ""
	}
	v, err := strconv.ParseInt(fields[s.field], 10, 64)
	if err != nil || s.usual(v) {
		return ""
	}
	return fmt.Sprintf("%s is %s: %s", s.name, strings.Join(fields, " "), s.decides)
}

// usualMTU is that of the loopback interface (loopback_setup in drivers/net/loopback.c).
const usualMTU = 65536

// loopbackMTU says what is unusual about the largest packet of the loopback interface, or "".
func loopbackMTU() string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil || unix.IoctlIfreq(fd, unix.SIOCGIFMTU, lo) != nil || lo.Uint32() == usualMTU {
		return ""
	}
	return fmt.Sprintf("the MTU of lo is %d: buffers fill otherwise than with %d", lo.Uint32(), usualMTU)
}

// steering says that packets of the loopback interface are steered to other processors, or "".
func steering() string {
	if steeredTo() == nil {
		return ""
	}
	return "rps_cpus is set for lo: another processor delivers what a step sends, and MPTCP may make no edge"
}

// A HostWatch watches what the answers to scripts depend on beyond the scripts: settings of the
// host, and what happens to it meanwhile.
type HostWatch struct {
	before hostCounters
	short  string // what was seen of a lack of memory, or ""
}

// WatchHost begins to watch.
func WatchHost() *HostWatch {
	Prepare() // before a file is read, which brings up the poller
	w := &HostWatch{before: readCounters()}
	w.lookAtCgroup()
	w.Look()
	return w
}

// Look looks at what may pass again: a lack of memory.
func (w *HostWatch) Look() {
	if w.short == "" && tcpIsShortOfMemory() {
		w.short = "TCP is short of memory (net.ipv4.tcp_mem): IN comes early, and a FIN late"
	}
}

// lookAtCgroup runs a script, and so takes turns with other runs.
func (w *HostWatch) lookAtCgroup() {
	if w.short == "" && cgroupIsShortOfMemory() {
		w.short = "TCP is short of memory (that of this process's cgroup): IN comes early, and a FIN late"
	}
}

// Causes says what there has been since [WatchHost] that may be the cause of an unexpected answer,
// a line each. A host with the kernel's own settings, or systemd's, and enough memory and time has
// none. gVisor has no such settings and counters, and so no causes.
func (w *HostWatch) Causes() []string {
	w.Look()
	w.lookAtCgroup()
	var causes []string
	add := func(more ...string) {
		for _, cause := range more {
			if cause != "" {
				causes = append(causes, cause)
			}
		}
	}
	for _, s := range sysctls {
		add(s.unusual())
	}
	add(loopbackMTU(), steering())
	add(readCounters().since(w.before)...)
	add(w.short)
	return causes
}
