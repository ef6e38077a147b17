package config

import "time"

func scriptingRows() []Param {
	return []Param{
		{Path: "scripting.libraries", Kind: List, Separator: ",", Mutable: Applied, FileRelative: true,
			Doc: "Lua files with functions, hooks, commands and timers, as glob patterns, which pass over tests (*_test.lua). They are read at the start, when a file or this parameter changes, and by HOOK RELOAD. Relative paths are relative to the folder of the configuration file that names them; in flags, the environment and CONFIG SET, to the working directory."},
		{Path: "scripting.busy-reply-threshold", Name: "busy-reply-threshold", Aliases: []string{"lua-time-limit"},
			Kind: Duration, Unit: time.Millisecond, Default: "5000", Max: longMax,
			Doc: "Milliseconds after which a running script no longer holds up others: they get BUSY, and SCRIPT KILL works. 0 waits for ever."},
		{Path: "scripting.time-limit", Kind: Duration, Unit: time.Millisecond, Default: "0s", Max: year, Mutable: Applied,
			Doc: "Time after which a script is killed. 0 sets no limit."},
		{Path: "scripting.kill-after-write", Kind: Enum, Default: "refuse", Values: []string{"refuse", "rollback"}, Mutable: Applied,
			Doc: "What SCRIPT KILL does to a script that has written: answer UNKILLABLE as Redis does, or kill it and undo its writes."},
		{Path: "scripting.max-memory", Kind: Size, Default: "256mb", Min: 1 << 20, Max: longMax, Mutable: Applied,
			Doc: "Memory that one script may use before it is ended with an error."},
		{Path: "scripting.pool-size", Kind: Int, Default: "0", Max: 4096, Mutable: Applied,
			Doc: "Lua states kept for the next script. 0 chooses by the number of processors."},
		{Path: "scripting.stack-depth", Kind: Int, Default: "16000", Min: 100, Max: 200_000, Mutable: Applied,
			Doc: "Calls within calls that a script may make."},
		{Path: "scripting.registry-size", Kind: Int, Default: "1048576", Min: 4096, Max: 1 << 24, Mutable: Applied,
			Doc: "Values on one script's Lua stack at one time."},
		{Path: "scripting.log-scripts", Kind: Bool, Default: "yes", Mutable: Applied,
			Doc: "Keep scripts of SCRIPT LOAD in the log, so that EVALSHA finds them after a restart."},
	}
}

func hooksRows() []Param {
	return []Param{
		{Path: "hooks.queue-size", Kind: Int, Default: "16384", Min: 1, Max: 1 << 24, Mutable: Applied,
			Doc: "Events that wait for one hook."},
		{Path: "hooks.queue-full", Kind: Enum, Default: "block", Values: []string{"block", "drop-oldest", "drop-newest"}, Mutable: Applied,
			Doc: "What happens to an event for a hook whose queue is full: its cause waits, or an event is dropped and counted."},
		{Path: "hooks.time-budget", Kind: Duration, Unit: time.Millisecond, Default: "1s", Min: 1, Max: year, Mutable: Applied,
			Doc: "Time for one run of an observing hook."},
		{Path: "hooks.atomic-time-budget", Kind: Duration, Unit: time.Millisecond, Default: "50ms", Min: 1, Max: 3600_000, Mutable: Applied,
			Doc: "Time for one run of an atomic hook: the client that caused it waits as long."},
		{Path: "hooks.memory-budget", Kind: Size, Default: "64mb", Min: 1 << 20, Max: longMax, Mutable: Applied,
			Doc: "Memory for one run of a Lua hook."},
		{Path: "hooks.trip-after", Kind: Int, Default: "10", Max: intMax, Mutable: Applied,
			Doc: "Failures in a row after which a hook is disabled. 0 never does it."},
		{Path: "hooks.re-arm-after", Kind: Duration, Unit: time.Millisecond, Default: "1m", Max: year, Mutable: Applied,
			Doc: "Time after which a disabled hook is tried again. 0 leaves it to HOOK ENABLE."},
		{Path: "hooks.failing-share", Kind: Int, Default: "10", Min: 1, Max: 100, Mutable: Applied,
			Doc: "Percent of a core that an observing hook may take while its runs fail: it rests in between, and nobody waits for it."},
		{Path: "hooks.depth-limit", Kind: Int, Default: "4", Min: 1, Max: 1000, Mutable: Applied,
			Doc: "How long a chain of hooks that cause one another may be; further events are dropped and counted."},
		{Path: "hooks.on-error", Kind: Enum, Default: "continue", Values: []string{"continue", "retry"}, Mutable: Applied,
			Doc: "When an atomic hook fails, its own writes are undone. Its cause stands, or is undone too and tried again later."},
		{Path: "hooks.retries", Kind: Int, Default: "5", Max: 1000, Mutable: Applied,
			Doc: "How often retry tries before the event goes to the dead-letter stream."},
	}
}

func notificationsRows() []Param {
	return []Param{
		{Path: "notifications.notify-keyspace-events", Name: "notify-keyspace-events", Kind: EventSet,
			Doc: "Keyspace events to publish. K publishes under the key, E under the event (one of them is needed); then classes: g generic, $ string, l list, s set, h hash, z sorted set, t stream, d plugin types, x expired, e evicted, A for all of these; n new key, m miss. Empty publishes none."},
	}
}
