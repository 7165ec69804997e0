package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"sockprobe/fwd"
	"sockprobe/scenario"
)

func newFwd(set *settings) *cobra.Command {
	var (
		loops      = countFlag{most: 256}
		maxConns   = countFlag{most: 10_000_000}
		connect    = limitFlag(10 * time.Second)
		idle       = limitFlag(time.Hour)
		halfClosed = limitFlag(5 * time.Minute)
		grace      = limitFlag(10 * time.Second)
		trace      fileFlag
		format     = choice{"strace", traceFormats}
		stats      bool
	)
	cmd := &cobra.Command{
		Use:   "fwd [BIND:]PORT:HOST:PORT...",
		Short: "Relay connections, and trace every system call",
		Long: `fwd listens on PORT and relays each connection to HOST:PORT, until it is
interrupted. A path with a slash in it, in place of either side, is a UNIX
socket; an IPv6 address stands in brackets. BIND is 127.0.0.1 unless given, and
"*" for every address of this machine. PORT 0 is any free one; where it listens
is said on standard error.

The end of the data is passed on in each direction when all before it has been
delivered, and a reset as a reset. A time limit, too, ends a connection with
a reset: a FIN would look like the end of the data. All addresses of HOST, which
is resolved at the start, are tried in order; if none takes the connection, the
client is reset.

A UNIX socket is made for its owner only. One on which nobody listens any more is
replaced, and nothing else; a symbolic link is not followed, neither there nor as
a target.

--trace writes each system call and event as strace -f -tt -o would, at a
fraction of the cost; --trace-format json writes observations, as the probe's
--format json. The relay does not wait for its trace: it ends, with a notice,
where it cannot be written.

SIGTERM, SIGINT or SIGHUP stops accepting and ends when all connections have,
or after --grace, when those that are left are reset; a second one ends at
once. SIGUSR1 prints totals on standard error, and so does the end.`,
		Example: `  sockprobe fwd 8001:localhost:8008
  sockprobe fwd '*:8001:[2001:db8::1]:80' --trace relay.strace
  sockprobe fwd /run/app.sock:localhost:8008 8001:/run/other.sock`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fault("say what to relay, as in: sockprobe fwd 8001:localhost:8008", "nothing to relay")
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
			if strings.Contains(word, "/") {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if trace == "" && cmd.Flags().Changed("trace-format") {
				return fault("say where to: --trace FILE, or - for standard output", "--trace-format without --trace")
			}
			return through(set, cmd, func() error {
				var specs []fwd.Spec
				for _, arg := range args {
					spec, err := fwd.ParseSpec(arg)
					if err != nil {
						return err
					}
					specs = append(specs, spec)
				}
				options := fwd.Options{
					Loops: loops.n, MaxConns: maxConns.n,
					ConnectTimeout: connect.duration(), IdleTimeout: idle.duration(), HalfClosedTimeout: halfClosed.duration(),
				}
				r := relaying{
					specs: specs, options: options, grace: grace.duration(), stats: stats,
					trace: string(trace), format: format.value, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(), quiet: set.quiet,
				}
				return r.run()
			})
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Var(&trace, "trace", "write each call and event to FILE, anew, or - for standard output")
	flags.Var(&format, "trace-format", "strace or json")
	flags.BoolVar(&stats, "stats", false, "print a line a second on standard error")
	flags.Var(&connect, "connect-timeout", "longest time to connect to each address of the target; 0 is no limit")
	flags.Var(&idle, "idle-timeout", "longest time without data; 0 is no limit")
	flags.Var(&halfClosed, "half-closed-timeout", "the same once one direction has ended; 0 is no limit")
	flags.Var(&grace, "grace", "how long open connections may go on after SIGTERM; 0 resets them at once")
	flags.Var(&maxConns, "max-conns", "most connections at a time; 0 is as many as there may be descriptors for")
	flags.Var(&loops, "loops", "threads that relay; 0 is one for each CPU")
	must(cmd.MarkFlagFilename("trace"))
	must(cmd.RegisterFlagCompletionFunc("trace-format", cobra.FixedCompletions(traceFormats, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// relaying is a relay with its signals and what it prints.
type relaying struct {
	specs          []fwd.Spec
	options        fwd.Options
	grace          time.Duration
	trace, format  string
	stdout, stderr io.Writer
	quiet, stats   bool

	lines  chan string // to be printed
	traced *fwd.Trace  // nil without --trace
	file   *os.File    // nil for standard output
}

func (r *relaying) run() error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, unix.SIGTERM, unix.SIGUSR1)
	if !signal.Ignored(unix.SIGHUP) { // as nohup has it
		signal.Notify(signals, unix.SIGHUP)
	}
	defer signal.Stop(signals)
	signal.Ignore(unix.SIGPIPE) // a reader of the trace who leaves does not end the relay

	// The loops seldom give up a processor of Go's; the rest of the program has
	// one of its own.
	if r.options.Loops == 0 {
		r.options.Loops = runtime.GOMAXPROCS(0)
	}
	runtime.GOMAXPROCS(r.options.Loops + 1)
	relay, err := fwd.Listen(r.specs, r.options)
	if err != nil {
		return err
	}
	if err := r.openTrace(); err != nil {
		relay.Stop(0)
		return err
	}
	if err := relay.Start(r.traced); err != nil {
		_ = r.closeTrace()
		return fault("allow it more: ulimit -n 1024", "%w", err)
	}
	listening := relay.Lines()
	r.lines = make(chan string, 64+len(listening))
	printed := make(chan struct{})
	go r.print(printed)
	for _, line := range listening {
		r.say("%s", line)
	}
	err = r.serve(relay, signals)
	r.say("%s", relay.Totals())
	close(r.lines)
	select {
	case <-printed:
	case <-time.After(time.Second):
	}
	return errors.Join(err, r.closeTrace())
}

// serve waits for signals, and for the relay's end.
func (r *relaying) serve(relay *fwd.Relay, signals <-chan os.Signal) error {
	ended := make(chan error, 1)
	go func() { ended <- relay.Wait() }()

	var tick <-chan time.Time
	if r.stats {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		tick = ticker.C
	}
	// Of failures one a second is told: there may be many.
	failures, again := relay.Failures(), make(<-chan time.Time)
	before, at := relay.Totals(), time.Now()
	for stopping := false; ; {
		select {
		case err := <-ended:
			return err
		case err := <-failures:
			r.say("%v", err)
			failures, again = nil, time.After(time.Second)
		case <-again:
			failures = relay.Failures()
		case err := <-r.traced.Failed():
			r.say("the trace ends here: %v", err)
		case <-tick:
			now, elapsed := relay.Totals(), time.Since(at)
			r.say("%s", now.Since(before, elapsed))
			before, at = now, at.Add(elapsed)
		case s := <-signals:
			switch {
			case s == unix.SIGUSR1:
				r.say("%s", relay.Totals())
			case stopping:
				relay.Stop(0)
			default:
				stopping = true
				relay.Stop(r.grace)
				if n := relay.Totals().Open; n > 0 {
					r.say("ending: %d open, which have %v", n, r.grace)
				}
			}
		}
	}
}

// openTrace makes the trace that was asked for.
func (r *relaying) openTrace() error {
	if r.trace == "" {
		return nil
	}
	w := r.stdout
	if r.trace != "-" {
		file, err := os.OpenFile(r.trace, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
		if errors.Is(err, unix.ENXIO) {
			return fault("start its reader first", "--trace: nobody reads the FIFO %s", scenario.ClipPath(r.trace))
		} else if err != nil {
			return fault("choose another file, or - for standard output", "--trace: %w", err)
		}
		r.file, w = file, file
	}
	if r.format == "json" {
		r.traced = fwd.NewObservations(w)
	} else {
		r.traced = fwd.NewTrace(w)
	}
	return nil
}

// closeTrace writes what is left of it.
func (r *relaying) closeTrace() error {
	if r.traced == nil {
		return nil
	}
	if err := r.traced.Close(); err != nil {
		return fault("it ends before the relay did", "the trace is not whole: %w", err)
	}
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// say prints a line, soon. The relay does not wait for standard error, either:
// what does not fit is dropped.
func (r *relaying) say(format string, args ...any) {
	if r.quiet {
		return
	}
	select {
	case r.lines <- fmt.Sprintf("sockprobe: "+format+"\n", args...):
	default:
	}
}

// print writes the lines of say until there are no more, and closes printed.
func (r *relaying) print(printed chan<- struct{}) {
	defer close(printed)
	for line := range r.lines {
		fmt.Fprint(r.stderr, line)
	}
}

// A limitFlag is a duration; 0 is none.
type limitFlag time.Duration

func (f *limitFlag) Set(s string) error {
	d, err := parseDuration(s, 0, 1000*time.Hour)
	*f = limitFlag(d)
	return err
}
func (f *limitFlag) String() string          { return f.duration().String() }
func (f *limitFlag) Type() string            { return "DURATION" }
func (f *limitFlag) duration() time.Duration { return time.Duration(*f) }

// A countFlag is a number; 0 is one that suits.
type countFlag struct{ n, most int }

func (f *countFlag) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > f.most {
		return fault("give a number, such as 4", "not a whole number from 0 to %d", f.most)
	}
	f.n = n
	return nil
}
func (f *countFlag) String() string { return strconv.Itoa(f.n) }
func (f *countFlag) Type() string   { return "N" }

// A fileFlag is the path of a file.
type fileFlag string

func (f *fileFlag) Set(s string) error {
	if s == "" {
		return fault("name a file", "an empty name")
	}
	*f = fileFlag(s)
	return nil
}
func (f *fileFlag) String() string { return string(*f) }
func (f *fileFlag) Type() string   { return "FILE" }
