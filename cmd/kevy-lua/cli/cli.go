package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

// Exit is the error of Command when the process is to end with that code; what
// went wrong has been printed.
type Exit int

// Error implements error.
func (e Exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// ExitCode returns the code as a number.
func (e Exit) ExitCode() int { return int(e) }

// Command returns the sub-command cli. Its error is an Exit.
func Command() *cobra.Command {
	return &cobra.Command{
		Use:                "cli [options] [command [argument ...]]",
		Short:              "Send commands to a server",
		DisableFlagParsing: true, // options end at the command, whose arguments may begin with '-'
		SilenceErrors:      true,
		SilenceUsage:       true,
		RunE: func(_ *cobra.Command, args []string) error {
			if code := Main(args, os.Stdin, os.Stdout, os.Stderr); code != 0 {
				return Exit(code)
			}
			return nil
		},
	}
}

// options are what the command line says.
type options struct {
	host, socket   string
	port, db       int
	user, password string
	resp3          bool
	raw, noRaw     bool
	failOnError    bool // -e
	argFromInput   bool // -x
	repeat         int
	interval       time.Duration
	quiet          bool // --no-auth-warning
	script         string
	command        []string
}

const usage = `Usage: kevy-lua cli [options] [command [argument ...]]
       kevy-lua cli [options] --eval <file> [key ...] [, argument ...]

Without a command, lines are read from the terminal or from standard input.

  -h <host>            server's name or address (default 127.0.0.1)
  -p <port>            server's port (default 6379)
  -s <path>            server's Unix socket, in place of host and port
  -n <number>          database
  -a, --pass <word>    password; better given in the variable REDISCLI_AUTH
  --user <name>        user the password is for
  -3                   speak RESP3
  -r <count>           run the command that often; -1 for ever
  -i <seconds>         wait that long between runs; decimals are allowed
  -x                   the last argument is what standard input holds
  --eval <file>        run the Lua script in a file by EVAL; a comma of its own stands before its arguments
  -e                   exit with code 1 when the server answers with an error
  --raw                print bare values, also on a terminal
  --no-raw             print types and quotes, also where the output is no terminal
  --no-auth-warning    do not warn of passwords on the command line
  --help               this text

The history is kept in ~/.kevylua_history; KEVYCLI_HISTFILE names another file.
`

// errHelp asks for the usage text.
var errHelp = errors.New("help")

// parse reads the command line.
func parse(args []string) (options, error) {
	o := options{password: os.Getenv("REDISCLI_AUTH")}
	var seconds float64
	var help bool
	fs := flag.NewFlagSet("cli", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.host, "h", "127.0.0.1", "")
	fs.IntVar(&o.port, "p", 6379, "")
	fs.StringVar(&o.socket, "s", "", "")
	fs.IntVar(&o.db, "n", 0, "")
	fs.StringVar(&o.password, "a", o.password, "")
	fs.StringVar(&o.password, "pass", o.password, "")
	fs.StringVar(&o.user, "user", "", "")
	fs.BoolVar(&o.resp3, "3", false, "")
	fs.IntVar(&o.repeat, "r", 1, "")
	fs.Float64Var(&seconds, "i", 0, "")
	fs.BoolVar(&o.argFromInput, "x", false, "")
	fs.StringVar(&o.script, "eval", "", "")
	fs.BoolVar(&o.failOnError, "e", false, "")
	fs.BoolVar(&o.raw, "raw", false, "")
	fs.BoolVar(&o.noRaw, "no-raw", false, "")
	fs.BoolVar(&o.quiet, "no-auth-warning", false, "")
	fs.BoolVar(&help, "help", false, "")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	o.command = fs.Args()
	o.interval = time.Duration(seconds * float64(time.Second))
	switch {
	case help:
		return o, errHelp
	case o.port < 1 || o.port > 65535:
		return o, fmt.Errorf("port %d is not between 1 and 65535", o.port)
	case o.db < 0:
		return o, fmt.Errorf("database %d is negative", o.db)
	case o.raw && o.noRaw:
		return o, errors.New("--raw and --no-raw exclude each other")
	case seconds < 0:
		return o, errors.New("the interval is negative")
	case o.argFromInput && len(o.command) == 0:
		return o, errors.New("-x needs a command")
	}
	if o.script != "" {
		source, err := os.ReadFile(o.script)
		if err != nil {
			return o, err
		}
		o.command = evalOf(string(source), o.command)
	}
	passed := false
	fs.Visit(func(f *flag.Flag) { passed = passed || f.Name == "a" || f.Name == "pass" })
	o.quiet = o.quiet || !passed
	return o, nil
}

// evalOf is the EVAL of a script with keys and, behind a comma of its own, arguments.
func evalOf(source string, args []string) []string {
	keys, rest := args, []string(nil)
	if i := slices.Index(args, ","); i >= 0 {
		keys, rest = args[:i], args[i+1:]
	}
	return slices.Concat([]string{"EVAL", source, strconv.Itoa(len(keys))}, keys, rest)
}

// Main runs the client and returns the exit code: 0, 1 when the server cannot
// be reached (or answers with an error, with -e), 2 for wrong usage.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	o, err := parse(args)
	switch {
	case errors.Is(err, errHelp):
		io.WriteString(out, usage)
		return 0
	case err != nil:
		fmt.Fprintf(errOut, "kevy-lua cli: %v\nTry 'kevy-lua cli --help'.\n", err)
		return exitUsage
	}
	if !o.quiet {
		fmt.Fprintln(errOut, "Warning: other users of this machine can see a password that is given on the command line.")
	}
	c := &client{o: o, in: in, out: out, err: errOut, raw: o.raw || !o.noRaw && !isTerminal(out)}
	defer c.close()
	if len(o.command) > 0 {
		return c.once(o.command)
	}
	return c.interact()
}

// isTerminal reports whether a stream is a terminal: a character device other
// than the one that swallows everything.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
