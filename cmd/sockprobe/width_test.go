package main

import (
	"io"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

func TestTerminalWidth(t *testing.T) {
	terminal := func(columns uint16) io.Writer {
		f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
		if err != nil {
			t.Skipf("no terminals here: %v", err)
		}
		t.Cleanup(func() { f.Close() })
		size := [4]uint16{24, columns, 0, 0} // struct winsize of tty_ioctl(4)
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCSWINSZ, uintptr(unsafe.Pointer(&size))); errno != 0 {
			t.Fatal(errno)
		}
		return f
	}
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tests := []struct {
		name    string
		columns string // of the environment
		w       io.Writer
		want    int
	}{
		{"no terminal", "", io.Discard, 80},
		{"a file", "", file, 80},
		{"a terminal", "", terminal(132), 132},
		{"a terminal behind what counts the output", "", &output{Writer: terminal(99)}, 99},
		{"a terminal without a size", "", terminal(0), 80},
		{"COLUMNS", "100", io.Discard, 100},
		{"COLUMNS before the terminal", "100", terminal(132), 100},
		{"COLUMNS of 0", "0", terminal(132), 132},
		{"COLUMNS below 0", "-5", io.Discard, 80},
		{"COLUMNS that is no number", "wide", terminal(132), 132},
		{"COLUMNS that is no int", "99999999999999999999", io.Discard, 80},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("COLUMNS", tt.columns)
			if got := terminalWidth(tt.w); got != tt.want {
				t.Errorf("got %d columns, want %d", got, tt.want)
			}
		})
	}
}
