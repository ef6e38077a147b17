//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// options are the flags that every suite has.
type options struct {
	short         bool
	rounds        int
	drop          bool
	maxForeign    float64
	clientThreads int
	seed          uint64
	kevyPath      string
	redisCmd      string
	kevyCmd       string
	dir           string
	json          string
	quiet         bool
}

// suite is one kind of measurement.
type suite struct {
	name    string
	summary string
	metrics []metric
	rounds  int // default of -rounds; with -short at most shortRounds
	// register adds the suite's own flags to fs and returns what runs it with
	// their values.
	register func(fs *flag.FlagSet) func(context.Context, *bench) error
}

const shortRounds = 3

// suites in the order in which "all" runs them.
var suites = []*suite{throughputSuite, evalSuite, fsyncSuite, expirySuite, rewriteSuite, loadSuite, memorySuite}

// errUsage is a mistake on the command line that has been explained.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "kevy-bench:", err)
		os.Exit(1)
	}
}

// run is the program without its process.
func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		usage(errOut)
		if len(args) > 0 && slices.Contains([]string{"-h", "-help", "--help"}, args[0]) {
			return flag.ErrHelp
		}
		return errUsage
	}
	chosen := suites
	if args[0] != "all" {
		i := slices.IndexFunc(suites, func(s *suite) bool { return s.name == args[0] })
		if i < 0 {
			fmt.Fprintf(errOut, "kevy-bench: no suite %q\n", args[0])
			usage(errOut)
			return errUsage
		}
		chosen = suites[i : i+1]
	}
	b := &bench{progress: errOut}
	fs := flag.NewFlagSet("kevy-bench "+args[0], flag.ContinueOnError)
	fs.SetOutput(errOut)
	b.options.register(fs)
	runs := make([]func(context.Context, *bench) error, len(chosen))
	for i, s := range chosen {
		own := fs
		if len(chosen) > 1 {
			own = flag.NewFlagSet(s.name, flag.ContinueOnError) // "all" takes the defaults
		}
		runs[i] = s.register(own)
	}
	if err := fs.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(errOut, "kevy-bench: unexpected %q\n", fs.Arg(0))
		return errUsage
	}
	return b.runAll(ctx, chosen, runs, args, out)
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: kevy-bench SUITE [flags]      (kevy-bench SUITE -h lists the flags)")
	for _, s := range suites {
		fmt.Fprintf(w, "  %-11s %s\n", s.name, s.summary)
	}
	fmt.Fprintf(w, "  %-11s %s\n", "all", "all of these, with their defaults")
}

func (o *options) register(fs *flag.FlagSet) {
	fs.BoolVar(&o.short, "short", false, "smaller sizes and fewer rounds: about two minutes a suite")
	fs.IntVar(&o.rounds, "rounds", 0, "rounds of each scenario (default by suite, mostly 5; with -short 3)")
	fs.BoolVar(&o.drop, "drop", false, "leave out rounds with too much foreign CPU, and do up to as many rounds again in their place")
	fs.Float64Var(&o.maxForeign, "max-foreign", 0.15, "foreign CPU, in cores, from which a round is flagged")
	fs.IntVar(&o.clientThreads, "client-threads", 1, "threads that drive the clients")
	fs.Uint64Var(&o.seed, "seed", 1, "seed of the random keys")
	fs.StringVar(&o.kevyPath, "kevy", "", "kevy-lua program (default: built from this module with go build)")
	fs.StringVar(&o.redisCmd, "redis-cmd", redisCommand, "command that starts the redis side, with the placeholders {port}, {dir} and {flags} or {set}")
	fs.StringVar(&o.kevyCmd, "kevy-cmd", kevyCommand, "command that starts the other side; \"redis-server --port {port} {flags}\" compares redis with itself")
	fs.StringVar(&o.dir, "dir", "", "where the servers' directories are made; take a real disk for logs (default: the system's temporary directory)")
	fs.StringVar(&o.json, "json", "", "file for every figure of every round, as JSON")
	fs.BoolVar(&o.quiet, "quiet", false, "no progress on standard error")
}

// check refuses flags that cannot work.
func (o *options) check() error {
	switch {
	case o.rounds < 0:
		return fmt.Errorf("-rounds %d: at least 1 is needed", o.rounds)
	case o.clientThreads < 1:
		return fmt.Errorf("-client-threads %d: at least 1 is needed", o.clientThreads)
	case o.maxForeign < 0:
		return fmt.Errorf("-max-foreign %g: cannot be negative", o.maxForeign)
	}
	return nil
}

// runAll prepares the programs, runs the suites and reports.
func (b *bench) runAll(ctx context.Context, chosen []*suite, runs []func(context.Context, *bench) error, args []string, out io.Writer) (err error) {
	if err := b.check(); err != nil {
		return err
	}
	if b.quiet {
		b.progress = io.Discard
	}
	if b.scratch, err = os.MkdirTemp(b.dir, "kevy-bench-"); err != nil {
		return fmt.Errorf("make a directory for the servers: %w", err)
	}
	defer func() { err = errors.Join(err, b.stopAll(), os.RemoveAll(b.scratch)) }()
	if err := b.prepare(ctx); err != nil {
		return err
	}
	var rows []row
	for i, s := range chosen {
		wanted := b.rounds
		if b.rounds == 0 {
			b.rounds = s.rounds
			if b.short {
				b.rounds = min(b.rounds, shortRounds)
			}
		}
		b.suite = s
		runErr := runs[i](ctx, b)
		b.rounds = wanted
		err = errors.Join(err, runErr, b.stopAll())
		if mine := summarise(s, b.samples, b.drop); len(mine) > 0 {
			rows = append(rows, mine...)
			writeTable(out, s, mine)
			fmt.Fprintln(out)
		}
		if ctx.Err() != nil {
			break
		}
	}
	err = errors.Join(err, errors.Join(b.failures...))
	if b.json != "" {
		err = errors.Join(err, writeJSON(b.json, describe(args, b.sides), rows, b.samples, b.failures))
	}
	return err
}

// prepare finds the programs, building ours where its command needs it.
func (b *bench) prepare(ctx context.Context) error {
	b.sides = [2]side{{name: "redis", command: b.redisCmd}, {name: "kevy", command: b.kevyCmd}}
	if strings.Contains(b.redisCmd+b.kevyCmd, "{kevy}") {
		path := b.kevyPath
		if path == "" {
			path = filepath.Join(b.scratch, "kevy-lua")
			build := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/kevy-lua/kevy-lua/cmd/kevy-lua")
			if out, err := build.CombinedOutput(); err != nil {
				return fmt.Errorf("build kevy-lua (run this inside the module, or give -kevy): %w\n%s", err, out)
			}
		}
		path, err := filepath.Abs(path)
		if err != nil {
			return fmt.Errorf("-kevy: %w", err)
		}
		for i := range b.sides {
			b.sides[i].binary = path
		}
	}
	for _, s := range b.sides {
		args, _ := s.arguments(0, "", nil)
		if len(args) == 0 {
			return fmt.Errorf("no command for %s", s.name)
		}
		if _, err := exec.LookPath(args[0]); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
