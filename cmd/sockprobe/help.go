package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sockprobe/glossary"
	"sockprobe/kernel"
	"sockprobe/ops"
	"sockprobe/scenario"
)

const exitCodes = `    0  the script ran; every answer matches its golden; the relay was told to end
    1  an answer differs from its golden; list found nothing
    2  a fault in the command line or a file, or the probe could not go on
    4  everything was skipped
`

// stepsTable is the table of steps, for a terminal. Four blanks before a line
// keep it as it is in a man page.
func stepsTable() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, v := range ops.Verbs() {
		fmt.Fprintf(w, "    %s\t%s\t%s: %s\n", v.Usage(), v.Long, v.Call, v.Doc)
	}
	must(w.Flush())
	return b.String()
}

// familyTable lists the families with what they are.
func familyTable() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, name := range scenario.FamilyNames() {
		f, _ := scenario.FamilyNamed(name)
		fmt.Fprintf(w, "    %s\t%s\n", name, f.Doc())
	}
	must(w.Flush())
	return b.String()
}

// stepHelp is all that is to be said of a verb.
func stepHelp(v scenario.Verb) string {
	var b strings.Builder
	b.WriteString(v.Usage())
	if v.Long != "" {
		b.WriteString(", or " + v.LongUsage())
	}
	fmt.Fprintf(&b, ": %s\n    %s\n", v.Call, v.Doc)
	if v.Arg != nil {
		fmt.Fprintf(&b, "    %s: %s\n", v.Arg.Form, v.Arg.Doc)
	}
	fmt.Fprintf(&b, "    It answers %s.\n", v.Answer)
	if v.Name == "opt" {
		b.WriteString("\n" + settingsTable(ops.Settings()))
	}
	return b.String()
}

// settingsTable lists options of the step opt with their bounds.
func settingsTable(settings []scenario.Setting) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range settings {
		fmt.Fprintf(w, "    %s\t%d to %d\t%s\n", s.Name, s.Least, s.Most, s.Doc)
	}
	must(w.Flush())
	return b.String()
}

// kernelForms lists the ways to name a kernel.
func kernelForms() string {
	var forms []string
	for _, f := range kernel.Forms {
		forms = append(forms, f[0])
	}
	return strings.Join(forms, ", ")
}

// kernelTable lists them with what they are.
func kernelTable() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range kernel.Forms {
		fmt.Fprintf(w, "\n    %s\t%s", f[0], f[1])
	}
	must(w.Flush())
	return b.String()
}

// newStepsTopic is "sockprobe help steps".
func newStepsTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "steps",
		Short: "The language of -c, -s and -l",
		Long: `A list of steps is verbs separated by commas, without blanks, some with an
argument behind a colon: snd:100,shw,pol:in+rdhup

The events of a mask are joined by +, in either case, with or without the POLL or
EPOLL of C: pol:POLLIN+POLLRDHUP is pol:in+rdhup.

` + stepsTable() + `
Each verb has a long name, too; scripts print by the short one. "sockprobe help
VERB" says what each takes and answers.

-c, -s and -l are the client, the server and the listener. An upper-case letter is
the copy that dup made of a side:

    -c dup -C shw -c pol

-d and -t are for what needs two connections: the second client and the second
server. A full backlog is one such thing:

    -l lis:0 -c pol -d con:nb,pol

Two steps are implied, and shown as step 0: con before the first -c or -s unless
an earlier command has made one or this one is a -c that begins with con:nb, and acc before a
-s while no socket has been accepted; -d and -t imply them for the second
connection. -l implies none: -l con,acc -s pol connects once, -c con twice. With -n
nothing is implied. If the implied acc gives no socket the script ends there.

con always connects the client and acc always accepts from the listener; the
line shows the side that they were written for.

--api says how the pol and wai steps behind it ask:

    ` + strings.Join(scenario.APINames(), ", ") + `

With epoll each pol adds the side, waits for no time and deletes it again, unless
add has registered it; with epoll-et and epoll-oneshot the first pol registers it
for good, and mod and del change that; a pol without a mask then asks for what the
registration does. all runs the script once for each and names those that answer
otherwise; select agrees where its IN, OUT and PRI are what poll's events make of
them. ERR, HUP and NVAL are reported without being
asked for, whatever the mask.

--family says what sockets there are:

` + familyTable() + `
Where there is no listener, con connects the side that it is written for to the
other end, -c implies one for the client and -s one for each end. What a kernel
lacks the probe says, and exits with 4.

con, acc and drn wait for the kernel, for at most --timeout each; then it
answers EAGAIN, or EINPROGRESS to con. slp waits, and wai and blk wait in a thread
beside the steps that follow, for as long as they say. A waiter that has been woken
is waited for at the end of a command, not between its steps.

A closed side stays closed: no later socket reuses its number, and calls on it
return EBADF, or NVAL for a pol with poll(2). Only a registration with
epoll that was made before says what epoll still reports, or nothing.
`,
	}
}

