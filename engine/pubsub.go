package engine

import (
	"maps"
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/glob"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const subscribeFlags = command.PubSub | command.NoScript | command.Loading | command.Stale | command.NoUnit

var pubsubRows = []command.Spec{
	{Name: "subscribe", Arity: -2, Group: command.GroupPubSub, Since: "2.0.0", Complexity: "O(N) with N channels", Flags: subscribeFlags,
		Syntax: "channel [channel ...]", Summary: "Listens to channels", Run: subscribe(channelSpace)},
	{Name: "unsubscribe", Arity: -1, Group: command.GroupPubSub, Since: "2.0.0", Complexity: "O(N) with N channels", Flags: subscribeFlags,
		Syntax: "[channel [channel ...]]", Summary: "Stops listening to channels, or to all", Run: unsubscribe(channelSpace)},
	{Name: "psubscribe", Arity: -2, Group: command.GroupPubSub, Since: "2.0.0", Complexity: "O(N) with N patterns", Flags: subscribeFlags,
		Syntax: "pattern [pattern ...]", Summary: "Listens to the channels that match patterns", Run: subscribe(patternSpace)},
	{Name: "punsubscribe", Arity: -1, Group: command.GroupPubSub, Since: "2.0.0", Complexity: "O(N) with N patterns", Flags: subscribeFlags,
		Syntax: "[pattern [pattern ...]]", Summary: "Stops listening to patterns, or to all", Run: unsubscribe(patternSpace)},
	{Name: "ssubscribe", Arity: -2, Group: command.GroupPubSub, Since: "7.0.0", Complexity: "O(N) with N channels", Flags: subscribeFlags,
		Keys:   []command.KeySpec{command.Keys(1, -1, 1, command.KeyNotKey)},
		Syntax: "shardchannel [shardchannel ...]", Summary: "Listens to shard channels", Run: subscribe(shardSpace)},
	{Name: "sunsubscribe", Arity: -1, Group: command.GroupPubSub, Since: "7.0.0", Complexity: "O(N) with N channels", Flags: subscribeFlags,
		Keys:   []command.KeySpec{command.Keys(1, -1, 1, command.KeyNotKey)},
		Syntax: "[shardchannel [shardchannel ...]]", Summary: "Stops listening to shard channels, or to all", Run: unsubscribe(shardSpace)},
	{Name: "publish", Arity: 3, Group: command.GroupPubSub, Since: "2.0.0", Complexity: "O(N+M) with N subscribers of the channel and M patterns",
		Flags:  command.PubSub | command.Loading | command.Stale | command.Fast | command.MayReplicate | command.NoUnit,
		Syntax: "channel message", Summary: "Sends a message to a channel", Run: runPublish},
	{Name: "spublish", Arity: 3, Group: command.GroupPubSub, Since: "7.0.0", Complexity: "O(N) with N subscribers",
		Flags:  command.PubSub | command.Loading | command.Stale | command.Fast | command.MayReplicate | command.NoUnit,
		Keys:   []command.KeySpec{command.Key(1, command.KeyNotKey)},
		Syntax: "shardchannel message", Summary: "Sends a message to a shard channel", Run: runSPublish},
	{Name: "pubsub", Arity: -2, Group: command.GroupPubSub, Since: "2.8.0", Complexity: "Depends on the sub-command",
		Summary: "A container for commands about channels", Sub: []command.Spec{
			{Name: "channels", Arity: -2, Since: "2.8.0", Flags: command.PubSub | command.Loading | command.Stale | command.NoUnit,
				Complexity: "O(N) with N channels", Syntax: "[pattern]", Summary: "Lists the channels that have subscribers", Run: channels(channelSpace)},
			{Name: "shardchannels", Arity: -2, Since: "7.0.0", Flags: command.PubSub | command.Loading | command.Stale | command.NoUnit,
				Complexity: "O(N) with N channels", Syntax: "[pattern]", Summary: "Lists the shard channels that have subscribers", Run: channels(shardSpace)},
			{Name: "numsub", Arity: -2, Since: "2.8.0", Flags: command.PubSub | command.Loading | command.Stale | command.NoUnit,
				Complexity: "O(N) with N channels", Syntax: "[channel [channel ...]]", Summary: "Counts the subscribers of channels", Run: numsub(channelSpace)},
			{Name: "shardnumsub", Arity: -2, Since: "7.0.0", Flags: command.PubSub | command.Loading | command.Stale | command.NoUnit,
				Complexity: "O(N) with N channels", Syntax: "[shardchannel [shardchannel ...]]", Summary: "Counts the subscribers of shard channels", Run: numsub(shardSpace)},
			{Name: "numpat", Arity: 2, Since: "2.8.0", Flags: command.PubSub | command.Loading | command.Stale | command.NoUnit,
				Complexity: "O(1)", Summary: "Counts the distinct patterns that have subscribers", Run: runNumpat},
			help("pubsub", "2.8.0",
				"CHANNELS [<pattern>]", "    Lists channels with subscribers, all or those that match.",
				"NUMPAT", "    Counts the patterns with subscribers.",
				"NUMSUB [<channel> ...]", "    Counts the subscribers of each channel, patterns aside.",
				"SHARDCHANNELS [<pattern>]", "    Lists shard channels with subscribers, all or those that match.",
				"SHARDNUMSUB [<shardchannel> ...]", "    Counts the subscribers of each shard channel."),
		}},
}

func subscribe(sp space) command.Handler {
	return func(c *command.Call) error {
		s, ok := c.Client.(*Session)
		// A transaction may subscribe, but not to a shard's channels.
		if !ok || s.o.Transport == "embedded" || c.Nested && (c.Parent != nil || sp.kind == shardSpace.kind) {
			return wire.Errorf("ERR %s isn't allowed for a DENY BLOCKING client", upper(c.Spec.Name))
		}
		for _, name := range c.Args[1:] {
			n := s.engine.hub.join(sp, s, string(name))
			confirm(c, sp.kind+"subscribe", name, n)
		}
		return nil
	}
}

func unsubscribe(sp space) command.Handler {
	return func(c *command.Call) error {
		s := c.Client.(*Session)
		names := c.Args[1:]
		if len(names) == 0 {
			for _, n := range s.subscribed(sp) {
				names = append(names, []byte(n))
			}
		}
		if len(names) == 0 {
			confirm(c, sp.kind+"unsubscribe", nil, s.engine.hub.part(sp, s, ""))
		}
		for _, name := range names {
			confirm(c, sp.kind+"unsubscribe", name, s.engine.hub.part(sp, s, string(name)))
		}
		return nil
	}
}

func confirm(c *command.Call, kind string, name []byte, n int) {
	c.Client.(*Session).pushed = true
	c.Reply.Push(3)
	c.Reply.BulkString(kind)
	if name == nil {
		c.Reply.Null()
	} else {
		c.Reply.Bulk(name)
	}
	c.Reply.Int(int64(n))
}

func runPublish(c *command.Call) error {
	s, _ := c.Client.(*Session)
	c.Reply.Int(int64(c.Unit.Engine.(*Engine).hub.publish(s, c.Args[1], c.Args[2])))
	return nil
}

func runSPublish(c *command.Call) error {
	c.Reply.Int(int64(c.Unit.Engine.(*Engine).hub.publishShard(c.Args[1], c.Args[2])))
	return nil
}

func channels(sp space) command.Handler {
	return func(c *command.Call) error {
		if len(c.Args) > 3 {
			return badSub(c)
		}
		h := c.Unit.Engine.(*Engine).hub
		h.mu.RLock()
		names := slices.Sorted(maps.Keys(sp.all(h)))
		h.mu.RUnlock()
		if len(c.Args) == 3 {
			names = slices.DeleteFunc(names, func(n string) bool { return !glob.Match(c.Args[2], []byte(n), false) })
		}
		c.Reply.Array(len(names))
		for _, n := range names {
			c.Reply.BulkString(n)
		}
		return nil
	}
}

func numsub(sp space) command.Handler {
	return func(c *command.Call) error {
		h := c.Unit.Engine.(*Engine).hub
		h.mu.RLock()
		defer h.mu.RUnlock()
		c.Reply.Array(2 * (len(c.Args) - 2))
		for _, name := range c.Args[2:] {
			c.Reply.Bulk(name)
			c.Reply.Int(int64(len(sp.all(h)[string(name)])))
		}
		return nil
	}
}

func runNumpat(c *command.Call) error {
	h := c.Unit.Engine.(*Engine).hub
	h.mu.RLock()
	defer h.mu.RUnlock()
	c.Reply.Int(int64(len(h.patterns)))
	return nil
}

// help is the HELP sub-command of a container. Each line is a command's
// synopsis or, indented, what it does.
func help(container, since string, lines ...string) command.Spec {
	return command.Spec{
		Name: "help", Arity: 2, Since: since, Flags: command.Loading | command.Stale | command.NoUnit,
		Complexity: "O(1)", Summary: "Lists the sub-commands",
		Run: func(c *command.Call) error {
			all := append([]string{upper(container) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"}, lines...)
			all = append(all, "HELP", "    Prints this help.")
			c.Reply.Array(len(all))
			for _, l := range all {
				c.Reply.Status(l)
			}
			return nil
		},
	}
}
