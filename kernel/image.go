package kernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// inspect reads a kernel image's headers, to refuse at once what no boot will
// get to run. It gives the release, as uname -r will have it, or "" if the image
// does not say.
func inspect(path string) (release string, err error) {
	bad := func(format string, args ...any) (string, error) {
		return "", &SetupError{
			Problem: path + ": " + fmt.Sprintf(format, args...),
			Hint:    "name a vmlinuz or bzImage for " + runtime.GOARCH + ", such as /boot/vmlinuz-* or arch/x86/boot/bzImage",
		}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return bad("no such kernel, and not one of host, uml, gvisor, exec:COMMAND")
	case err != nil:
		return bad("%v", errors.Unwrap(err))
	case runtime.GOARCH != "amd64":
		return bad("kernel images are run on amd64 only")
	}
	if !info.Mode().IsRegular() {
		return bad("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return bad("%v", errors.Unwrap(err))
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, _ := f.ReadAt(head, 0) // what is missing is seen by the length
	if n < 512 {
		return bad("not a kernel image (%d bytes)", n)
	}
	head = head[:n]
	switch {
	case string(head[0x202:0x206]) == "HdrS":
		// XLF_KERNEL_64, of xloadflags (Documentation/arch/x86/boot.rst)
		if head[0x236]&1 == 0 {
			return "", archIs(path, "386")
		}
		// setup_sects and syssize: the real-mode code and the rest, of which a
		// copy that was cut off has less.
		setup, rest := int64(head[0x1f1])+1, int64(binary.LittleEndian.Uint32(head[0x1f4:]))
		if whole := setup*512 + rest*16; info.Size() < whole {
			return bad("cut off: %d bytes, and its header says %d", info.Size(), whole)
		}
		return x86Release(head), archIs(path, "amd64")
	case string(head[0x38:0x3c]) == "ARM\x64":
		return "", archIs(path, "arm64")
	case string(head[0x30:0x34]) == "RISC":
		return "", archIs(path, "riscv64")
	case bytes.HasPrefix(head, []byte(elf.ELFMAG)):
		e, err := elf.NewFile(f)
		if err != nil {
			return bad("not a kernel image: %v", err)
		}
		if e.Type != elf.ET_EXEC || e.Section(".modinfo") == nil && e.Section("__ksymtab") == nil {
			return bad("an ELF file, but not a kernel")
		}
		names := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_RISCV: "riscv64"}
		return "", archIs(path, names[e.Machine])
	default:
		return bad("not a kernel image: %s", describe(head))
	}
}

// x86Release reads the release out of a bzImage: the boot header holds the
// offset of a string that begins with it (Documentation/arch/x86/boot.rst,
// kernel_version).
func x86Release(head []byte) string {
	at := int(binary.LittleEndian.Uint16(head[0x20e:])) + 0x200
	if at >= len(head) {
		return ""
	}
	text, _, _ := bytes.Cut(head[at:], []byte{0})
	release, _, _ := strings.Cut(string(text), " ")
	return release
}

func archIs(path, arch string) error {
	if arch == runtime.GOARCH {
		return nil
	}
	return &SetupError{
		Problem: fmt.Sprintf("%s: a kernel for %s, and this program is for %s", path, arch, runtime.GOARCH),
		Hint:    "use a kernel for " + runtime.GOARCH + ", or run this on a machine of the other kind",
	}
}

// describe says what a file seems to be instead of a kernel.
func describe(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return "it is compressed with gzip; unpack it first"
	case bytes.HasPrefix(head, []byte("!<arch>")):
		return "it is a package; unpack it with dpkg-deb -x and name the vmlinuz in it"
	default:
		return "its header is none that is known"
	}
}
