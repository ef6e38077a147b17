package config

import (
	"math"
	"time"
)

// year bounds durations that wait for something rare, in milliseconds.
const year = 365 * 24 * 3600 * 1000

func persistenceRows() []Param {
	return []Param{
		{Path: "persistence.dir", Name: "dir", Kind: String, Mutable: Applied, Protected: true, DenyLoading: true,
			Doc: "Data directory. Empty keeps the data in memory only when embedded; kevy-lua serve takes ./kevy-data. A relative path is relative to the working directory, also in a configuration file that lies elsewhere."},
		{Path: "persistence.appendonly", Name: "appendonly", Kind: Bool, Default: "yes", Mutable: Applied, DenyLoading: true,
			Doc: "Log every write in the data directory. Without a data directory there is no log."},
		{Path: "persistence.appenddirname", Name: "appenddirname", Kind: String, Default: "appendonlydir", Mutable: Fixed,
			check: checkBaseName("appenddirname", "dirname", false), expects: "a name without a folder",
			Doc: "Folder of the log inside the data directory."},
		{Path: "persistence.appendfilename", Name: "appendfilename", Kind: String, Default: "appendonly.aof", Mutable: Fixed,
			check: checkBaseName("appendfilename", "filename", false), expects: "a name without a folder",
			Doc: "Stem of the names of the log's files."},
		{Path: "persistence.appendfsync", Name: "appendfsync", Kind: Enum, Default: "everysec", Values: []string{"everysec", "always", "no"},
			Doc: "When the log is forced to the disk: always is before each reply, everysec loses about a second in a power cut, no leaves it to the system. The death of the process alone loses nothing acknowledged in any of them."},
		{Path: "persistence.no-appendfsync-on-rewrite", Name: "no-appendfsync-on-rewrite", Kind: Bool, Default: "no",
			Doc: "Do not force the log to the disk while a rewrite runs."},
		{Path: "persistence.auto-aof-rewrite-percentage", Name: "auto-aof-rewrite-percentage", Kind: Int, Default: "100", Max: intMax,
			Doc: "Growth of the log since the last rewrite, in percent, that starts a rewrite. 0 switches this trigger off."},
		{Path: "persistence.auto-aof-rewrite-min-size", Name: "auto-aof-rewrite-min-size", Kind: Size, Default: "64mb", Max: longMax,
			Doc: "Size below which growth starts no rewrite."},
		{Path: "persistence.rewrite-max-size", Kind: Size, Default: "0", Max: longMax, Mutable: Applied,
			Doc: "Size of the log that starts a rewrite whatever its growth. 0 switches this trigger off."},
		{Path: "persistence.rewrite-interval", Kind: Duration, Unit: time.Millisecond, Default: "0s", Max: year, Mutable: Applied,
			Doc: "Time since the last rewrite that starts the next. 0 switches this trigger off."},
		{Path: "persistence.aof-load-truncated", Name: "aof-load-truncated", Kind: Bool, Default: "yes",
			Doc: "Cut a torn tail off the last file when loading, after saving it beside the log. With no, a torn tail is an error."},
		{Path: "persistence.aof-timestamp-enabled", Name: "aof-timestamp-enabled", Kind: Bool, Default: "no",
			Doc: "Write the time into the log as annotations."},
		{Path: "persistence.aof-use-rdb-preamble", Name: "aof-use-rdb-preamble", Kind: Bool, Default: "no", Inert: true,
			Doc: "Accepted for compatibility; has no effect: the log's base is written in the protocol's own format."},
		{Path: "persistence.save", Name: "save", Kind: String, check: checkSave, expects: `pairs of seconds and changes such as "3600 1 300 100", or nothing`, Inert: true,
			Doc: "Accepted for compatibility; has no effect: there are no periodic snapshots, the log is complete without them."},
		{Path: "persistence.dbfilename", Name: "dbfilename", Kind: String, Default: "dump.rdb", Protected: true,
			check: checkBaseName("dbfilename", "filename", true), expects: "a name without a folder",
			Doc: "File in the data directory that SAVE and BGSAVE write, in Redis' RDB format. It is not loaded: the log has everything."},
	}
}

