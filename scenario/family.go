package scenario

import "slices"

// A Family is what sockets a script runs on.
type Family uint8

// The families. Those from UDP4 on have no listener: both ends are there from the
// start.
const (
	TCP4          Family = iota // TCP over IPv4, 127.0.0.1
	TCP6                        // TCP over IPv6, ::1
	MPTCP                       // Multipath TCP over IPv4, 127.0.0.1
	MPTCPListener               // a listener of Multipath TCP, and clients of TCP
	Unix                        // UNIX stream sockets, in the abstract namespace
	UnixSeqpacket               // UNIX sockets with sequenced messages
	UDP4                        // UDP over IPv4, 127.0.0.1, both ends bound
	UDP6                        // UDP over IPv6, ::1, both ends bound
	UnixDgram                   // UNIX datagram sockets, both ends bound
	Socketpair                  // socketpair(2): two UNIX stream sockets, connected
)

// A familyEntry is what is said of a family.
type familyEntry struct{ name, doc string }

var families = []familyEntry{
	{"tcp4", "TCP over IPv4, on 127.0.0.1: the default"},
	{"tcp6", "TCP over IPv6, on ::1"},
	{"mptcp", "Multipath TCP over IPv4, on 127.0.0.1"},
	{"mptcp-listener", "a Multipath TCP listener with clients of plain TCP, as most are"},
	{"unix", "UNIX stream sockets, in the abstract namespace"},
	{"unix-seqpacket", "UNIX sockets that keep messages apart"},
	{"udp4", "UDP over IPv4: no listener, both ends bound"},
	{"udp6", "UDP over IPv6: no listener, both ends bound"},
	{"unix-dgram", "UNIX datagram sockets: no listener, both ends bound"},
	{"socketpair", "socketpair(2), UNIX stream sockets: no listener, connected from the start"},
}

// FamilyNames lists the names that --family takes.
func FamilyNames() []string {
	names := make([]string, len(families))
	for i, f := range families {
		names[i] = f.name
	}
	return names
}

func (f Family) String() string { return families[f].name }

// Doc is the family in a line.
func (f Family) Doc() string { return families[f].doc }

// HasListener tells whether connections come through a listener.
func (f Family) HasListener() bool { return f < UDP4 }

// IsTCP tells whether the sockets are TCP's own: a FIN or RST of MPTCP is another signal.
func (f Family) IsTCP() bool { return f == TCP4 || f == TCP6 }

// TCPAt tells whether a side's socket is TCP's own. Where only the listener is Multipath TCP's,
// the sockets of its connections are plain TCP.
func (f Family) TCPAt(side Side) bool {
	return f.IsTCP() || f == MPTCPListener && side.Original() != Listener
}

// IsUnixStream tells whether they are UNIX sockets that are connected, so that one's end
// is known to the other at once.
func (f Family) IsUnixStream() bool { return f == Unix || f == UnixSeqpacket || f == Socketpair }

// IsDatagram tells whether they have no connection.
func (f Family) IsDatagram() bool { return f == UDP4 || f == UDP6 || f == UnixDgram }

// FamilyNamed finds a family by its name.
func FamilyNamed(name string) (Family, bool) {
	i := slices.IndexFunc(families, func(f familyEntry) bool { return f.name == name })
	return Family(max(i, 0)), i >= 0
}

// ActsOn is the side whose descriptor a step acts on. Where there is a listener, con is always
// a client's and acc the listener's, whichever side they are written for. A copy of that one's
// descriptor is used as it is: -C con connects by the copy, -S con by the client's own.
func (f Family) ActsOn(verb string, side Side) Side {
	on := side
	switch o := side.Original(); {
	case !f.HasListener():
	case verb == "acc":
		on = Listener
	case verb == "con" && (o == Client2 || o == Server2):
		on = Client2
	case verb == "con":
		on = Client
	}
	if side == on.Copy() {
		return side
	}
	return on
}
