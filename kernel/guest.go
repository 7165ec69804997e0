package kernel

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// guestInit is where the program is in a guest.
const guestInit = "/init"

// InGuest tells whether this process is the init of a guest that this package
// made.
func InGuest() bool {
	if os.Getpid() != 1 || os.Args[0] != guestInit {
		return false
	}
	_, err := os.Stat(guestArgs)
	return err == nil
}

// RunGuest is the guest's init: it does its job with run, answers through its
// line and stops the machine. It does not return.
//
// What goes wrong before the line is open goes to the console, which the host
// shows when no answer ends.
func RunGuest(run func(args []string, stdout, stderr io.Writer) int) {
	job, err := guest(run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sockprobe: guest:", err)
	}
	unix.Sync()
	_ = unix.Reboot(job.End) // the host stops the machine if this does not
	select {}
}

func guest(run func(args []string, stdout, stderr io.Writer) int) (guestJob, error) {
	job := guestJob{End: unix.LINUX_REBOOT_CMD_RESTART}
	data, err := readFile(guestArgs)
	if err != nil {
		return job, fmt.Errorf("read %s: %w", guestArgs, err)
	}
	if err := json.Unmarshal(data, &job); err != nil {
		return job, fmt.Errorf("read %s: %w", guestArgs, err)
	}
	line, err := openLine(job.Line)
	if err != nil {
		return job, err
	}
	return job, RunFramed(line, func(stdout, stderr io.Writer) int {
		if err := furnish(); err != nil {
			fmt.Fprintln(stderr, "sockprobe: guest:", err)
			return 2
		}
		return run(job.Args, stdout, stderr)
	})
}

// furnish gives the guest what a program expects.
func furnish() error {
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := raiseLoopback(); err != nil {
		return fmt.Errorf("raise the loopback interface: %w", err)
	}
	if err := stdinFrom(guestStdin); err != nil {
		return fmt.Errorf("open standard input: %w", err)
	}
	return nil
}

// raiseLoopback is "ip link set lo up".
func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	ifreq, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, ifreq); err != nil {
		return err
	}
	ifreq.SetUint16(ifreq.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifreq)
}

// readFile is os.ReadFile without an os.File. That would bring up the runtime's
// poller, whose two descriptors would come before the sockets'.
func readFile(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var data []byte
	var buf [4096]byte
	for {
		n, err := unix.Read(fd, buf[:])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return data, nil
		}
		data = append(data, buf[:n]...)
	}
}

// stdinFrom makes a file standard input.
func stdinFrom(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Dup3(fd, 0, 0)
}

// lineFD is the line's descriptor, out of the way of the sockets, as in the guest,
// too, the first of them is 3, and of the runtime's poller, which ops.Prepare has
// given the numbers 63 and 64.
const lineFD = 128

// openLine opens the serial line that answers go through, and sets it to pass
// every byte as it is.
func openLine(path string) (io.Writer, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(fd)
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
	t.Cflag |= unix.CLOCAL | unix.CS8
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := unix.Dup3(fd, lineFD, unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	return rawLine(lineFD), nil
}

// rawLine writes to a descriptor without an os.File: see readFile.
type rawLine int

func (l rawLine) Write(p []byte) (int, error) {
	for sent := 0; sent < len(p); {
		n, err := unix.Write(int(l), p[sent:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return sent, err
		}
		sent += n
	}
	return len(p), nil
}
