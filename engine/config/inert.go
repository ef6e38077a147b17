package config

import "math"

// Rows of Redis 7.0.15 that do nothing here: about replication, the cluster, RDB files, TLS of Redis'
// own, its allocator, its process. Clients, tools and Redis' own test-suite read and set them, so they
// are kept, validated as Redis validates them, and printed. Where taking a value would promise a
// protection or a copy of the data that is not there, only the value that promises nothing is taken.

const inertDoc = "Accepted for compatibility; has no effect."

func inert(p Param) Param {
	p.Path = compatSection + "." + p.Name
	p.Inert = true
	if p.Doc == "" {
		p.Doc = inertDoc
	}
	return p
}

func inertRows() []Param {
	var rows []Param
	for _, group := range [][]Param{inertBools(), inertInts(), inertTexts(), inertEnums(), refusedRows(), inertHidden()} {
		for _, p := range group {
			rows = append(rows, inert(p))
		}
	}
	return rows
}

func inertBools() []Param {
	fixed := func(name, value string) Param {
		return Param{Name: name, Kind: Bool, Default: value, Mutable: Fixed}
	}
	live := func(name, value string, aliases ...string) Param {
		return Param{Name: name, Kind: Bool, Default: value, Aliases: aliases}
	}
	return []Param{
		fixed("rdbchecksum", "yes"), fixed("daemonize", "no"), fixed("io-threads-do-reads", "no"),
		fixed("always-show-logo", "no"), fixed("set-proc-title", "yes"), fixed("syslog-enabled", "no"),
		fixed("disable-thp", "yes"),
		live("rdbcompression", "yes"), live("rdb-del-sync-files", "no"), live("activerehashing", "yes"),
		live("stop-writes-on-bgsave-error", "yes"), live("dynamic-hz", "yes"),
		live("lazyfree-lazy-eviction", "no"), live("lazyfree-lazy-expire", "no"), live("lazyfree-lazy-server-del", "no"),
		live("lazyfree-lazy-user-del", "no"), live("lazyfree-lazy-user-flush", "no"),
		live("repl-disable-tcp-nodelay", "no"), live("repl-diskless-sync", "yes"),
		live("aof-rewrite-incremental-fsync", "yes"), live("rdb-save-incremental-fsync", "yes"),
		live("cluster-require-full-coverage", "yes"),
		live("cluster-replica-no-failover", "no", "cluster-slave-no-failover"),
		live("replica-lazy-flush", "no", "slave-lazy-flush"),
		{Name: "replica-serve-stale-data", Kind: Bool, Default: "yes", Aliases: []string{"slave-serve-stale-data"},
			Doc: "There is no replication, and REPLICAOF host port is an error. With no, it is taken, and nothing is served until REPLICAOF NO ONE: so it is in Redis while the master cannot be reached."},
		live("replica-read-only", "yes", "slave-read-only"),
		live("replica-ignore-maxmemory", "yes", "slave-ignore-maxmemory"),
		live("jemalloc-bg-thread", "yes"), live("cluster-allow-reads-when-down", "no"),
		live("cluster-allow-pubsubshard-when-down", "yes"), live("crash-log-enabled", "yes"),
		live("crash-memcheck-enabled", "yes"), live("cluster-allow-replica-migration", "yes"),
		live("replica-announced", "yes"), live("latency-tracking", "yes"), live("aof-disable-auto-gc", "no"),
		live("replica-ignore-disk-write-errors", "no"),
		live("tls-prefer-server-ciphers", "no"), live("tls-session-caching", "yes"),
	}
}

func inertInts() []Param {
	number := func(name, value string, least, most int64, aliases ...string) Param {
		return Param{Name: name, Kind: Int, Default: value, Min: least, Max: most, Aliases: aliases}
	}
	fixed := func(p Param) Param {
		p.Mutable = Fixed
		return p
	}
	size := func(p Param) Param {
		p.Kind = Size
		return p
	}
	return []Param{
		fixed(number("io-threads", "1", 1, 128)), fixed(number("cluster-port", "0", 0, 65535)),
		fixed(number("socket-mark-id", "0", 0, uintMax)),
		number("active-expire-effort", "1", 1, 10),
		number("active-defrag-cycle-min", "1", 1, 99), number("active-defrag-cycle-max", "25", 1, 99),
		number("active-defrag-threshold-lower", "10", 0, 1000), number("active-defrag-threshold-upper", "100", 0, 1000),
		number("active-defrag-max-scan-fields", "1000", 1, longMax),
		size(number("active-defrag-ignore-bytes", "100mb", 1, longMax)),
		number("cluster-replica-validity-factor", "10", 0, intMax, "cluster-slave-validity-factor"),
		number("cluster-migration-barrier", "1", 0, intMax), number("cluster-node-timeout", "15000", 0, longMax),
		number("cluster-announce-bus-port", "0", 0, 65535), number("cluster-announce-port", "0", 0, 65535),
		number("cluster-announce-tls-port", "0", 0, 65535), size(number("cluster-link-sendbuf-limit", "0", 0, longMax)),
		number("replica-priority", "100", 0, intMax, "slave-priority"),
		number("replica-announce-port", "0", 0, 65535, "slave-announce-port"),
		number("repl-diskless-sync-delay", "5", 0, intMax), number("repl-diskless-sync-max-replicas", "0", 0, intMax),
		number("repl-timeout", "60", 1, intMax), number("repl-ping-replica-period", "10", 1, intMax, "repl-ping-slave-period"),
		size(number("repl-backlog-size", "1mb", 1, longMax)), number("repl-backlog-ttl", "3600", 0, longMax),
		number("min-replicas-max-lag", "10", 0, intMax, "min-slaves-max-lag"),
		number("acllog-max-len", "128", 0, longMax),
		number("tls-session-cache-size", "20480", 0, intMax), number("tls-session-cache-timeout", "300", 0, intMax),
	}
}