// newFilesTopic is "sockprobe help files".
func newFilesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "files",
		Short: "The .probe files that verify reads",
		Long: `A .probe file is a script and what a kernel is known to answer to it:

  Bytes queued before a reset stay readable.
  see: https://...
  -- script --
  -s snd,lin,clo -c pol,rcv,pol
  -- golden --
  cmd #1 stp #0: con(c): ret=0
  cmd #1 stp #0: acc(l): ret=s
  cmd #1 stp #1: snd(s): ret=3
  ...

The text above the script says what the file shows; its first line is what
"sockprobe list" prints. The script may be on several lines. The golden is in the
stable form: sides without descriptor numbers, acc answering with the side whose
socket it made, errors by their symbol. "sockprobe verify -u FILE" writes it, and
--save of the probe and of run makes a whole file.

The golden is what a current Linux answers. Kernels that answer otherwise have a
golden of their own, by their kind and, if need be, version:

  -- golden gvisor --
  -- golden linux<5.18 --
  -- golden linux>=6.1 linux<6.12 --

The kinds are ` + strings.Join(scenario.Kinds, ", ") + `; the operators < <= = >= >. A version is compared in the
numbers that are given: 6.12.107 is neither <6.12 nor >6.12. User Mode Linux is
also a linux of its version; a golden for uml is more specific and comes first.
Two that fit the same kernel equally are an error. "verify -u --on KERNEL" writes the one for that kernel, and
only where it differs.

A kernel that lacks what a scenario is about is skipped, for the reason that is
given:

  -- skip linux<6.1 --
  It has no MPTCP.

Where answers depend on timing, a step may have several lines, of which each run
must give one: "verify -u --repeat 100" writes them.

The format is txtar's: https://pkg.go.dev/golang.org/x/tools/txtar
`,
	}
}

// newKernelsTopic is "sockprobe help kernels".
func newKernelsTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "kernels",
		Short: "Running on another kernel: --on and matrix",
		Long: `--on runs a command on another kernel, with the output and the exit code that it
has there; matrix runs the catalogue on several. A kernel is one of
` + kernelTable() + `

None needs root. For all but host the program has to be static: make build.

An IMAGE is booted by QEMU with this program as /init in an initramfs made in
memory, and nothing else: no disk, no network but loopback. KVM is used if it
works. The kernel needs a serial console (CONFIG_SERIAL_8250_CONSOLE), an
initramfs (CONFIG_BLK_DEV_INITRD), ELF binaries, TCP/IPv4 and /proc. A guest that
gives no full answer has failed: exit code 2, and the last of its console.

COMMAND is split at blanks, without a shell. This program must be there under the
same path: exec:ssh HOST, exec:nsenter -t PID -n, exec:docker exec NAME. What COMMAND
prints before the program runs is skipped, up to 64 KiB, and COMMAND has to wait
for the program.

What differs by timing and not by meaning: --settle makes each step wait until
readiness has not changed for a while, and is on for gVisor and MPTCP by itself. --repeat
runs a script several times, and counts the answers of a step that varied:

    sockprobe --on gvisor --settle 0 --repeat 200 -s clo -c shw,pol
`,
	}
}

// newHelp is "sockprobe help [COMMAND|TOPIC|VERB|WORD]". Cobra's own exits 0 when there is no
// such topic.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC|VERB|WORD]",
		Short: "Help about a command, a topic, a step's verb, or a word of the output",
		Long: `help explains a command or a topic, as --help does; the verb of a step, by either
name; and what sockprobe prints and takes: an event (IN, POLLHUP), a set of them
(0x2015, or IN OUT), a way to ask (epoll-et), a family (mptcp), an option (RCVLOWAT), an error
(ECONNRESET, or 104), or a mark such as ret, stp or #2.1.`,
		Example: `  sockprobe help verify
  sockprobe help POLLHUP
  sockprobe help 0x2015`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return helpWords(root, typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err == nil && len(rest) == 0 {
				return cmd.Help()
			}
			text, err := wordHelp(strings.Join(args, " "))
			switch {
			case err != nil:
				return err
			case text == "":
				var commands []string
				for _, c := range root.Commands() {
					commands = append(commands, c.Name())
				}
				return fault(nearestHelp(args[0], commands), "no help for %s", scenario.Quote(strings.Join(args, " ")))
			}
			out := root.OutOrStdout()
			_, err = io.WriteString(out, wrapText(text, textWidth(out)))
			return err
		},
	}
}

// helpWords is what help can explain, with a line on each. Other names of a word, such as POLLHUP, are
// offered once something has been typed.
func helpWords(root *cobra.Command, typed string) []cobra.Completion {
	var out []cobra.Completion
	for _, c := range root.Commands() {
		if !c.Hidden {
			out = append(out, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	for _, v := range ops.Verbs() {
		out = append(out, cobra.CompletionWithDesc(v.Name, v.Doc))
	}
	if typed == "" {
		return append(out, glossary.Words()...)
	}
	return append(out, glossary.Names()...)
}
