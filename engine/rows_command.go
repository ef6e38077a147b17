package engine

import (
	"slices"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/glob"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const commandFlags = command.Loading | command.Stale | command.NoUnit

var (
	connectionACL = []string{"connection"}
	unordered     = []string{"nondeterministic_output_order"}
)

var commandRow = command.Spec{
	Name: "command", Arity: -1, Group: command.GroupServer, Since: "2.8.13", Complexity: "O(N) with N commands", Flags: commandFlags,
	ACL: connectionACL, Hints: unordered, Summary: "Describes all commands", Run: commandInfo,
	Sub: []command.Spec{
		{Name: "count", Arity: 2, Since: "2.8.13", Complexity: "O(1)", Flags: commandFlags, ACL: connectionACL, Summary: "Counts the commands", Run: commandCount},
		{Name: "list", Arity: -2, Since: "7.0.0", Complexity: "O(N) with N commands", Flags: commandFlags, ACL: connectionACL, Hints: unordered,
			Syntax: "[FILTERBY <MODULE module-name|ACLCAT category|PATTERN pattern>]", Summary: "Lists the names of commands", Run: commandList},
		{Name: "info", Arity: -2, Since: "2.8.13", Complexity: "O(N) with N commands asked for", Flags: commandFlags, ACL: connectionACL, Hints: unordered,
			Syntax: "[command-name [command-name ...]]", Summary: "Describes commands, all or those named", Run: commandInfo},
		{Name: "docs", Arity: -2, Since: "7.0.0", Complexity: "O(N) with N commands asked for", Flags: commandFlags, ACL: connectionACL, Hints: unordered,
			Syntax: "[command-name [command-name ...]]", Summary: "Documents commands, all or those named", Run: commandDocs},
		{Name: "getkeys", Arity: -4, Since: "2.8.13", Complexity: "O(N) with N arguments of the command", Flags: commandFlags, ACL: connectionACL,
			Syntax: "command [arg [arg ...]]", Summary: "Finds the keys in a whole command", Run: commandGetKeys},
		{Name: "getkeysandflags", Arity: -4, Since: "7.0.0", Complexity: "O(N) with N arguments of the command", Flags: commandFlags, ACL: connectionACL,
			Syntax: "command [arg [arg ...]]", Summary: "Finds the keys in a whole command, and what it does with them", Run: commandGetKeysAndFlags},
		with(help("command", "5.0.0",
			"(no subcommand)", "    Describes all commands.",
			"COUNT", "    Counts the commands.",
			"DOCS [<command-name> ...]", "    Documents commands, all or those named.",
			"GETKEYS <full-command>", "    Finds the keys in a whole command.",
			"GETKEYSANDFLAGS <full-command>", "    The same, with what the command does with each key.",
			"INFO [<command-name> ...]", "    Describes commands, all or those named.",
			"LIST [FILTERBY (MODULE|ACLCAT|PATTERN) <value>]", "    Lists the names of commands, all or those that fit."),
			func(s *command.Spec) { s.ACL = connectionACL }),
	},
}

// with returns s after a change; for rows that a function makes.
func with(s command.Spec, change func(*command.Spec)) command.Spec {
	change(&s)
	return s
}

func engineOf(c *command.Call) *Engine { return c.Unit.Engine.(*Engine) }

func commandCount(c *command.Call) error {
	c.Reply.Int(int64(engineOf(c).table.Len()))
	return nil
}

func commandInfo(c *command.Call) error {
	e := engineOf(c)
	if len(c.Args) > 1 && c.Spec.Parent() == nil {
		return wire.Errorf("ERR unknown subcommand '%.128s'. Try COMMAND HELP.", c.Args[1])
	}
	if len(c.Args) <= 2 {
		all := e.table.All()
		c.Reply.Array(len(all))
		for _, s := range all {
			replyInfo(c.Reply, s)
		}
		return nil
	}
	c.Reply.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		if s, ok := e.specByName(name); ok {
			replyInfo(c.Reply, s)
		} else {
			c.Reply.Null()
		}
	}
	return nil
}

// replyInfo writes the ten elements by which clients know a command.
func replyInfo(r wire.Reply, s *command.Spec) {
	first, last, step := keyRange(s.Keys)
	r.Array(10)
	r.BulkString(s.FullName())
	r.Int(int64(s.Arity))
	replyStatuses(r, "", names(s.Flags, flagNames))
	r.Int(int64(first))
	r.Int(int64(last))
	r.Int(int64(step))
	replyStatuses(r, "@", categoriesOf(s))
	r.Set(len(s.Hints))
	for _, h := range s.Hints {
		r.BulkString(h)
	}
	r.Set(len(s.Keys))
	for i := range s.Keys {
		replyKeySpec(r, &s.Keys[i])
	}
	r.Set(len(s.Sub))
	for i := range s.Sub {
		replyInfo(r, &s.Sub[i])
	}
}

func replyStatuses(r wire.Reply, prefix string, texts []string) {
	r.Set(len(texts))
	for _, t := range texts {
		r.Status(prefix + t)
	}
}