func inertTexts() []Param {
	fixed := func(name, value string) Param {
		return Param{Name: name, Kind: String, Default: value, Mutable: Fixed}
	}
	live := func(name, value string, aliases ...string) Param {
		return Param{Name: name, Kind: String, Default: value, Aliases: aliases}
	}
	checked := func(name, value, expects string, check func(string) (string, error)) Param {
		return Param{Name: name, Kind: String, Default: value, expects: expects, check: check}
	}
	return []Param{
		fixed("pidfile", ""), fixed("cluster-config-file", "nodes.conf"), fixed("syslog-ident", "redis"),
		fixed("server_cpulist", ""), fixed("bio_cpulist", ""), fixed("aof_rewrite_cpulist", ""), fixed("bgsave_cpulist", ""),
		live("replica-announce-ip", "", "slave-announce-ip"), live("cluster-announce-ip", ""),
		live("cluster-announce-hostname", ""), live("ignore-warnings", ""),
		live("proc-title-template", "{title} {listen-addr} {server-mode}"), live("bind-source-addr", ""),
		{Name: "masteruser", Kind: String, Sensitive: true}, {Name: "masterauth", Kind: String, Sensitive: true},
		checked("maxmemory-clients", "0", "a size in bytes such as 64mb, or a percentage such as 10%", checkSizeOrPercent),
		checked("oom-score-adj-values", "0 200 800", "three integers between -2000 and 2000", checkOOMScores),
		checked("latency-tracking-info-percentiles", "50 99 99.9", "numbers between 0 and 100", checkPercentiles),
		checked("shutdown-on-sigint", "default", "flags of SHUTDOWN, or default", checkShutdown),
		checked("shutdown-on-sigterm", "default", "flags of SHUTDOWN, or default", checkShutdown),
	}
}

func inertEnums() []Param {
	enum := func(name, value string, values ...string) Param {
		return Param{Name: name, Kind: Enum, Default: value, Values: values}
	}
	supervised := enum("supervised", "no", "upstart", "systemd", "auto", "no")
	supervised.Mutable = Fixed
	facility := enum("syslog-facility", "local0", "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7")
	facility.Mutable = Fixed
	diskless := enum("repl-diskless-load", "disabled", "disabled", "on-empty-db", "swapdb")
	diskless.DenyLoading = true
	// In Redis relative is another spelling of yes, and the error text lists both.
	oom := enum("oom-score-adj", "no", "no", "yes", "relative", "absolute")
	oom.sameAs = map[string]string{"relative": "yes"}
	return []Param{
		supervised, facility, diskless, oom,
		enum("acl-pubsub-default", "resetchannels", "allchannels", "resetchannels"),
		enum("sanitize-dump-payload", "no", "no", "yes", "clients"),
		enum("cluster-preferred-endpoint-type", "ip", "ip", "hostname", "unknown-endpoint"),
		enum("propagation-error-behavior", "ignore", "ignore", "panic", "panic-on-replicas"),
		enum("tls-auth-clients", "yes", "no", "yes", "optional"),
	}
}

// refusedRows print as Redis' defaults do and take nothing else.
func refusedRows() []Param {
	only := func(name, allowed, why string, mutable Mutability, aliases ...string) Param {
		expects := allowed
		if allowed == "" {
			expects = "nothing"
		}
		return Param{Name: name, Aliases: aliases, Kind: String, Default: allowed, Mutable: mutable,
			check: checkOnly(allowed, why), expects: expects + " (" + why + ")",
			Doc: "Only " + expects + " is accepted: " + why + "."}
	}
	const (
		noTLS     = "TLS is not configured by this parameter"
		noCluster = "cluster mode is not supported"
		noReplica = "replication is not supported"
	)
	rows := []Param{
		only("cluster-enabled", "no", noCluster, Fixed),
		only("replicaof", "", noReplica, Fixed, "slaveof"),
		only("aclfile", "", "ACL files are not supported", Fixed),
		only("activedefrag", "no", "Active defragmentation cannot be enabled: memory is compacted without it", Mutable),
		only("tls-port", "0", noTLS, Mutable), only("tls-cluster", "no", noTLS, Mutable), only("tls-replication", "no", noTLS, Mutable),
	}
	for _, name := range []string{
		"tls-cert-file", "tls-key-file", "tls-key-file-pass", "tls-client-cert-file", "tls-client-key-file",
		"tls-client-key-file-pass", "tls-dh-params-file", "tls-ca-cert-file", "tls-ca-cert-dir",
		"tls-protocols", "tls-ciphers", "tls-ciphersuites",
	} {
		rows = append(rows, only(name, "", noTLS, Mutable))
	}
	return rows
}

// inertHidden are knobs of Redis' own tests.
func inertHidden() []Param {
	hidden := func(name string, least, most int64, value string) Param {
		return Param{Name: name, Kind: Int, Default: value, Min: least, Max: most, Hidden: true}
	}
	return []Param{
		hidden("rdb-key-save-delay", math.MinInt32, intMax, "0"), hidden("key-load-delay", math.MinInt32, intMax, "0"),
		hidden("watchdog-period", 0, intMax, "0"), hidden("loading-process-events-interval-bytes", 1024, intMax, "2097152"),
		{Name: "use-exit-on-panic", Kind: Bool, Default: "no", Hidden: true},
	}
}
