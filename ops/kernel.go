package ops

import (
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"sockprobe/scenario"
)

// Kernel is the running kernel's name and release, as uname(1) -sr prints them.
func Kernel() string {
	u := uname()
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// System is the running kernel as goldens tell kernels apart.
func System() scenario.System { return systemHere() }

var systemHere = sync.OnceValue(func() scenario.System {
	Prepare() // before a file is read, which brings it up
	u := uname()
	s := scenario.System{Kind: "linux", Release: unix.ByteSliceToString(u.Release[:])}
	switch {
	case onGvisor():
		s.Kind = "gvisor"
	case umlProcessor():
		s.Kind = "uml"
	}
	return s
})

// onGvisor tells whether the kernel is gVisor, which says so in its release.
var onGvisor = sync.OnceValue(func() bool {
	u := uname()
	return strings.Contains(unix.ByteSliceToString(u.Release[:]), "gvisor")
})

func uname() (u unix.Utsname) {
	// It fails for a bad address only (uname(2)).
	_ = unix.Uname(&u)
	return u
}

// umlProcessor tells whether the processor is User Mode Linux's, which says so
// in /proc/cpuinfo.
func umlProcessor() bool {
	data, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && strings.Contains(string(data), "User Mode Linux")
}
