package scenario

// A Side is one of the sockets a script acts on, by its letter in the language.
type Side byte

// The sides of a connection, the listener that it comes through, and the second
// connection's. An upper-case letter is the copy that dup made of a side's
// descriptor.
const (
	Listener Side = 'l' // the listening socket
	Client   Side = 'c' // the socket that connects
	Server   Side = 's' // the first socket that accept(2) returned
	Client2  Side = 'd' // the second one that connects
	Server2  Side = 't' // the second one that accept(2) returned
)

// Sides holds every side but the copies, in the order in which their sockets are
// made.
var Sides = []Side{Listener, Client, Client2, Server, Server2}

const caseBit = 'a' - 'A'

func (s Side) String() string { return string(rune(s)) }

// IsCopy tells whether the side is a copy, made by dup.
func (s Side) IsCopy() bool { return 'A' <= s && s <= 'Z' }

// Copy is the side that dup makes of this one. A copy's copy is the same side.
func (s Side) Copy() Side { return s &^ caseBit }

// Original is the side that a copy was made of, or the side itself.
func (s Side) Original() Side { return s | caseBit }

// Peer is the other end of a side's connection: the server of a client and the
// client of a server, by the letters of originals. A listener has none: 0.
func (s Side) Peer() Side {
	switch s.Original() {
	case Client:
		return Server
	case Server:
		return Client
	case Client2:
		return Server2
	case Server2:
		return Client2
	default:
		return 0
	}
}

// Name is the side in words, as error messages and help texts have it.
func (s Side) Name() string {
	if s.IsCopy() {
		return "copy of the " + s.Original().Name()
	}
	switch s {
	case Listener:
		return "listener"
	case Client:
		return "client"
	case Server:
		return "server"
	case Client2:
		return "second client"
	case Server2:
		return "second server"
	default:
		return "unknown side"
	}
}
