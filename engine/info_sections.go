package engine

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

func infoServer(e *Engine, c *command.Call, add func(string, any)) {
	now, cfg := e.now(), c.Config
	up := now.Sub(e.started)
	add("redis_version", RedisVersion)
	add("kevy_version", cmp.Or(e.version, "unknown"))
	add("redis_mode", "standalone")
	add("os", runtime.GOOS+" "+runtime.GOARCH)
	add("arch_bits", strconv.IntSize)
	add("go_version", runtime.Version())
	add("process_id", os.Getpid())
	add("run_id", e.runID)
	add("tcp_port", cfg.Server.Port)
	add("server_time_usec", now.UnixMicro())
	add("uptime_in_seconds", int64(up.Seconds()))
	add("uptime_in_days", int64(up.Hours()/24))
	add("hz", cfg.Server.Hz)
	add("configured_hz", cfg.Server.Hz)
	add("shards", len(e.shards))
}

func infoClients(e *Engine, c *command.Call, add func(string, any)) {
	watching := 0
	e.sessions.each(func(s *Session) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.shown.watches > 0 {
			watching++
		}
	})
	add("connected_clients", e.sessions.len())
	add("cluster_connections", 0)
	add("maxclients", c.Config.Server.MaxClients)
	add("blocked_clients", e.stats.blocked.Load())
	add("tracking_clients", e.tracker.clients.Load())
	add("watching_clients", watching)
	add("clients_in_timeout_table", 0)
}

// infoMemory calls used_memory what maxmemory limits: the data. What the Go
// runtime has besides is told apart.
func infoMemory(e *Engine, c *command.Call, add func(string, any)) {
	m, peak := e.measure()
	add("used_memory", m.data)
	add("used_memory_human", human(m.data))
	add("used_memory_rss", m.resident)
	add("used_memory_rss_human", human(m.resident))
	add("used_memory_peak", peak)
	add("used_memory_peak_human", human(peak))
	add("used_memory_peak_perc", fmt.Sprintf("%.2f%%", 100*float64(m.data)/float64(max(peak, 1))))
	add("used_memory_dataset", m.data)
	add("maxmemory", c.Config.Memory.MaxMemory)
	add("maxmemory_human", human(c.Config.Memory.MaxMemory))
	add("maxmemory_policy", c.Config.Memory.MaxMemoryPolicy)
	add("mem_fragmentation_ratio", m.fragmentation())
	add("mem_fragmentation_bytes", m.resident-m.data)
	add("mem_not_counted_for_evict", 0)
	add("mem_allocator", "go")
	add("go_heap_objects", m.heap)
	add("go_mapped", m.mapped)
	add("go_released", m.released)
	add("go_stacks", m.stacks)
	add("go_gc_cycles", m.cycles)
	add("active_defrag_running", 0)
	add("lazyfree_pending_objects", 0)
	add("lazyfreed_objects", e.stats.lazyFreed.Load())
}

// infoPersistence is what holds without a log; who keeps one adds its lines.
func infoPersistence(e *Engine, _ *command.Call, add func(string, any)) {
	add("loading", e.loading.Load())
	add("async_loading", 0)
	e.saving.info(e, add)
	_, none := e.journal.(noJournal)
	add("aof_enabled", !none)
	add("aof_rewrite_in_progress", 0)
	add("aof_rewrite_scheduled", 0)
	add("aof_last_bgrewrite_status", "ok")
	status := "ok"
	if e.journal.Err() != nil {
		status = "err"
	}
	add("aof_last_write_status", status)
}

func infoStats(e *Engine, _ *command.Call, add func(string, any)) {
	m, _ := e.measure()
	st := &e.stats
	channels, patterns, shardChannels := e.hub.counts()
	add("total_connections_received", st.connections.Load())
	add("total_commands_processed", st.commands.Load())
	add("instantaneous_ops_per_sec", int64(m.ops))
	add("rejected_connections", st.rejected.Load())
	add("sync_full", 0)
	add("sync_partial_ok", 0)
	add("sync_partial_err", 0)
	add("expired_keys", st.expired.Load())
	add("evicted_keys", e.stats.evicted.Load())
	add("evicted_clients", 0)
	add("pubsub_channels", channels)
	add("pubsub_patterns", patterns)
	add("pubsubshard_channels", shardChannels)
	add("latest_fork_usec", 0)
	add("total_forks", 0)
	add("tracking_total_keys", e.tracker.table.Load().keys.Load())
	add("tracking_total_items", e.tracker.table.Load().items.Load())
	add("tracking_total_prefixes", len(e.tracker.all()))
	add("total_error_replies", st.errorReplies.Load())
	add("handler_panics", st.panics.Load())
}

// counts returns how many channels, patterns and shard channels have subscribers.
func (h *hub) counts() (channels, patterns, shardChannels int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.channels), len(h.patterns), len(h.shards)
}

func infoReplication(e *Engine, _ *command.Call, add func(string, any)) {
	e.infoMaster(add)
	fed, offset := e.feed.list()
	add("connected_slaves", len(fed))
	for i, s := range fed { // followers of the log, as redis-cli --replica
		host, _, _ := strings.Cut(s.o.Addr, ":")
		add("slave"+strconv.Itoa(i), fmt.Sprintf("ip=%s,port=0,state=online,offset=%d,lag=0", host, offset))
	}
	add("master_failover_state", "no-failover")
	add("master_replid", e.runID)
	add("master_replid2", fmt.Sprintf("%040d", 0))
	add("master_repl_offset", offset)
	add("second_repl_offset", -1)
	add("repl_backlog_active", 0)
	add("repl_backlog_size", 0)
	add("repl_backlog_first_byte_offset", 0)
	add("repl_backlog_histlen", 0)
}

func infoCPU(e *Engine, _ *command.Call, add func(string, any)) {
	m, _ := e.measure()
	add("used_cpu_sys", fmt.Sprintf("%.6f", m.system))
	add("used_cpu_user", fmt.Sprintf("%.6f", m.user))
	add("used_cpu_sys_children", "0.000000")
	add("used_cpu_user_children", "0.000000")
}

func infoModules(e *Engine, _ *command.Call, add func(string, any)) {
	modules := e.controls().Modules
	if modules == nil {
		return
	}
	for i, m := range modules() {
		// Several lines have the same name in Redis; the number keeps them apart here.
		add(fmt.Sprintf("module%d", i), fmt.Sprintf("name=%s,ver=%d,api=1,filters=0,usedby=[],using=[],options=[]", m.Name, m.Version))
	}
}

func infoCluster(_ *Engine, _ *command.Call, add func(string, any)) { add("cluster_enabled", 0) }
