package engine

import (
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// Samples calls fn with the engine's figures for metric sinks:
//
//	uptime_seconds                gauge
//	connections_total             counter  connections accepted
//	connections_rejected_total    counter  refused for maxclients
//	connections                   gauge    open now
//	blocked_clients               gauge    waiting in a blocking command
//	commands_total                counter  commands executed
//	errors_total                  counter  error replies
//	panics_total                  counter  handlers that panicked
//	changes_total                 counter  changes of keys
//	expired_total                 counter  keys removed because of their deadline
//	expiry_backlog                gauge    keys that are due and still there
//	keys, keys_with_deadline      gauge    over all databases
//	memory_data_bytes             gauge    what maxmemory limits
//	memory_data_peak_bytes        gauge
//	memory_heap_bytes             gauge    live objects of the Go runtime
//	memory_mapped_bytes           gauge    what the Go runtime has from the system
//	memory_resident_bytes         gauge    what of the process lies in memory
//	gc_cycles_total               counter
//	cpu_user_seconds_total        counter
//	cpu_system_seconds_total      counter
//	pubsub_channels, pubsub_patterns  gauge
//	slowlog_entries               gauge
//	hooks                         gauge
//
// Lateness has what does not fit this form.
//
// It is called without locks, from any goroutine; counting keys takes each
// shard's lock for a moment. CONFIG RESETSTAT sets some counters back.
func (e *Engine) Samples(fn func(name string, t hook.MetricType, v float64)) {
	st := &e.stats
	m, peak := e.measure()
	var keys keyCount
	for _, n := range e.countKeys(nil) {
		keys.keys += n.keys
		keys.expires += n.expires
	}
	channels, patterns, shardChannels := e.hub.counts()
	for _, s := range []struct {
		name  string
		kind  hook.MetricType
		value float64
	}{
		{"uptime_seconds", hook.Gauge, e.now().Sub(e.started).Seconds()},
		{"connections_total", hook.Counter, float64(st.connections.Load())},
		{"connections_rejected_total", hook.Counter, float64(st.rejected.Load())},
		{"connections", hook.Gauge, float64(e.sessions.len())},
		{"blocked_clients", hook.Gauge, float64(st.blocked.Load())},
		{"commands_total", hook.Counter, float64(st.commands.Load())},
		{"errors_total", hook.Counter, float64(st.errorReplies.Load())},
		{"panics_total", hook.Counter, float64(st.panics.Load())},
		{"changes_total", hook.Counter, float64(st.dirty.Load())},
		{"expired_total", hook.Counter, float64(st.expired.Load())},
		{"expiry_backlog", hook.Gauge, float64(e.backlog(nil))},
		{"keys", hook.Gauge, float64(keys.keys)},
		{"keys_with_deadline", hook.Gauge, float64(keys.expires)},
		{"memory_data_bytes", hook.Gauge, float64(m.data)},
		{"memory_data_peak_bytes", hook.Gauge, float64(peak)},
		{"memory_heap_bytes", hook.Gauge, float64(m.heap)},
		{"memory_mapped_bytes", hook.Gauge, float64(m.mapped)},
		{"memory_resident_bytes", hook.Gauge, float64(m.resident)},
		{"gc_cycles_total", hook.Counter, float64(m.cycles)},
		{"cpu_user_seconds_total", hook.Counter, m.user},
		{"cpu_system_seconds_total", hook.Counter, m.system},
		{"pubsub_channels", hook.Gauge, float64(channels + shardChannels)},
		{"pubsub_patterns", hook.Gauge, float64(patterns)},
		{"slowlog_entries", hook.Gauge, float64(e.slowlog.len())},
		{"hooks", hook.Gauge, float64(len(e.bus.Hooks()))},
	} {
		fn(s.name, s.kind, s.value)
	}
}

// Lateness calls fn with how many keys have been removed at most so many
// milliseconds after their deadline, for each bound of the histogram and for
// "+Inf", as a metric sink wants its buckets.
func (e *Engine) Lateness(fn func(bound string, removed int64)) {
	sum := int64(0)
	for i := range e.stats.late {
		sum += e.stats.late[i].Load()
		if i < len(latenessBounds) {
			fn(strconv.FormatInt(latenessBounds[i], 10), sum)
		} else {
			fn("+Inf", sum)
		}
	}
}
