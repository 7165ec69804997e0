package scenario

// A Side is one of the sockets a script acts on, by its letter in the language.
type Side byte

// The sides of a connection, and the listener that it comes through.
const (
	Listener Side = 'l' // the listening socket
	Client   Side = 'c' // the socket that connects
	Server   Side = 's' // the socket that accept(2) returned
)

// Sides holds every side, in the order in which their sockets are made.
var Sides = []Side{Listener, Client, Server}

func (s Side) String() string { return string(rune(s)) }

// Name is the side in a word, as error messages and help texts have it.
func (s Side) Name() string {
	switch s {
	case Listener:
		return "listener"
	case Client:
		return "client"
	case Server:
		return "server"
	default:
		return "unknown side"
	}
}