func memoryRows() []Param {
	return []Param{
		{Path: "memory.maxmemory", Name: "maxmemory", Kind: Size, Default: "0", Max: longMax,
			Doc: "Memory for data above which keys are evicted or writes refused, for the whole server. 0 sets no limit."},
		{Path: "memory.maxmemory-policy", Name: "maxmemory-policy", Kind: Enum, Default: "noeviction",
			Values: []string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"},
			Doc:    "Which keys are evicted at the limit: of all keys or of those with a deadline, the least recently used, the least often used, any, or the soonest due."},
		{Path: "memory.maxmemory-samples", Name: "maxmemory-samples", Kind: Int, Default: "5", Min: 1, Max: intMax,
			Doc: "Keys compared for each eviction. More are nearer to the ideal choice, and slower."},
		{Path: "memory.maxmemory-eviction-tenacity", Name: "maxmemory-eviction-tenacity", Kind: Int, Default: "10", Max: 100,
			Doc: "How much time one round of eviction may take, from 0 (little) to 100 (as much as it needs)."},
		{Path: "memory.lfu-log-factor", Name: "lfu-log-factor", Kind: Int, Default: "10", Max: intMax,
			Doc: "How many uses it takes to raise a key's frequency counter; higher tells busier keys apart."},
		{Path: "memory.lfu-decay-time", Name: "lfu-decay-time", Kind: Int, Default: "1", Max: intMax,
			Doc: "Minutes after which a key's frequency counter falls by one. 0 never lets it fall."},
		{Path: "memory.hash-max-listpack-entries", Name: "hash-max-listpack-entries", Aliases: []string{"hash-max-ziplist-entries"}, Kind: Int, Default: "512", Max: longMax,
			Doc: "Fields up to which a hash has the compact encoding."},
		{Path: "memory.hash-max-listpack-value", Name: "hash-max-listpack-value", Aliases: []string{"hash-max-ziplist-value"}, Kind: Size, Default: "64", Max: longMax,
			Doc: "Longest field or value in the compact encoding of a hash, in bytes."},
		{Path: "memory.list-max-listpack-size", Name: "list-max-listpack-size", Aliases: []string{"list-max-ziplist-size"}, Kind: Int, Default: "-2", Min: math.MinInt32, Max: intMax,
			Doc: "Size of a node of a list: a positive number counts elements, -1 to -5 mean 4, 8, 16, 32 or 64 kb."},
		{Path: "memory.list-compress-depth", Name: "list-compress-depth", Kind: Int, Default: "0", Max: intMax, Inert: true,
			Doc: "Accepted for compatibility; has no effect: lists are not compressed."},
		{Path: "memory.set-max-intset-entries", Name: "set-max-intset-entries", Kind: Int, Default: "512", Max: longMax,
			Doc: "Members up to which a set of integers has the compact encoding."},
		{Path: "memory.zset-max-listpack-entries", Name: "zset-max-listpack-entries", Aliases: []string{"zset-max-ziplist-entries"}, Kind: Int, Default: "128", Max: longMax,
			Doc: "Members up to which a sorted set has the compact encoding."},
		{Path: "memory.zset-max-listpack-value", Name: "zset-max-listpack-value", Aliases: []string{"zset-max-ziplist-value"}, Kind: Size, Default: "64", Max: longMax,
			Doc: "Longest member in the compact encoding of a sorted set, in bytes."},
		{Path: "memory.stream-node-max-bytes", Name: "stream-node-max-bytes", Kind: Size, Default: "4kb", Max: longMax,
			Doc: "Bytes of one node of a stream. 0 sets no limit."},
		{Path: "memory.stream-node-max-entries", Name: "stream-node-max-entries", Kind: Int, Default: "100", Max: longMax,
			Doc: "Entries of one node of a stream. 0 sets no limit."},
		{Path: "memory.hll-sparse-max-bytes", Name: "hll-sparse-max-bytes", Kind: Size, Default: "3000", Max: longMax,
			Doc: "Bytes up to which a HyperLogLog has the sparse encoding."},
		{Path: "memory.gogc", Kind: Int, Default: "50", Min: 5, Max: 10000, Mutable: Applied,
			Doc: "Garbage that may gather before it is collected, in percent of the live Go heap. The data is outside of this heap, so marking is cheap and a low value keeps memory tight."},
		{Path: "memory.gogc-floor", Kind: Size, Default: "32mb", Max: longMax, Mutable: Applied,
			Doc: "Garbage that may gather in any case. Less is tighter; collections come more often where little is alive, and clients notice them."},
		{Path: "memory.memory-limit", Kind: Size, Default: "0", Max: longMax, Mutable: Applied,
			Doc: "Soft limit of the Go runtime's memory (GOMEMLIMIT). 0 sets none."},
	}
}

func reaperRows() []Param {
	return []Param{
		{Path: "reaper.mode", Kind: Enum, Default: "background", Values: []string{"background", "manual"}, Mutable: Fixed,
			Doc: "Who removes keys whose deadline has passed: a loop of the engine, or the program that embeds it by calling Tick."},
		{Path: "reaper.interval", Kind: Duration, Unit: time.Microsecond, Default: "100ms", Min: 1000, Max: 60_000_000, Mutable: Applied,
			Doc: "Longest sleep of the loop, which wakes at the next deadline: how soon it notices that the clock was changed."},
		{Path: "reaper.batch", Kind: Int, Default: "200", Min: 1, Max: 100_000, Mutable: Applied,
			Doc: "Keys removed for one time that a lock is held. More are faster in all, and others wait longer."},
		{Path: "reaper.rounds", Kind: Int, Default: "16", Min: 1, Max: 10_000, Mutable: Applied,
			Doc: "Batches in one turn of the loop, before it yields."},
	}
}
