package config

import (
	"maps"
	"slices"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// Config is one complete set of values. It is immutable once it is in use: change a Clone and hand it
// to Live.Swap. Sizes are bytes. Each section's fields are described by the rows of the same path.
type Config struct {
	Server        Server        `mapstructure:"server"`
	Persistence   Persistence   `mapstructure:"persistence"`
	Memory        Memory        `mapstructure:"memory"`
	Reaper        Reaper        `mapstructure:"reaper"`
	Scripting     Scripting     `mapstructure:"scripting"`
	Hooks         Hooks         `mapstructure:"hooks"`
	Notifications Notifications `mapstructure:"notifications"`
	Metrics       Metrics       `mapstructure:"metrics"`
	Log           Log           `mapstructure:"log"`
	Security      Security      `mapstructure:"security"`

	// Compat holds the canonical text of Redis' parameters that are accepted and printed but do
	// nothing here (Param.Inert), by Redis name: every row of the section has an entry.
	Compat map[string]string `mapstructure:"compat"`

	Plugins []Plugin `mapstructure:"plugins"`
}

// Plugin is one [[plugins]] table. Names compare without regard to case, and the keys of Options are
// lower case: the decoder folds them.
type Plugin struct {
	Name    string         `mapstructure:"name"`
	Enabled bool           `mapstructure:"enabled"`
	Options map[string]any `mapstructure:",remain"` // every other key; decode with file.DecodeOptions
}

// Server is the section of sockets, clients and diagnostics.
type Server struct {
	Bind                    []string      `mapstructure:"bind"`
	Port                    int           `mapstructure:"port"`
	UnixSocket              string        `mapstructure:"unixsocket"`
	UnixSocketPerm          uint32        `mapstructure:"unixsocketperm"`
	Databases               int           `mapstructure:"databases"`
	MaxClients              int64         `mapstructure:"maxclients"`
	Timeout                 time.Duration `mapstructure:"timeout"`
	TCPKeepAlive            time.Duration `mapstructure:"tcp-keepalive"`
	TCPBacklog              int           `mapstructure:"tcp-backlog"`
	ProtoMaxBulkLen         int64         `mapstructure:"proto-max-bulk-len"`
	ClientQueryBufferLimit  int64         `mapstructure:"client-query-buffer-limit"`
	ClientOutputBufferLimit OutputLimits  `mapstructure:"client-output-buffer-limit"`
	ShutdownTimeout         time.Duration `mapstructure:"shutdown-timeout"`
	Hz                      int           `mapstructure:"hz"`
	LatencyMonitorThreshold time.Duration `mapstructure:"latency-monitor-threshold"`
	SlowlogLogSlowerThan    time.Duration `mapstructure:"slowlog-log-slower-than"` // negative: off
	SlowlogMaxLen           int64         `mapstructure:"slowlog-max-len"`
	TrackingTableMaxKeys    int64         `mapstructure:"tracking-table-max-keys"`
	IO                      string        `mapstructure:"io"`
	Loops                   int           `mapstructure:"loops"`
	Shards                  int           `mapstructure:"shards"`
	MinReplicasToWrite      int           `mapstructure:"min-replicas-to-write"`
}

// Persistence is the section of the append-only log.
type Persistence struct {
	Dir                      string        `mapstructure:"dir"`
	AppendOnly               bool          `mapstructure:"appendonly"`
	AppendDirName            string        `mapstructure:"appenddirname"`
	AppendFilename           string        `mapstructure:"appendfilename"`
	AppendFsync              string        `mapstructure:"appendfsync"`
	NoAppendFsyncOnRewrite   bool          `mapstructure:"no-appendfsync-on-rewrite"`
	AutoAOFRewritePercentage int           `mapstructure:"auto-aof-rewrite-percentage"`
	AutoAOFRewriteMinSize    int64         `mapstructure:"auto-aof-rewrite-min-size"`
	RewriteMaxSize           int64         `mapstructure:"rewrite-max-size"`
	RewriteInterval          time.Duration `mapstructure:"rewrite-interval"`
	AOFLoadTruncated         bool          `mapstructure:"aof-load-truncated"`
	AOFTimestampEnabled      bool          `mapstructure:"aof-timestamp-enabled"`
	AOFUseRDBPreamble        bool          `mapstructure:"aof-use-rdb-preamble"`
	Save                     string        `mapstructure:"save"`
	DBFilename               string        `mapstructure:"dbfilename"`
}

// Memory is the section of limits, eviction and the encodings of values.
type Memory struct {
	MaxMemory                 int64  `mapstructure:"maxmemory"`
	MaxMemoryPolicy           string `mapstructure:"maxmemory-policy"`
	MaxMemorySamples          int    `mapstructure:"maxmemory-samples"`
	MaxMemoryEvictionTenacity int    `mapstructure:"maxmemory-eviction-tenacity"`
	LFULogFactor              int    `mapstructure:"lfu-log-factor"`
	LFUDecayTime              int    `mapstructure:"lfu-decay-time"` // minutes
	HashMaxListpackEntries    int64  `mapstructure:"hash-max-listpack-entries"`
	HashMaxListpackValue      int64  `mapstructure:"hash-max-listpack-value"`
	ListMaxListpackSize       int    `mapstructure:"list-max-listpack-size"`
	ListCompressDepth         int    `mapstructure:"list-compress-depth"`
	SetMaxIntsetEntries       int64  `mapstructure:"set-max-intset-entries"`
	ZsetMaxListpackEntries    int64  `mapstructure:"zset-max-listpack-entries"`
	ZsetMaxListpackValue      int64  `mapstructure:"zset-max-listpack-value"`
	StreamNodeMaxBytes        int64  `mapstructure:"stream-node-max-bytes"`
	StreamNodeMaxEntries      int64  `mapstructure:"stream-node-max-entries"`
	HLLSparseMaxBytes         int64  `mapstructure:"hll-sparse-max-bytes"`
	GOGC                      int    `mapstructure:"gogc"`
	GOGCFloor                 int64  `mapstructure:"gogc-floor"`
	MemoryLimit               int64  `mapstructure:"memory-limit"`
}

// Reaper is the section of the background expiry.
type Reaper struct {
	Mode     string        `mapstructure:"mode"`
	Interval time.Duration `mapstructure:"interval"`
	Batch    int           `mapstructure:"batch"`
	Rounds   int           `mapstructure:"rounds"`
}

// Scripting is the section of Lua.
type Scripting struct {
	Libraries          []string      `mapstructure:"libraries"`
	BusyReplyThreshold time.Duration `mapstructure:"busy-reply-threshold"`
	TimeLimit          time.Duration `mapstructure:"time-limit"`
	KillAfterWrite     string        `mapstructure:"kill-after-write"`
	MaxMemory          int64         `mapstructure:"max-memory"`
	PoolSize           int           `mapstructure:"pool-size"`
	StackDepth         int           `mapstructure:"stack-depth"`
	RegistrySize       int           `mapstructure:"registry-size"`
	LogScripts         bool          `mapstructure:"log-scripts"`
}

// Hooks is the section of what hooks may use and what happens when one misbehaves.
type Hooks struct {
	QueueSize        int           `mapstructure:"queue-size"`
	QueueFull        string        `mapstructure:"queue-full"`
	TimeBudget       time.Duration `mapstructure:"time-budget"`
	AtomicTimeBudget time.Duration `mapstructure:"atomic-time-budget"`
	MemoryBudget     int64         `mapstructure:"memory-budget"`
	TripAfter        int           `mapstructure:"trip-after"`
	RearmAfter       time.Duration `mapstructure:"re-arm-after"`
	FailingShare     int           `mapstructure:"failing-share"`
	DepthLimit       int           `mapstructure:"depth-limit"`
	OnError          string        `mapstructure:"on-error"`
	Retries          int           `mapstructure:"retries"`
}

// Notifications is the section of Redis' keyspace events over pub/sub.
type Notifications struct {
	KeyspaceEvents hook.Class `mapstructure:"notify-keyspace-events"`
}

// Metrics is the section of the Prometheus endpoint and the metric sink.
type Metrics struct {
	Enabled  bool          `mapstructure:"enabled"`
	Listen   string        `mapstructure:"listen"`
	Path     string        `mapstructure:"path"`
	Interval time.Duration `mapstructure:"interval"`
	Pprof    bool          `mapstructure:"pprof"`
}

// Log is the section of the server's own log.
type Log struct {
	Level  string `mapstructure:"level"`
	Format string `mapstructure:"format"`
	File   string `mapstructure:"file"`
}

// Security is the section of who may connect and what a client may do.
type Security struct {
	ProtectedMode          bool   `mapstructure:"protected-mode"`
	RequirePass            string `mapstructure:"requirepass"`
	EnableProtectedConfigs string `mapstructure:"enable-protected-configs"`
	EnableDebugCommand     string `mapstructure:"enable-debug-command"`
	EnableModuleCommand    string `mapstructure:"enable-module-command"`
}

// Default returns the configuration of an empty file. The caller owns it.
func Default() *Config { return table().defaults.Clone() }

// Clone returns a deep copy that the caller may change.
func (c *Config) Clone() *Config {
	next := *c
	next.Server.Bind = slices.Clone(c.Server.Bind)
	next.Scripting.Libraries = slices.Clone(c.Scripting.Libraries)
	next.Compat = maps.Clone(c.Compat)
	next.Plugins = slices.Clone(c.Plugins)
	for i := range next.Plugins {
		if options := next.Plugins[i].Options; options != nil {
			next.Plugins[i].Options = cloneValue(options).(map[string]any)
		}
	}
	return &next
}

// cloneValue copies the maps and lists that a decoder can produce; everything else is a scalar.
func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = cloneValue(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = cloneValue(item)
		}
		return out
	}
	return v
}
