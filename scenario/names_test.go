package scenario

import "testing"

func TestEvents(t *testing.T) {
	tests := []struct {
		events Events
		want   string
	}{
		{0, "0"},
		{0x0001, "0x1 (IN)"},
		{0x0002, "0x2 (PRI)"},
		{0x0004, "0x4 (OUT)"},
		{0x0008, "0x8 (ERR)"},
		{0x0010, "0x10 (HUP)"},
		{0x0020, "0x20 (NVAL)"},
		{0x0040, "0x40 (RDNORM)"},
		{0x0080, "0x80 (RDBAND)"},
		{0x0100, "0x100 (WRNORM)"},
		{0x0200, "0x200 (WRBAND)"},
		{0x0400, "0x400 (MSG)"},
		{0x0800, "0x800 (???[0x800])"},
		{0x1000, "0x1000 (???[0x1000])"},
		{0x2000, "0x2000 (RDHUP)"},
		{0x4000, "0x4000 (???[0x4000])"},
		{0x80000000, "0x80000000 (???[0x80000000])"},
		{0x2005, "0x2005 (IN OUT RDHUP)"},
		{0x201d, "0x201d (IN OUT ERR HUP RDHUP)"},
		{0x0845, "0x845 (IN OUT RDNORM ???[0x800])"},
	}
	for _, tt := range tests {
		if got := tt.events.String(); got != tt.want {
			t.Errorf("Events(%#x) is %q, want %q", uint32(tt.events), got, tt.want)
		}
	}
}

func TestErrno(t *testing.T) {
	tests := []struct {
		errno         Errno
		name, message string // as errno(3) and glibc's strerror have them
	}{
		{4, "EINTR", "Interrupted system call"},
		{9, "EBADF", "Bad file descriptor"},
		{11, "EAGAIN", "Resource temporarily unavailable"},
		{32, "EPIPE", "Broken pipe"},
		{79, "ELIBACC", "Can not access a needed shared library"},
		{81, "ELIBSCN", ".lib section in a.out corrupted"},
		{104, "ECONNRESET", "Connection reset by peer"},
		{106, "EISCONN", "Transport endpoint is already connected"},
		{107, "ENOTCONN", "Transport endpoint is not connected"},
		{111, "ECONNREFUSED", "Connection refused"},
		{115, "EINPROGRESS", "Operation now in progress"},
		{4095, "errno 4095", "Unknown error 4095"},
	}
	for _, tt := range tests {
		if got := tt.errno.Name(); got != tt.name {
			t.Errorf("name of %d is %q, want %q", uint(tt.errno), got, tt.name)
		}
		if got := tt.errno.Message(); got != tt.message {
			t.Errorf("message of %s is %q, want %q", tt.name, got, tt.message)
		}
	}
}
