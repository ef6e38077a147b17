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

func (h *Runner) functionRows() []command.Spec {
	const write = command.NoScript | command.Write | command.AllShards
	sub := func(name string, arity int, fl command.Flags, syntax, summary string, run command.Handler) command.Spec {
		return command.Spec{Name: name, Arity: arity, Flags: fl, Since: "7.0.0", Syntax: syntax, Summary: summary, Complexity: "O(N) with N functions", Run: run}
	}
	return []command.Spec{{
		Name: "function", Arity: -2, Group: command.GroupScripting, Since: "7.0.0", Complexity: "Depends on the sub-command",
		Summary: "A container for commands about functions", Sub: []command.Spec{
			sub("delete", 3, write, "library-name", "Removes a library and its functions", h.functionDelete),
			sub("dump", 2, command.NoScript|command.NoUnit, "", "Serializes all libraries", h.functionDump),
			sub("flush", -2, write, "[ASYNC|SYNC]", "Removes all libraries", h.functionFlush),
			sub("help", 2, command.Loading|command.Stale|command.NoUnit, "", "Shows the sub-commands", functionHelp),
			sub("kill", 2, command.NoScript|command.AllowBusy|command.NoUnit, "", "Ends the function that runs", h.functionKill),
			sub("list", -2, command.NoScript|command.NoUnit, "[LIBRARYNAME library-name-pattern] [WITHCODE]", "Lists the libraries", h.functionList),
			sub("load", -3, write|command.DenyOOM, "[REPLACE] function-code", "Loads a library", h.functionLoad),
			sub("restore", -3, write|command.DenyOOM, "serialized-value [FLUSH|APPEND|REPLACE]", "Loads libraries that were dumped", h.functionRestore),
			sub("stats", 2, command.NoScript|command.AllowBusy|command.NoUnit, "", "Tells what runs, and counts libraries and functions", h.functionStats),
		},
	}}
}

// logged notes that the call has changed something which the log keeps.
func logged(c *command.Call, args ...[]byte) {
	c.Unit.Dirty++
	c.Log(args...)
}

func (h *Runner) functionLoad(c *command.Call) error {
	replace := false
	for _, a := range c.Args[2 : len(c.Args)-1] {
		if !command.EqualFold(a, "replace") {
			return wire.Errorf("ERR Unknown option given: %s", a)
		}
		replace = true
	}
	l, err := h.load(string(c.Args[len(c.Args)-1]), userFunction, replace, c.Replay)
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
func (h *Runner) load(code, source string, replace, replay bool) (*lib, error) {
	h.libs.load.Lock()
	defer h.libs.load.Unlock()
	return h.loadLocked(code, source, replace, replay)
}

// loadNamed loads a library that stands in a file without being one of those that
// the configuration names, which are loaded again when they change.
func (h *Runner) loadNamed(code, file string) (l *lib, err error) {
	err = h.exclusively(func() error {
		l, err = h.loadLocked(code, file, true, false)
		return err
	})
	return l, err
}

// loadLocked is load, called with libs.load held.
func (h *Runner) loadLocked(code, source string, replace, replay bool) (*lib, error) {
	name, _, err := libraryShebang(code)
	if err != nil {
		return nil, err
	}
	old := h.libs.get(name)
	switch {
	case old != nil && old.file != "":
		return nil, wire.Errorf("ERR Library '%s' comes from the file %s", name, old.file)
	case old != nil && !replace && !replay:
		return nil, libraryExists(name)
	}
	l, err := h.newLib(code, source, replay)
	if err != nil {
		return nil, err
	}
	if err := h.install(old, l); err != nil {
		l.retire()
		return nil, err
	}
	return l, nil
}

func (h *Runner) functionDelete(c *command.Call) error {
	h.libs.load.Lock()
	defer h.libs.load.Unlock()
	l := h.libs.get(string(c.Args[2]))
	if l == nil {
		return errNoLibrary
	}
	if l.file != "" {
		return wire.Errorf("ERR Library '%s' comes from the file %s", l.name, l.file)
	}
	h.remove(l)
	logged(c, c.Args...)
	c.Reply.Status("OK")
	return nil
}

func (h *Runner) functionFlush(c *command.Call) error {
	switch {
	case len(c.Args) > 3:
		return wire.Errorf("ERR unknown subcommand or wrong number of arguments for '%s'. Try FUNCTION HELP.", c.Args[1])
	case len(c.Args) == 3 && !c.Is(2, "async") && !c.Is(2, "sync"):
		return errFlushMode
	}
	h.libs.load.Lock()
	defer h.libs.load.Unlock()
	h.flush()
	logged(c, c.Args[:2]...)
	c.Reply.Status("OK")
	return nil
}

// flush removes the libraries of FUNCTION LOAD. Called with libs.load held.
func (h *Runner) flush() {
	for _, l := range h.libs.all() {
		if l.file == "" {
			h.remove(l)
		}
	}
}

func (h *Runner) functionKill(c *command.Call) error {
	if err := h.Kill(true); err != nil {
		return err
	}
	c.Reply.Status("OK")
	return nil
}

func (h *Runner) functionList(c *command.Call) error {
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
	libs := slices.DeleteFunc(h.libs.all(), func(l *lib) bool {
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

func (h *Runner) functionStats(c *command.Call) error {
	r := c.Reply
	r.Map(2)
	r.BulkString("running_script")
	if s := h.longest(); s != nil {
		r.Map(3)
		r.BulkString("name")
		r.BulkString(s.name)
		r.BulkString("command")
		r.Array(len(s.command))
		for _, a := range s.command {
			r.BulkString(a)
		}
		r.BulkString("duration_ms")
		r.Int(s.ms)
	} else {
		r.Null()
	}
	libs, fns := h.libs.figures()
	r.BulkString("engines")
	r.Map(1)
	r.BulkString("LUA")
	r.Map(2)
	r.BulkString("libraries_count")
	r.Int(int64(libs))
	r.BulkString("functions_count")
	r.Int(int64(fns))
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
func (h *Runner) fcall(c *command.Call, readOnly bool) error {
	f := h.libs.function(c.Args[1])
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
	if err := h.admit(f.flags, readOnly); err != nil {
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
