package scenario

import "testing"

func TestActsOn(t *testing.T) {
	tests := []struct {
		family Family
		verb   string
		side   Side
		want   Side
	}{
		{TCP4, "con", Listener, Client},
		{TCP4, "con", Server, Client},
		{TCP4, "con", Server2, Client2},
		{TCP4, "con", Client.Copy(), Client.Copy()},
		{TCP4, "con", Server.Copy(), Client},
		{TCP4, "acc", Server, Listener},
		{TCP4, "acc", Listener.Copy(), Listener.Copy()},
		{TCP4, "con", Client2.Copy(), Client2.Copy()},
		{TCP4, "con", Listener.Copy(), Client},
		{TCP4, "acc", Server2, Listener},
		{TCP4, "snd", Server.Copy(), Server.Copy()},
		{UDP4, "con", Server, Server},
		{UDP4, "acc", Client.Copy(), Client.Copy()},
	}
	for _, tt := range tests {
		if got := tt.family.ActsOn(tt.verb, tt.side); got != tt.want {
			t.Errorf("%s: %s written for %s acts on %s, want %s", tt.family, tt.verb, tt.side, got, tt.want)
		}
	}
}

func TestTCPAt(t *testing.T) {
	tests := []struct {
		family Family
		side   Side
		want   bool
	}{
		{TCP4, Listener, true},
		{TCP6, Server2, true},
		{MPTCPListener, Client, true},
		{MPTCPListener, Server.Copy(), true},
		{MPTCPListener, Listener, false},
		{MPTCPListener, Listener.Copy(), false},
		{MPTCP, Client, false},
		{Unix, Client, false},
	}
	for _, tt := range tests {
		if got := tt.family.TCPAt(tt.side); got != tt.want {
			t.Errorf("%s, %s: %t, want %t", tt.family, tt.side, got, tt.want)
		}
	}
}
