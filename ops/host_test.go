package ops

import (
	"slices"
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
	before := hostCounters{softnet: softnet{dropped: 5, squeezed: 7, steered: 1}, pressed: 1, unheard: 4}
	tests := []struct {
		name string
		now  hostCounters
		want []string
	}{
		{"nothing", before, nil},
		{"what only delays", hostCounters{softnet{5, 9, 1}, 1, 4}, nil},
		{"dropped", hostCounters{softnet{7, 7, 1}, 1, 4}, []string{
			"the backlog of a processor was full, and dropped packets (2; net.core.netdev_max_backlog)",
		}},
		{"the rest", hostCounters{softnet{5, 7, 4}, 2, 5}, []string{
			"packets were steered from one processor to another (3 times; rps_cpus of some interface): MPTCP may make no edge",
			"TCP became short of memory (1 times; net.ipv4.tcp_mem): IN comes early, and a FIN late",
			"packets of the probe's own did not come back within --timeout (1 times): those of a script may have been late, too",
		}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.now.since(before)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestParseSoftnet(t *testing.T) {
	const line = "008534e6 0000000a 00000001 00000000 00000000 00000000 00000000 00000000 00000000 0000b618 00000000 00000000 00000000 00000000 00000000\n"
	tests := []struct {
		name, text string
		want       softnet
	}{
		{"two processors", line + line, softnet{20, 2, 2 * 0xb618}},
		{"before received_rps", "1 2 3\n", softnet{dropped: 2, squeezed: 3}},
		{"none", "", softnet{}},
	}
	for _, tt := range tests {
		if got := parseSoftnet(tt.text); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestTCPIsPressed(t *testing.T) {
	const head = "protocol  size sockets  memory press maxhdr  slab module\nMPTCP 1 0 0 yes 0\nUDP 1344 4 164 NI 0 yes kernel\n"
	for text, want := range map[string]bool{
		head + "TCP       2304     11       0   no     192   yes  kernel\n": false,
		head + "TCP       2304     11      99   yes    192   yes  kernel\n": true,
		head + "TCPv6     2432      0      99   yes    192   yes  kernel\n": false,
		"": false,
	} {
		if got := tcpIsPressed(text); got != want {
			t.Errorf("%v, want %v:\n%s", got, want, text)
		}
	}
}

func TestUnusual(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"net.core.somaxconn", "4096\n", ""},
		{"net.core.somaxconn", "128\n", "net.core.somaxconn is 128: it bounds a backlog"},
		{"net.ipv4.tcp_notsent_lowat", "4294967295\n", ""},
		{"net.ipv4.tcp_notsent_lowat", "131072\n", "net.ipv4.tcp_notsent_lowat is 131072: TCP takes less than fits"},
		{"net.ipv4.tcp_rmem", "4096\t131072\t6291456\n", ""},
		{"net.ipv4.tcp_rmem", "4096\t2304\t6291456\n", "net.ipv4.tcp_rmem is 4096 2304 6291456: receive buffers are smaller"},
		{"net.ipv4.tcp_wmem", "4096 16384 835040\n", ""},
		{"net.ipv4.tcp_wmem", "4096 16384 262144\n", "net.ipv4.tcp_wmem is 4096 16384 262144: it bounds how far send buffers grow"},
		{"net.ipv4.tcp_wmem", "4096\n", ""},
		{"net.ipv4.tcp_syncookies", "2\n", "net.ipv4.tcp_syncookies is 2: every connection is made of a cookie"},
		{"net.unix.max_dgram_qlen", "10\n", ""},
		{"net.unix.max_dgram_qlen", "512\n", ""},
		{"net.unix.max_dgram_qlen", "2\n", "net.unix.max_dgram_qlen is 2: it bounds a queue of UNIX datagrams"},
		{"net.unix.max_dgram_qlen", "odd\n", ""},
	}
	for _, tt := range tests {
		i := slices.IndexFunc(sysctls, func(s sysctl) bool { return s.name == tt.name })
		if i < 0 {
			t.Fatalf("%s is not looked at", tt.name)
		}
		if got := sysctls[i].unusualAs(tt.value); got != tt.want {
			t.Errorf("%s %q: %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}
