package ops

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Kernel is the running kernel's name and release, as uname(1) -sr prints them.
func Kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return fmt.Sprintf("unknown kernel: %v", err)
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}