func replyKeySpec(r wire.Reply, k *command.KeySpec) {
	if k.Notes == "" {
		r.Map(3)
	} else {
		r.Map(4)
		r.BulkString("notes")
		r.BulkString(k.Notes)
	}
	r.BulkString("flags")
	replyStatuses(r, "", names(k.Flags, keyFlagNames))
	r.BulkString("begin_search")
	switch {
	case k.Index > 0:
		replySearch(r, "index", "index", k.Index)
	case k.Keyword != "":
		r.Map(2)
		r.BulkString("type")
		r.BulkString("keyword")
		r.BulkString("spec")
		r.Map(2)
		r.BulkString("keyword")
		r.BulkString(k.Keyword)
		r.BulkString("startfrom")
		r.Int(int64(k.StartFrom))
	default:
		replySearch(r, "unknown")
	}
	r.BulkString("find_keys")
	switch {
	case k.Index == 0 && k.Keyword == "":
		replySearch(r, "unknown")
	case k.KeyNum > 0:
		replySearch(r, "keynum", "keynumidx", k.KeyNum-1, "firstkey", k.First, "keystep", max(k.Step, 1))
	default:
		replySearch(r, "range", "lastkey", k.Last, "keystep", max(k.Step, 1), "limit", k.Limit)
	}
}

// replySearch writes a step of a key specification; fields are names and integers in turn.
func replySearch(r wire.Reply, kind string, fields ...any) {
	r.Map(2)
	r.BulkString("type")
	r.BulkString(kind)
	r.BulkString("spec")
	r.Map(len(fields) / 2)
	for i := 0; i < len(fields); i += 2 {
		r.BulkString(fields[i].(string))
		r.Int(int64(fields[i+1].(int)))
	}
}

func commandList(c *command.Call) error {
	e := engineOf(c)
	fits := func(*command.Spec) bool { return true }
	switch {
	case len(c.Args) == 2:
	case len(c.Args) != 5 || !c.Is(2, "filterby"):
		return wire.ErrSyntax
	case c.Is(3, "pattern"):
		fits = func(s *command.Spec) bool { return glob.Match(c.Args[4], []byte(s.FullName()), true) }
	case c.Is(3, "aclcat"):
		category := strings.ToLower(string(c.Args[4]))
		fits = func(s *command.Spec) bool { return slices.Contains(categoriesOf(s), category) }
	case c.Is(3, "module"):
		// A plugin's commands begin with its name and a dot, by convention.
		prefix := strings.ToLower(string(c.Args[4])) + "."
		fits = func(s *command.Spec) bool { return strings.HasPrefix(s.FullName(), prefix) }
	default:
		return wire.ErrSyntax
	}
	e.replyNames(c.Reply, fits)
	return nil
}

// replyNames lists the commands and sub-commands that fit.
func (e *Engine) replyNames(r wire.Reply, fits func(*command.Spec) bool) {
	mark, n := r.OpenArray(), 0
	e.eachSpec(func(s *command.Spec) {
		if fits(s) {
			r.BulkString(s.FullName())
			n++
		}
	})
	r.CloseArray(mark, n)
}

func commandGetKeys(c *command.Call) error {
	keys, err := keysIn(c)
	if err != nil {
		return err
	}
	c.Reply.Array(len(keys))
	for _, k := range keys {
		c.Reply.Bulk(c.Args[2+k.Index])
	}
	return nil
}

func commandGetKeysAndFlags(c *command.Call) error {
	keys, err := keysIn(c)
	if err != nil {
		return err
	}
	c.Reply.Array(len(keys))
	for _, k := range keys {
		c.Reply.Array(2)
		c.Reply.Bulk(c.Args[2+k.Index])
		replyStatuses(c.Reply, "", names(k.Flags, keyFlagNames))
	}
	return nil
}

// keysIn finds the keys of the command that stands in the arguments from the third on.
func keysIn(c *command.Call) ([]command.KeyPos, error) {
	args := c.Args[2:]
	spec, ok := engineOf(c).table.Lookup(args[0])
	if ok && len(spec.Sub) > 0 && len(args) > 1 {
		for i := range spec.Sub {
			if command.EqualFold(args[1], spec.Sub[i].Name) {
				spec = &spec.Sub[i]
				break
			}
		}
	}
	switch {
	case !ok:
		return nil, wire.Error("ERR Invalid command specified")
	case len(spec.Keys) == 0:
		return nil, command.ErrNoKeys
	case !spec.ArityOK(len(args)):
		return nil, wire.Error("ERR Invalid number of arguments specified for command")
	}
	keys, ok := spec.AppendKeys(nil, args)
	if !ok || len(keys) == 0 && !spec.Any(command.NoMandatoryKeys) {
		return nil, command.ErrBadArgs
	}
	for i := range keys {
		if keys[i].Flags&command.KeyVariable != 0 {
			keys[i].Flags = flagsFor(spec, args)
		}
	}
	return keys, nil
}

// flagsFor says what a command whose key flags depend on its arguments does
// with its key.
func flagsFor(spec *command.Spec, args [][]byte) command.KeyFlags {
	rest := args[min(2, len(args)):]
	switch spec.Name {
	case "set":
		if !slices.ContainsFunc(rest[min(1, len(rest)):], func(a []byte) bool { return command.EqualFold(a, "get") }) {
			return command.KeyOW | command.KeyUpdate
		}
	case "bitfield":
		if !slices.ContainsFunc(rest, func(a []byte) bool { return command.EqualFold(a, "set") || command.EqualFold(a, "incrby") }) {
			return command.KeyRO | command.KeyAccess
		}
	}
	return command.KeyRW | command.KeyAccess | command.KeyUpdate
}

// badSub is Redis' answer where a sub-command checks its arguments itself.
func badSub(c *command.Call) error {
	return wire.Errorf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try %s HELP.", c.Args[1], upper(c.Spec.Parent().Name))
}
