package kernel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Where the guest finds what it is to do.
const (
	guestArgs  = "/job.json"
	guestStdin = "/stdin"
)

// guestJob is the part of a Job that goes into the guest, and where its answer
// goes.
type guestJob struct {
	Args []string
	Line string // the device that the answer goes to
	End  int    // how the machine is stopped, for reboot(2)
}

// initramfs makes the guest: this program as /init, the devices that it needs
// before it has mounted any, and its job. The result is a file in memory, which
// a child reads by its path below /proc/self/fd, so that none can be left.
func initramfs(job Job, line device, end int) (*os.File, error) {
	path, err := self()
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	args, err := json.Marshal(guestJob{Args: job.Args, Line: line.path, End: end})
	if err != nil {
		return nil, err
	}
	var archive cpio
	archive.dir("dev")
	archive.dir("proc")
	archive.device(device{"/dev/console", 5, 1})
	archive.device(device{"/dev/null", 1, 3})
	archive.device(line)
	archive.file(guestInit[1:], 0o755, program)
	archive.file(guestArgs[1:], 0o644, args)
	archive.file(guestStdin[1:], 0o644, job.Stdin)
	archive.end()

	fd, err := unix.MemfdCreate("initramfs", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "initramfs")
	if _, err := f.Write(archive.Bytes()); err != nil {
		f.Close()
		return nil, fmt.Errorf("write the initramfs: %w", err)
	}
	return f, nil
}

// A device is a character device of the guest.
type device struct {
	path         string
	major, minor int
}

// cpio writes an archive in the format that the kernel unpacks, "newc"
// (Documentation/driver-api/early-userspace/buffer-format.rst).
type cpio struct {
	bytes.Buffer
	inode int
}

func (c *cpio) dir(name string) { c.entry(name, unix.S_IFDIR|0o755, device{}, nil) }

func (c *cpio) file(name string, perm int, data []byte) {
	c.entry(name, unix.S_IFREG|perm, device{}, data)
}

func (c *cpio) device(d device) { c.entry(d.path[1:], unix.S_IFCHR|0o600, d, nil) }

func (c *cpio) end() { c.entry("TRAILER!!!", 0, device{}, nil) }

func (c *cpio) entry(name string, mode int, d device, data []byte) {
	c.inode++
	const uid, gid, links, mtime, devMajor, devMinor, check = 0, 0, 1, 0, 0, 0, 0
	fmt.Fprintf(c, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		c.inode, mode, uid, gid, links, mtime, len(data), devMajor, devMinor, d.major, d.minor, len(name)+1, check)
	c.WriteString(name + "\x00")
	c.pad()
	c.Write(data)
	c.pad()
}

// pad aligns to 4 bytes, as the format wants behind a name and behind data.
func (c *cpio) pad() {
	for c.Len()%4 != 0 {
		c.WriteByte(0)
	}
}
