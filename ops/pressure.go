package ops

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"sockprobe/scenario"
)

// hostCounters count what makes answers come otherwise.
type hostCounters struct {
	dropped  int // packets that found a full backlog
	squeezed int // times when a processor had no time left for its backlog
	steered  int // times when a processor was interrupted for what another has steered to it
	pressed  int // times when TCP became short of memory
}

// readCounters reads what the kernel tells of them.
func readCounters() hostCounters {
	var c hostCounters
	// In each line a processor; the second number counts dropped packets, the third is
	// time_squeeze, the tenth received_rps (softnet_seq_show in net/core/net-procfs.c). They are
	// hexadecimal.
	softnet, _ := os.ReadFile("/proc/net/softnet_stat") // or none
	for line := range strings.Lines(string(softnet)) {
		fields := strings.Fields(line)
		for at, sum := range map[int]*int{1: &c.dropped, 2: &c.squeezed, 9: &c.steered} {
			if at < len(fields) {
				n, _ := strconv.ParseInt(fields[at], 16, 64)
				*sum += int(n)
			}
		}
	}
	netstat, _ := os.ReadFile("/proc/net/netstat") // or none
	c.pressed = netstatCounter(string(netstat), "TcpExt", "TCPMemoryPressures")
	return c
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
		for i, n := range names {
			if n == name && i < len(fields) {
				value, _ := strconv.Atoi(fields[i])
				return value
			}
		}
	}
	return 0
}

// putOff tells whether the kernel has ever put off what it had to deliver.
func (c hostCounters) putOff() bool { return c.dropped+c.squeezed+c.steered > 0 }

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
	return lines
}

// tcpIsShortOfMemory tells whether all of TCP is under memory pressure. Then it reports IN whatever
// SO_RCVLOWAT says and at an urgent mark (tcp_epollin_ready in include/net/tcp.h), and a FIN may go
// out with a retransmission only (tcp_send_fin in net/ipv4/tcp_output.c).
func tcpIsShortOfMemory() bool {
	protocols, _ := os.ReadFile("/proc/net/protocols") // or none
	const pressed = 4                                  // the column "press" (proto_seq_printf in net/core/sock.c)
	for line := range strings.Lines(string(protocols)) {
		if f := strings.Fields(line); len(f) > pressed && f[0] == "TCP" {
			return f[pressed] == "yes"
		}
	}
	return false
}

// cgroupIsShortOfMemory tells whether the sockets of this process's memory cgroup are under pressure
// (tcp_under_memory_pressure in include/net/tcp.h), which no file says: a socket is asked that has
// 3 bytes and a mark of 5.
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
	err := Run(asked, Options{Settle: SettleAuto}, func(o scenario.Observation) {
		early = early || o.Verb == "pol" && o.Events&scenario.In != 0
	})
	return err == nil && early
}
