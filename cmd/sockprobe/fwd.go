package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"sockprobe/fwd"
)

func newFwd(set *settings) *cobra.Command {
	var (
		loops      countFlag
		maxConns   countFlag
		connect    = limitFlag(10 * time.Second)
		idle       = limitFlag(time.Hour)
		halfClosed = limitFlag(5 * time.Minute)
		grace      = limitFlag(10 * time.Second)
		trace      string
		format     = choice{"strace", traceFormats}
		stats      bool
	)
	cmd := &cobra.Command{
		Use:   "fwd [BIND:]PORT:HOST:PORT...",
		Short: "Relay connections, and tell what the kernel told",
		Long: `fwd listens on PORT and relays each connection to HOST:PORT, until it is
interrupted. A path with a slash in it, in place of either side, is a UNIX
socket; an IPv6 address stands in brackets. BIND is 127.0.0.1 unless given, and
"*" for every address of this machine. PORT 0 is any free one; where it listens
is said on standard error.

The end of the data is passed on in each direction when all before it has been
delivered, and a reset as a reset. A time limit, too, ends a connection with
a reset: a FIN would look like the end of the data. All addresses of HOST, which
is resolved at the start, are tried in order.

--trace writes each system call and event as strace -f -tt -o would, at a
fraction of the cost; --trace-format json writes observations, as the probe's
--format json.

SIGTERM or SIGINT stops accepting and ends when all connections have, or
after --grace, when those that are left are reset; a second one ends at once.
SIGUSR1 prints totals on standard error, and so does the end.`,
		Example: `  sockprobe fwd 8001:localhost:8008
  sockprobe fwd '*:8001:[2001:db8::1]:80' --trace relay.strace
  sockprobe fwd /run/app.sock:localhost:8008 8001:/run/other.sock`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fault("say what to relay, as in: sockprobe fwd 8001:localhost:8008", "nothing to relay")
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
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
					Loops: int(loops), MaxConns: int(maxConns),
					ConnectTimeout: connect.duration(), IdleTimeout: idle.duration(), HalfClosedTimeout: halfClosed.duration(),
				}
				r := relaying{
					specs: specs, options: options, grace: grace.duration(), stats: stats,
					trace: trace, format: format.value, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(), quiet: set.quiet,
				}
				return r.run()
			})
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&trace, "trace", "", "write each call and event to a `FILE`, or - for standard output")
	flags.Var(&format, "trace-format", "strace or json")
	flags.BoolVar(&stats, "stats", false, "print a line a second on standard error")
	flags.Var(&connect, "connect-timeout", "longest time to connect to each address of the target; 0 is no limit here and below")
	flags.Var(&idle, "idle-timeout", "longest time without data")
	flags.Var(&halfClosed, "half-closed-timeout", "longest time without data once one direction has ended")
	flags.Var(&grace, "grace", "how long open connections may go on after SIGTERM")
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
}

func (r *relaying) run() error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, unix.SIGTERM, unix.SIGUSR1)
	defer signal.Stop(signals)

	closeTrace, err := r.openTrace()
	if err != nil {
		return err
	}
	// The loops seldom give up a processor of Go's; the rest of the program has
	// one of its own.
	runtime.GOMAXPROCS(runtime.NumCPU() + 1)
	relay, err := fwd.Listen(r.specs, r.options)
	if err != nil {
		return errors.Join(err, closeTrace(false))
	}
	if err := relay.Start(); err != nil {
		return errors.Join(err, closeTrace(false))
	}
	r.say("%s", relay)
	err = r.serve(relay, signals)
	r.say("%s", relay.Totals())
	return errors.Join(err, closeTrace(true))
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
	before, at := relay.Totals(), time.Now()
	for stopping := false; ; {
		select {
		case err := <-ended:
			return err
		case err := <-r.options.Trace.Failed():
			r.say("the trace ends here: %v", err)
		case <-tick:
			now, elapsed := relay.Totals(), time.Since(at)
			fmt.Fprintln(r.stderr, now.Since(before, elapsed))
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
			}
		}
	}
}

// openTrace makes the trace that was asked for. What it gives closes it; a trace
// of a relay that never was leaves no file.
func (r *relaying) openTrace() (closeTrace func(keep bool) error, err error) {
	nothing := func(bool) error { return nil }
	if r.trace == "" {
		return nothing, nil
	}
	w, closeFile := r.stdout, nothing
	if r.trace != "-" {
		file, err := os.OpenFile(r.trace, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fault("choose another file, or - for standard output", "--trace: %w", err)
		}
		w = file
		closeFile = func(keep bool) error {
			if !keep {
				os.Remove(r.trace)
			}
			return file.Close()
		}
	}
	newTrace := fwd.NewTrace
	if r.format == "json" {
		newTrace = fwd.NewObservations
	}
	r.options.Trace = newTrace(w)
	return func(keep bool) error {
		if err := r.options.Trace.Close(); err != nil {
			return fmt.Errorf("write trace: %w", err)
		}
		return closeFile(keep)
	}, nil
}

func (r *relaying) say(format string, args ...any) {
	if !r.quiet {
		fmt.Fprintf(r.stderr, "sockprobe: "+format+"\n", args...)
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
type countFlag int

func (f *countFlag) Set(s string) error {
	const most = 1_000_000
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > most {
		return fault("give a number, such as 4", "not a number from 0 to %d", most)
	}
	*f = countFlag(n)
	return nil
}
func (f *countFlag) String() string { return strconv.Itoa(int(*f)) }
func (f *countFlag) Type() string   { return "N" }
