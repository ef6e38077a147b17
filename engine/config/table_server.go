package config

import (
	"math"
	"time"
)

// Bounds that Redis' error texts show: the limits of C's int, unsigned and long.
const (
	intMax  = math.MaxInt32
	uintMax = math.MaxUint32
	longMax = math.MaxInt64
)

func serverRows() []Param {
	return []Param{
		{Path: "server.bind", Name: "bind", Kind: List, Default: "127.0.0.1", Separator: " ", Max: 16, Mutable: Applied,
			Doc: "Addresses to listen on. A minus sign before an address means that it may be missing; * is every IPv4 address, ::* every IPv6 address."},
		{Path: "server.port", Name: "port", Kind: Int, Default: "6379", Max: 65535, Mutable: Applied,
			Doc: "TCP port for clients. 0 lets the system choose one, or opens none where there is a Unix socket."},
		{Path: "server.unixsocket", Name: "unixsocket", Kind: String, Mutable: Fixed,
			Doc: "Path of a Unix socket for clients. Empty opens none."},
		{Path: "server.unixsocketperm", Name: "unixsocketperm", Kind: Octal, Default: "0", Max: 0o777, Mutable: Fixed,
			Doc: "Permissions of the Unix socket, in octal. 0 leaves what the umask gives."},
		{Path: "server.databases", Name: "databases", Kind: Int, Default: "16", Min: 1, Max: intMax, Mutable: Fixed,
			Doc: "How many databases SELECT can choose from, numbered from 0."},
		{Path: "server.maxclients", Name: "maxclients", Kind: Int, Default: "10000", Min: 1, Max: uintMax,
			Doc: "Connections at one time; further ones get an error and are closed."},
		{Path: "server.timeout", Name: "timeout", Kind: Duration, Unit: time.Second, Default: "0", Max: intMax,
			Doc: "Seconds without a command after which a client is disconnected. 0 never does it."},
		{Path: "server.tcp-keepalive", Name: "tcp-keepalive", Kind: Duration, Unit: time.Second, Default: "300", Max: intMax,
			Doc: "Seconds between TCP keep-alive probes to quiet clients. 0 sends none."},
		{Path: "server.tcp-backlog", Name: "tcp-backlog", Kind: Int, Default: "511", Max: intMax, Mutable: Fixed,
			Doc: "Length of the kernel's queue of connections that wait to be accepted."},
		{Path: "server.proto-max-bulk-len", Name: "proto-max-bulk-len", Kind: Size, Default: "512mb", Min: 1 << 20, Max: longMax,
			Doc: "Longest single argument of a command, and longest string value."},
		{Path: "server.client-query-buffer-limit", Name: "client-query-buffer-limit", Kind: Size, Default: "1gb", Min: 1 << 20, Max: longMax,
			Doc: "Bytes of one client's unfinished command, and of the commands that it has queued after MULTI; a client with more is disconnected."},
		{Path: "server.client-output-buffer-limit", Name: "client-output-buffer-limit", Kind: Limits,
			Default: "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60",
			Doc:     "Bytes of unread replies after which a client is disconnected, for each class: a hard limit, a soft limit, and the seconds for which the soft one may be exceeded. Classes that are not named keep theirs."},
		{Path: "server.shutdown-timeout", Name: "shutdown-timeout", Kind: Duration, Unit: time.Second, Default: "10", Max: intMax,
			Doc: "Seconds that a shutdown waits for clients and hooks to finish."},
		{Path: "server.hz", Name: "hz", Kind: Int, Default: "10", Max: intMax, clamp: []int64{1, 500}, expects: "an integer between 1 and 500",
			Doc: "How often per second housekeeping runs: idle clients, statistics. Expiry does not depend on it."},
		{Path: "server.latency-monitor-threshold", Name: "latency-monitor-threshold", Kind: Duration, Unit: time.Millisecond, Default: "0", Max: longMax,
			Doc: "Milliseconds from which an event is kept for LATENCY. 0 keeps none."},
		{Path: "server.slowlog-log-slower-than", Name: "slowlog-log-slower-than", Kind: Duration, Unit: time.Microsecond, Default: "10000", Min: -1, Max: longMax,
			Doc: "Microseconds from which a command goes into the slow log. 0 logs every command, -1 none."},
		{Path: "server.slowlog-max-len", Name: "slowlog-max-len", Kind: Int, Default: "128", Max: longMax,
			Doc: "Entries that the slow log keeps."},
		{Path: "server.tracking-table-max-keys", Name: "tracking-table-max-keys", Kind: Int, Default: "1000000", Max: longMax,
			Doc: "Keys remembered for client-side caching. With more, clients are told to forget some. 0 sets no limit."},
		{Path: "server.io", Kind: Enum, Default: "auto", Values: []string{"auto", "epoll", "goroutines"}, Mutable: Fixed,
			Doc: "How sockets are served: event loops of our own (Linux, plain connections) or one goroutine per connection. auto takes epoll where it can."},
		{Path: "server.loops", Kind: Int, Default: "0", Max: 1024, Mutable: Fixed,
			Doc: "Event loops. 0 chooses by the number of processors."},
		{Path: "server.shards", Kind: Int, Default: "0", Max: 65536, Mutable: Fixed,
			Doc: "Parts of the keyspace with a lock each, rounded up to a power of two. 0 chooses by the number of processors."},
		{Path: "server.min-replicas-to-write", Name: "min-replicas-to-write", Aliases: []string{"min-slaves-to-write"}, Kind: Int, Default: "0", Max: intMax,
			Doc: "Replicas without which writes are refused. There are none, so any number but 0 refuses all writes."},
	}
}

