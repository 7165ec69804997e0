package ops

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"sockprobe/scenario"
)

// hostCounters count what changes or delays answers.
type hostCounters struct {
	softnet
	pressed int   // times when TCP became short of memory
	unheard int64 // times when a canary was not heard in time
}

// softnet is what the kernel counts of the backlogs of all processors.
type softnet struct {
	dropped  int // packets that found a full backlog
	squeezed int // times when a processor had no time left for its backlog
	steered  int // times when a processor was interrupted for what another has steered to it
}

// readCounters reads what the kernel tells of them.
func readCounters() hostCounters {
	netstat, _ := os.ReadFile("/proc/net/netstat") // or none
	return hostCounters{
		softnet: readSoftnet(),
		pressed: netstatCounter(string(netstat), "TcpExt", "TCPMemoryPressures"),
		unheard: unheard.Load(),
	}
}

func readSoftnet() softnet {
	text, _ := os.ReadFile("/proc/net/softnet_stat") // or none
	return parseSoftnet(string(text))
}

// parseSoftnet adds up a line for each processor. The numbers are hexadecimal; the second counts
// dropped packets, the third is time_squeeze, the tenth received_rps (softnet_seq_show in
// net/core/net-procfs.c).
func parseSoftnet(text string) softnet {
	var s softnet
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		for at, sum := range map[int]*int{1: &s.dropped, 2: &s.squeezed, 9: &s.steered} {
			if at < len(fields) {
				n, _ := strconv.ParseInt(fields[at], 16, 64)
				*sum += int(n)
			}
		}
	}
	return s
}

// netstatCounter finds a counter in /proc/net/netstat, which has a line of names above each line of
// numbers.
func netstatCounter(text, group, name string) int {
	var names []string
	for line := range strings.Lines(text) {
		head, rest, _ := strings.Cut(line, ":")
		if head != group {
			continue
		}
		fields := strings.Fields(rest)
		if names == nil {
			names = fields
			continue
		}
		if i := slices.Index(names, name); i >= 0 && i < len(fields) {
			value, _ := strconv.Atoi(fields[i])
			return value
		}
	}
	return 0
}

// since says what has been counted since before that changes answers, a line each. Delays are waited
// for, as far as that helps (putsOff); but whether an acknowledgement comes within the call that it
// answers decides whether MPTCP makes an edge (__mptcp_clean_una_wakeup in net/mptcp/protocol.c).
func (c hostCounters) since(before hostCounters) []string {
	var lines []string
	if n := c.dropped - before.dropped; n > 0 {
		lines = append(lines, fmt.Sprintf("the backlog of a processor was full, and dropped packets (%d; net.core.netdev_max_backlog)", n))
	}
	if n := c.steered - before.steered; n > 0 {
		lines = append(lines, fmt.Sprintf("packets were steered from one processor to another (%d times; rps_cpus of some interface): "+
			"MPTCP may make no edge", n))
	}
	if n := c.pressed - before.pressed; n > 0 {
		lines = append(lines, fmt.Sprintf("TCP became short of memory (%d times; net.ipv4.tcp_mem): IN comes early, and a FIN late", n))
	}
	if n := c.unheard - before.unheard; n > 0 {
		lines = append(lines, fmt.Sprintf("packets of the probe's own did not come back within --timeout (%d times): "+
			"those of a script may have been late, too", n))
	}
	return lines
}

// tcpIsShortOfMemory tells whether all of TCP is under memory pressure. Then it reports IN whatever
// SO_RCVLOWAT says and at an urgent mark (tcp_epollin_ready in include/net/tcp.h), and a FIN may go
// out with a retransmission only (tcp_send_fin in net/ipv4/tcp_output.c).
func tcpIsShortOfMemory() bool {
	protocols, _ := os.ReadFile("/proc/net/protocols") // or none
	return tcpIsPressed(string(protocols))
}

// tcpIsPressed looks at the column "press" (proto_seq_printf in net/core/sock.c).
func tcpIsPressed(protocols string) bool {
	const pressed = 4
	for line := range strings.Lines(protocols) {
		if f := strings.Fields(line); len(f) > pressed && f[0] == "TCP" {
			return f[pressed] == "yes"
		}
	}
	return false
}

// cgroupIsShortOfMemory tells whether the sockets of this process's memory cgroup are under pressure
// (tcp_under_memory_pressure in include/net/tcp.h), which no file says: a socket is asked that has
// 3 bytes to read and wants 5 (SO_RCVLOWAT).
func cgroupIsShortOfMemory() bool {
	if onGvisor() || receiveBuffers.unusual() != "" {
		return false // there, IN has another reason
	}
	asked := scenario.Script{Explicit: true, Commands: []scenario.Command{
		{Side: scenario.Listener, Steps: []scenario.Step{{Verb: "con"}, {Verb: "acc"}}},
		{Side: scenario.Server, Steps: []scenario.Step{{Verb: "snd"}}},
		{Side: scenario.Client, Steps: []scenario.Step{
			{Verb: "opt", Arg: scenario.Arg{Text: "RCVLOWAT=5", Name: "RCVLOWAT", N: 5}}, {Verb: "pol"},
		}},
	}}
	early := false
	err := Run(asked, Options{Timeout: 100 * time.Millisecond, Settle: SettleAuto}, func(o scenario.Observation) {
		early = early || o.Verb == "pol" && o.Events&scenario.In != 0
	})
	return err == nil && early
}
