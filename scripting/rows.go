package scripting

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func (r *Runner) scriptRows() []command.Spec {
	sub := func(name string, arity int, since string, fl command.Flags, syntax, summary string, run command.Handler) command.Spec {
		return command.Spec{Name: name, Arity: arity, Flags: command.NoScript | fl, Since: since, Syntax: syntax, Summary: summary,
			Complexity: "O(1)", Run: run}
	}
	return []command.Spec{{
		Name: "script", Arity: -2, Group: command.GroupScripting, Since: "2.6.0", Complexity: "Depends on the sub-command",
		Summary: "A container for commands about scripts", Sub: []command.Spec{
			sub("debug", 3, "3.2.0", command.NoUnit, "YES|SYNC|NO", "Sets the debug mode of the scripts that follow", scriptDebug),
			sub("exists", -3, "2.6.0", command.NoUnit, "sha1 [sha1 ...]", "Tells which scripts the server knows", r.scriptExists),
			sub("flush", -2, "2.6.0", 0, "[ASYNC|SYNC]", "Forgets all scripts", r.scriptFlush),
			sub("help", 2, "5.0.0", command.Loading|command.Stale|command.NoUnit, "", "Shows the sub-commands", scriptHelp),
			sub("kill", 2, "2.6.0", command.AllowBusy|command.NoUnit, "", "Ends the script that runs", r.scriptKill),
			sub("load", 3, "2.6.0", command.Stale, "script", "Keeps a script for EVALSHA", r.scriptLoad),
		},
	}}
}

func scriptDebug(c *command.Call) error {
	switch {
	case c.Is(2, "no"):
		c.Reply.Status("OK")
		return nil
	case c.Is(2, "yes"), c.Is(2, "sync"):
		return wire.Error("ERR SCRIPT DEBUG YES and SYNC are not available: this server has no script debugger")
	}
	return wire.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO")
}

func (r *Runner) scriptExists(c *command.Call) error {
	c.Reply.Array(len(c.Args) - 2)
	for _, sha := range c.Args[2:] {
		n := int64(0)
		if r.scripts.lookup(sha) != nil {
			n = 1
		}
		c.Reply.Int(n)
	}
	return nil
}

func (r *Runner) scriptFlush(c *command.Call) error {
	if len(c.Args) > 3 || len(c.Args) == 3 && !c.Is(2, "async") && !c.Is(2, "sync") {
		return wire.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
	}
	if r.scripts.flush() && c.Config.Scripting.LogScripts {
		c.Log(c.Args[:2]...)
	}
	c.Reply.Status("OK")
	return nil
}

func (r *Runner) scriptKill(c *command.Call) error {
	if err := r.Kill(false); err != nil {
		return err
	}
	c.Reply.Status("OK")
	return nil
}

func (r *Runner) scriptLoad(c *command.Call) error {
	known := r.scripts.lookup([]byte(sha1hex(string(c.Args[2]))))
	logged := known != nil && known.keep.Load()
	sc, err := r.scripts.bySource(c.Args[2], true, r.shelf)
	if err != nil {
		return err
	}
	if !logged && c.Config.Scripting.LogScripts {
		c.Log(c.Args...)
	}
	c.Reply.BulkString(sc.sha)
	return nil
}

func scriptHelp(c *command.Call) error {
	return help(c, "SCRIPT",
		"DEBUG (YES|SYNC|NO)", "    Sets the debug mode of the scripts that follow; only NO is supported.",
		"EXISTS <sha1> [<sha1> ...]", "    Tells for each SHA1 whether the server knows the script.",
		"FLUSH [ASYNC|SYNC]", "    Forgets all scripts.",
		"KILL", "    Ends the script that runs, unless it has written already.",
		"LOAD <script>", "    Keeps a script for EVALSHA without running it.")
}

// help answers a HELP sub-command in Redis' form.
func help(c *command.Call, name string, lines ...string) error {
	lines = append(lines, "HELP", "    Prints this help.")
	c.Reply.Array(len(lines) + 1)
	c.Reply.Status(name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, l := range lines {
		c.Reply.Status(l)
	}
	return nil
}
