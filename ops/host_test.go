package ops

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNetstatCounter(t *testing.T) {
	const text = "TcpExt: SyncookiesSent TCPMemoryPressures TCPRcvQDrop\nTcpExt: 7 3 0\n" +
		"IpExt: TCPMemoryPressures\nIpExt: 9\n"
	tests := []struct {
		group, name string
		want        int
	}{
		{"TcpExt", "TCPMemoryPressures", 3},
		{"IpExt", "TCPMemoryPressures", 9},
		{"TcpExt", "SyncookiesSent", 7},
		{"TcpExt", "NoSuch", 0},
		{"MPTcpExt", "NoSuch", 0},
	}
	for _, tt := range tests {
		if got := netstatCounter(text, tt.group, tt.name); got != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.group, tt.name, got, tt.want)
		}
	}
}

func TestCountersSince(t *testing.T) {
	before := hostCounters{dropped: 5, squeezed: 7, steered: 1, pressed: 1}
	tests := []struct {
		name string
		now  hostCounters
		want []string
	}{
		{"nothing", before, nil},
		{"dropped", hostCounters{7, 7, 1, 1}, []string{"the backlog of a processor was full, and dropped packets (2; net.core.netdev_max_backlog)"}},
		{"the rest", hostCounters{5, 8, 4, 2}, []string{
			"packets were steered from one processor to another (3 times; rps_cpus of some interface): MPTCP may make no edge",
			"TCP became short of memory (1 times; net.ipv4.tcp_mem): IN comes early, and a FIN late",
		}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.now.since(before)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
