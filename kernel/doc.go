// Package kernel runs this program on another kernel: a kernel image under QEMU,
// User Mode Linux, gVisor, or whatever a command reaches.
//
// A kernel under test is anything that can execute this one static binary. Under
// QEMU and UML the binary is the whole guest: the kernel starts it as /init from
// an initramfs that holds nothing else, and it answers through a serial line of
// its own, apart from the console.
package kernel
