package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const moduleFlags = command.Admin | command.NoScript | command.NoAsyncLoading | command.NoUnit

var moduleRow = command.Spec{
	Name: "module", Arity: -2, Group: command.GroupServer, Since: "4.0.0", Complexity: "Depends on the sub-command",
	Summary: "A container for commands about plugins", Sub: []command.Spec{
		{Name: "list", Arity: 2, Since: "4.0.0", Complexity: "O(N) with N plugins", Flags: command.Admin | command.NoScript | command.NoUnit,
			Hints: unordered, Summary: "Lists the plugins", Run: moduleList},
		{Name: "load", Arity: -3, Since: "4.0.0", Complexity: "O(1)", Flags: moduleFlags,
			Syntax: "path [arg [arg ...]]", Summary: "Is an error: plugins are compiled in", Run: moduleRefused},
		{Name: "loadex", Arity: -3, Since: "7.0.0", Complexity: "O(1)", Flags: moduleFlags,
			Syntax: "path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]", Summary: "Is an error: plugins are compiled in", Run: moduleRefused},
		{Name: "unload", Arity: 3, Since: "4.0.0", Complexity: "O(1)", Flags: moduleFlags,
			Syntax: "name", Summary: "Is an error: plugins are compiled in", Run: moduleRefused},
		help("module", "5.0.0",
			"LIST", "    Lists the plugins.",
			"LOAD <path> [<arg> ...]", "    Is an error: plugins are compiled in, and named in the configuration.",
			"LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]", "    The same.",
			"UNLOAD <name>", "    The same."),
	},
}

func moduleList(c *command.Call) error {
	var list []ModuleInfo
	if modules := engineOf(c).controls().Modules; modules != nil {
		list = modules()
	}
	c.Reply.Array(len(list))
	for _, m := range list {
		replyFields(c.Reply, []field{{"name", m.Name}, {"ver", int64(m.Version)}, {"path", ""}, {"args", []string{}}})
	}
	return nil
}

func moduleRefused(*command.Call) error {
	return wire.Error("ERR plugins are Go code, compiled in and named in the configuration: they cannot be loaded or unloaded by command")
}
