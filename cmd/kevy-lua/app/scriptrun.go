package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/cmd/kevy-lua/cli"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/plugins"
	"github.com/kevy-lua/kevy-lua/scripting"
	"github.com/kevy-lua/kevy-lua/scripting/luatest"
)

// checkScripts looks at each file on a store of its own.
func checkScripts(ctx context.Context, paths []string, out io.Writer) error {
	if len(paths) == 0 {
		return usageError{fmt.Errorf("script check takes files or folders")}
	}
	files, err := luatest.Find(".lua", paths...)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("there is no *.lua in %s", strings.Join(paths, ", "))
	}
	bad := false
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		good, err := checkScript(ctx, name, string(source), out)
		if err != nil {
			return err
		}
		bad = bad || !good
	}
	if bad {
		return exitCode(exitFailure)
	}
	return nil
}

func checkScript(ctx context.Context, name, source string, out io.Writer) (good bool, err error) {
	db, err := kevylua.Open(kevylua.Options{})
	if err != nil {
		return false, err
	}
	defer db.Close()
	test := scripting.IsTest(name)
	inspect := func() (*scripting.Report, error) { return db.Scripting().Inspect(ctx, name, source) }
	if test {
		inspect = func() (*scripting.Report, error) { return db.Scripting().InspectTest(name, source) }
	}
	report, err := inspect()
	if err != nil {
		text := strings.TrimPrefix(err.Error(), "ERR ")
		if i := strings.Index(text, name+":"); i >= 0 {
			text = text[i:] // an editor finds the line
		} else {
			text = name + ": " + text
		}
		fmt.Fprintln(out, text)
		return false, nil
	}
	good = true
	for _, p := range report.Problems {
		warning := ""
		if p.Warning {
			warning = "warning: "
		}
		good = good && p.Warning
		fmt.Fprintf(out, "%s:%d: %s%s\n", name, p.Line, warning, p.Text)
	}
	switch {
	case !good:
		return false, nil
	case test:
		fmt.Fprintf(out, "%s: a file of tests, good\n", name)
		return true, nil
	case report.Library == "":
		fmt.Fprintf(out, "%s: a script, good\n", name)
		return true, nil
	}
	fmt.Fprintf(out, "%s: library %s, good\n", name, report.Library)
	for _, r := range report.Registered {
		fmt.Fprintf(out, "  %s\n", r)
	}
	return true, nil
}

// runScript runs one file on an empty store and prints the reply.
func runScript(ctx context.Context, args []string, call string, out io.Writer) error {
	if len(args) == 0 {
		return usageError{fmt.Errorf("script run takes a file")}
	}
	source, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	keys, rest := args[1:], []string(nil)
	if i := slices.Index(keys, ","); i >= 0 {
		keys, rest = keys[:i], keys[i+1:]
	}
	db, err := kevylua.Open(kevylua.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	var operands []any
	for _, a := range append(slices.Clone(keys), rest...) {
		operands = append(operands, a)
	}
	line := []any{"EVAL", source, len(keys)}
	switch library := scripting.IsLibrary(string(source)); {
	case library && call == "":
		return usageError{fmt.Errorf("%s is a library: --call names the function or command to run", args[0])}
	case !library && call != "":
		return usageError{fmt.Errorf("%s is no library: --call is not for it", args[0])}
	case library:
		if _, err := db.Do(ctx, "FUNCTION", "LOAD", source); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		line = []any{"FCALL", call, len(keys)}
	}
	v, err := run(ctx, db, append(line, operands...))
	if errors.Is(err, wire.Error("ERR Function not found")) {
		if _, ok := db.Engine().Table().Lookup([]byte(call)); ok {
			v, err = run(ctx, db, append([]any{call}, operands...))
		}
	}
	if err != nil {
		fmt.Fprint(out, cli.Format(wire.Value{Kind: wire.KindError, Str: []byte(err.Error())}))
		return exitCode(exitFailure)
	}
	fmt.Fprint(out, cli.Format(v))
	return nil
}

// run runs a command and returns its reply as a client on RESP2 gets it.
func run(ctx context.Context, db *kevylua.DB, line []any) (wire.Value, error) {
	args, err := plugins.Args(line...)
	if err != nil {
		return wire.Value{}, err
	}
	var reply wire.Collector
	if err := db.Engine().Do(ctx, 0, args, &reply); err != nil {
		return wire.Value{}, err
	}
	return reply.Typed()
}