func logRows() []Param {
	return []Param{
		{Path: "log.level", Name: "loglevel", Kind: Enum, Default: "notice", Values: []string{"debug", "verbose", "notice", "warning"},
			Doc: "Least important level that is logged."},
		{Path: "log.format", Kind: Enum, Default: "text", Values: []string{"text", "json"}, Mutable: Applied,
			Doc: "One line of text or one JSON object per message."},
		{Path: "log.file", Name: "logfile", Kind: String, Mutable: Fixed,
			Doc: "File to log to. Empty logs to standard error."},
	}
}

// actions are the values of the enable-… parameters.
var actions = []string{"no", "yes", "local"}

func securityRows() []Param {
	return []Param{
		{Path: "security.protected-mode", Name: "protected-mode", Kind: Bool, Default: "yes",
			Doc: "While no password is set, take connections from this machine only."},
		{Path: "security.requirepass", Name: "requirepass", Kind: String, Sensitive: true,
			Doc: "Password of the default user. Empty asks for none."},
		{Path: "security.enable-protected-configs", Name: "enable-protected-configs", Kind: Enum, Default: "no", Values: actions, Mutable: Fixed,
			Doc: "Who may CONFIG SET parameters that name files: nobody, everybody, or clients on this machine."},
		{Path: "security.enable-debug-command", Name: "enable-debug-command", Kind: Enum, Default: "no", Values: actions, Mutable: Fixed,
			Doc: "Who may use DEBUG: nobody, everybody, or clients on this machine."},
		{Path: "security.enable-module-command", Name: "enable-module-command", Kind: Enum, Default: "no", Values: actions, Mutable: Fixed, Inert: true,
			Doc: "Accepted for compatibility; has no effect: MODULE lists plugins, and loads none."},
	}
}

func metricsRows() []Param {
	return []Param{
		{Path: "metrics.enabled", Kind: Bool, Default: "no", Mutable: Fixed,
			Doc: "Serve metrics over HTTP in Prometheus' format."},
		{Path: "metrics.listen", Kind: String, Default: "127.0.0.1:9121", Mutable: Applied, check: checkHostPort, expects: "a host and a port, such as 127.0.0.1:9121",
			Doc: "Address of the metrics endpoint."},
		{Path: "metrics.path", Kind: String, Default: "/metrics", Mutable: Applied, check: checkURLPath, expects: "the path of a URL, such as /metrics",
			Doc: "Path of the metrics endpoint."},
		{Path: "metrics.pprof", Kind: Bool, Default: "no", Mutable: Applied,
			Doc: "Serve Go's profiles on the metrics listener too, under /debug/pprof/. They show what the server works on: keep the listener private."},
		{Path: "metrics.interval", Kind: Duration, Unit: time.Millisecond, Default: "1s", Min: 10, Max: 3600_000, Mutable: Applied,
			Doc: "How often samples are pushed to metric sinks."},
	}
}
