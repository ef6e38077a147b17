package scripting

import (
	"errors"
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/glob"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Replies of FUNCTION, in Redis' words.
const (
	errNoFunction wire.Error = "ERR Function not found"
	errNoLibrary  wire.Error = "ERR Library not found"
	errBadNumKeys wire.Error = "ERR Bad number of keys provided"
	errFlushMode  wire.Error = "ERR FUNCTION FLUSH only supports SYNC|ASYNC option"
)

func (r *Runner) functionRows() []command.Spec {
	const write = command.NoScript | command.Write | command.AllShards
	sub := func(name string, arity int, fl command.Flags, syntax, summary string, run command.Handler) command.Spec {
		return command.Spec{Name: name, Arity: arity, Flags: fl, Since: "7.0.0", Syntax: syntax, Summary: summary, Complexity: "O(N) with N functions", Run: run}
	}
	return []command.Spec{{
		Name: "function", Arity: -2, Group: command.GroupScripting, Since: "7.0.0", Complexity: "Depends on the sub-command",
		Summary: "A container for commands about functions", Sub: []command.Spec{
			sub("delete", 3, write, "library-name", "Removes a library and its functions", r.functionDelete),
			sub("dump", 2, command.NoScript|command.NoUnit, "", "Serializes all libraries", r.functionDump),
			sub("flush", -2, write, "[ASYNC|SYNC]", "Removes all libraries", r.functionFlush),
			sub("help", 2, command.Loading|command.Stale|command.NoUnit, "", "Shows the sub-commands", functionHelp),
			sub("kill", 2, command.NoScript|command.AllowBusy|command.NoUnit, "", "Ends the function that runs", r.functionKill),
			sub("list", -2, command.NoScript|command.NoUnit, "[LIBRARYNAME library-name-pattern] [WITHCODE]", "Lists the libraries", r.functionList),
			sub("load", -3, write|command.DenyOOM, "[REPLACE] function-code", "Loads a library", r.functionLoad),
			sub("restore", -3, write|command.DenyOOM, "serialized-value [FLUSH|APPEND|REPLACE]", "Loads libraries that were dumped", r.functionRestore),
			sub("stats", 2, command.NoScript|command.AllowBusy|command.NoUnit, "", "Tells what runs, and counts libraries and functions", r.functionStats),
		},
	}}
}

// logged notes that the call has changed something which the log keeps.
func logged(c *command.Call, args ...[]byte) {
	c.Unit.Dirty++
	c.Log(args...)
}

func (r *Runner) functionLoad(c *command.Call) error {
	replace := false
	for _, a := range c.Args[2 : len(c.Args)-1] {
		if !command.EqualFold(a, "replace") {
			return wire.Errorf("ERR Unknown option given: %s", a)
		}
		replace = true
	}
	l, err := r.load(string(c.Args[len(c.Args)-1]), userFunction, replace, c.Replay)
	if err != nil {
		return err
	}
	logged(c, c.Args...)
	c.Reply.BulkString(l.name)
	return nil
}

// libraryExists is the error of loading a library of that name once more.
type libraryExists string

func (e libraryExists) Error() string { return string(e.reply()) }

func (e libraryExists) reply() wire.Error {
	return wire.Errorf("ERR Library '%s' already exists", string(e))
}

// Unwrap gives the reply to who looks for one.
func (e libraryExists) Unwrap() error { return e.reply() }

// load loads a library as FUNCTION LOAD does. Positions in its errors begin with source.
func (r *Runner) load(code, source string, replace, replay bool) (*lib, error) {
	r.libs.load.Lock()
	defer r.libs.load.Unlock()
	return r.loadLocked(code, source, replace, replay)
}

// loadNamed loads a library that stands in a file without being one of those that
// the configuration names, which are loaded again when they change.
func (r *Runner) loadNamed(code, file string) (l *lib, err error) {
	err = r.exclusively(func() error {
		l, err = r.loadLocked(code, file, true, false)
		return err
	})
	return l, err
}

// loadLocked is load, called with libs.load held.
func (r *Runner) loadLocked(code, source string, replace, replay bool) (*lib, error) {
	name, _, err := libraryShebang(code)
	if err != nil {
		return nil, err
	}
	old := r.libs.get(name)
	switch {
	case old != nil && old.file != "":
		return nil, wire.Errorf("ERR Library '%s' comes from the file %s", name, old.file)
	case old != nil && !replace && !replay:
		return nil, libraryExists(name)
	}
	l, err := r.newLib(code, source, replay)
	if err != nil {
		return nil, err
	}
	if err := r.install(old, l); err != nil {
		l.retire()
		return nil, err
	}
	return l, nil
}

func (r *Runner) functionDelete(c *command.Call) error {
	r.libs.load.Lock()
	defer r.libs.load.Unlock()
	l := r.libs.get(string(c.Args[2]))
	if l == nil {
		return errNoLibrary
	}
	if l.file != "" {
		return wire.Errorf("ERR Library '%s' comes from the file %s", l.name, l.file)
	}
	r.remove(l)
	logged(c, c.Args...)
	c.Reply.Status("OK")
	return nil
}

func (r *Runner) functionFlush(c *command.Call) error {
	switch {
	case len(c.Args) > 3:
		return wire.Errorf("ERR unknown subcommand or wrong number of arguments for '%s'. Try FUNCTION HELP.", c.Args[1])
	case len(c.Args) == 3 && !c.Is(2, "async") && !c.Is(2, "sync"):
		return errFlushMode
	}
	r.libs.load.Lock()
	defer r.libs.load.Unlock()
	r.flush()
	logged(c, c.Args[:2]...)
	c.Reply.Status("OK")
	return nil
}

// flush removes the libraries of FUNCTION LOAD. Called with libs.load held.
func (r *Runner) flush() {
	for _, l := range r.libs.all() {
		if l.file == "" {
			r.remove(l)
		}
	}
}

func (r *Runner) functionKill(c *command.Call) error {
	if err := r.Kill(true); err != nil {
		return err
	}
	c.Reply.Status("OK")
	return nil
}

func (r *Runner) functionList(c *command.Call) error {
	pattern, code := "", false
	for i := 2; i < len(c.Args); i++ {
		switch {
		case !code && c.Is(i, "withcode"):
			code = true
		case pattern == "" && c.Is(i, "libraryname"):
			if i++; i == len(c.Args) {
				return wire.Error("ERR library name argument was not given")
			}
			pattern = string(c.Args[i])
		default:
			return wire.Errorf("ERR Unknown argument %s", c.Args[i])
		}
	}
	libs := slices.DeleteFunc(r.libs.all(), func(l *lib) bool {
		return pattern != "" && !glob.Match([]byte(pattern), []byte(l.name), true)
	})
	c.Reply.Array(len(libs))
	for _, l := range libs {
		l.describe(c.Reply, code)
	}
	return nil
}

func (l *lib) describe(r wire.Reply, code bool) {
	n := 3
	if code {
		n = 4
	}
	r.Map(n)
	r.BulkString("library_name")
	r.BulkString(l.name)
	r.BulkString("engine")
	r.BulkString("LUA")
	r.BulkString("functions")
	r.Array(len(l.functions))
	for _, f := range l.functions {
		r.Map(3)
		r.BulkString("name")
		r.BulkString(f.name)
		r.BulkString("description")
		if f.description == "" {
			r.Null()
		} else {
			r.BulkString(f.description)
		}
		r.BulkString("flags")
		r.Set(len(f.flags.names))
		for _, name := range f.flags.names {
			r.Status(name)
		}
	}
	if code {
		r.BulkString("library_code")
		r.BulkString(l.code)
	}
}

func (r *Runner) functionStats(c *command.Call) error {
	reply := c.Reply
	reply.Map(2)
	reply.BulkString("running_script")
	if s := r.longest(); s != nil {
		reply.Map(3)
		reply.BulkString("name")
		reply.BulkString(s.name)
		reply.BulkString("command")
		reply.Array(len(s.command))
		for _, a := range s.command {
			reply.BulkString(a)
		}
		reply.BulkString("duration_ms")
		reply.Int(s.ms)
	} else {
		reply.Null()
	}
	libs, fns := r.libs.figures()
	reply.BulkString("engines")
	reply.Map(1)
	reply.BulkString("LUA")
	reply.Map(2)
	reply.BulkString("libraries_count")
	reply.Int(int64(libs))
	reply.BulkString("functions_count")
	reply.Int(int64(fns))
	return nil
}

func functionHelp(c *command.Call) error {
	return help(c, "FUNCTION",
		"LOAD [REPLACE] <FUNCTION CODE>", "    Loads a library; its name stands in its first line.",
		"DELETE <LIBRARY NAME>", "    Removes a library.",
		"LIST [LIBRARYNAME PATTERN] [WITHCODE]", "    Lists the libraries and their functions.",
		"STATS", "    Tells which function runs, and counts libraries and functions.",
		"KILL", "    Ends the function that runs, unless it has written already.",
		"FLUSH [ASYNC|SYNC]", "    Removes all libraries that were loaded by command.",
		"DUMP", "    Serializes all libraries that were loaded by command.",
		"RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]", "    Loads what DUMP has made.")
}

// fcall is FCALL and FCALL_RO.
func (r *Runner) fcall(c *command.Call, readOnly bool) error {
	f := r.libs.function(c.Args[1])
	if f == nil {
		return errNoFunction
	}
	n, err := numKeys(c)
	if err == wire.ErrNotInteger {
		return errBadNumKeys
	}
	if err != nil {
		return err
	}
	if err := r.admit(f.flags, readOnly); err != nil {
		return err
	}
	return f.lib.inside(c, func(s *state) error {
		s.begin(runFunction, f.name, f.lib.chunk, c)
		err := s.inUnit(c, f.flags, readOnly, s.callbacks[f.callback], s.stringTable(c.Args[3:3+n]), s.stringTable(c.Args[3+n:]))
		if errors.Is(err, command.ErrUndeclared) {
			f.wide.Store(true)
		}
		return err
	})
}
