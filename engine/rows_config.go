package engine

import (
	"errors"
	"net"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// operator are the flags of most sub-commands that steer the server.
const operator = command.Admin | command.NoScript | command.Loading | command.Stale | command.NoUnit

// Hints of commands that a cluster's client sends to every node.
var (
	allNodes       = []string{"request_policy:all_nodes", "response_policy:all_succeeded"}
	allNodesVaried = []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"}
)

var configRow = command.Spec{
	Name: "config", Arity: -2, Group: command.GroupServer, Since: "2.0.0", Complexity: "Depends on the sub-command",
	Summary: "A container for commands about parameters", Sub: []command.Spec{
		{Name: "get", Arity: -3, Since: "2.0.0", Complexity: "O(N) with N patterns", Flags: operator,
			Syntax: "pattern [pattern ...]", Summary: "Answers parameters by name or pattern", Run: configGet},
		{Name: "set", Arity: -4, Since: "2.0.0", Complexity: "O(N) with N parameters", Flags: operator, Hints: allNodes,
			Syntax: "parameter value [parameter value ...]", Summary: "Changes parameters, all of those given or none", Run: configSet},
		{Name: "resetstat", Arity: 2, Since: "2.0.0", Complexity: "O(1)", Flags: operator, Hints: nil,
			Summary: "Sets the counters of INFO back to zero", Run: configResetStat},
		{Name: "rewrite", Arity: 2, Since: "2.8.0", Complexity: "O(1)", Flags: operator,
			Summary: "Would write the configuration file; this server leaves the file to its owner", Run: configRewrite},
		help("config", "5.0.0",
			"GET <pattern>", "    Answers the parameters that match.",
			"SET <directive> <value>", "    Changes a parameter.",
			"RESETSTAT", "    Sets the counters of INFO back to zero.",
			"REWRITE", "    Is an error: the configuration file belongs to its owner."),
	},
}

func configGet(c *command.Call) error {
	patterns := make([]string, 0, len(c.Args)-2)
	for _, a := range c.Args[2:] {
		patterns = append(patterns, string(a))
	}
	pairs := engineOf(c).live.GetMatching(patterns)
	c.Reply.Map(len(pairs))
	for _, p := range pairs {
		c.Reply.BulkString(p.Name)
		c.Reply.BulkString(p.Value)
	}
	return nil
}

func configSet(c *command.Call) error {
	if len(c.Args)%2 != 0 {
		return wire.ErrSyntax
	}
	e := engineOf(c)
	var pairs []config.Pair
	for i := 2; i < len(c.Args); i += 2 {
		pairs = append(pairs, config.Pair{Name: string(c.Args[i]), Value: string(c.Args[i+1])})
	}
	set := e.live.Set
	if isLocal(c) {
		set = e.live.SetLocal
	}
	if _, err := set(pairs, "command"); err != nil {
		var refused *config.SetError
		if errors.As(err, &refused) {
			return wire.Errorf("ERR %v", refused)
		}
		return err
	}
	if !c.Nested { // otherwise the caller's own unit may hold the locks
		e.applyLimits(true)
	}
	c.Reply.Status("OK")
	return nil
}

// isLocal reports whether the client is on this machine, which counts where a
// parameter says "local".
func isLocal(c *command.Call) bool {
	s, ok := c.Client.(*Session)
	if !ok || s.o.Transport == "unix" || s.o.Transport == "embedded" {
		return true
	}
	host, _, err := net.SplitHostPort(s.o.Addr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

func configResetStat(c *command.Call) error {
	engineOf(c).resetStats()
	c.Reply.Status("OK")
	return nil
}

func configRewrite(*command.Call) error {
	return wire.Error("ERR Rewriting config file: not supported, the file belongs to its owner; change it there and reload")
}

// redacted stands for what must not be seen in the slow log and by MONITOR.
var redacted = []byte("(redacted)")

// redact hides passwords, and the values of sensitive parameters in a CONFIG
// SET. It returns args or a copy.
func redact(spec *command.Spec, args [][]byte) [][]byte {
	var secret []int
	switch spec.FullName() {
	case "auth":
		for i := 1; i < len(args); i++ {
			secret = append(secret, i)
		}
	case "hello":
		for i := 2; i+2 < len(args); i++ {
			if command.EqualFold(args[i], "auth") {
				secret = append(secret, i+1, i+2)
				break
			}
		}
	case "migrate":
		secret = migrateSecrets(args)
	case "config|set":
		for i := 2; i+1 < len(args); i += 2 {
			if p, ok := config.Lookup(string(args[i])); ok && p.Sensitive {
				secret = append(secret, i+1)
			}
		}
	}
	if secret == nil {
		return args
	}
	shown := append([][]byte(nil), args...)
	for _, i := range secret {
		shown[i] = redacted
	}
	return shown
}
