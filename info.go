package kevylua

import "time"

// persistenceInfo writes the lines of INFO persistence that the log knows, by
// Redis' names where Redis has them.
func (db *DB) persistenceInfo(add func(name string, value any)) {
	s := db.journal.Status()
	add("aof_enabled", 1)
	d := db.engine.DumpStats()
	add("aof_rewrite_in_progress", flag(s.RewriteInProgress && !d.Queued))
	add("aof_rewrite_scheduled", flag(s.RewriteInProgress && d.Queued))
	add("aof_last_rewrite_time_sec", seconds(s.LastRewrite))
	add("aof_current_rewrite_time_sec", seconds(s.CurrentRewrite))
	add("aof_last_bgrewrite_status", status(s.LastRewriteErr))
	add("aof_rewrites", s.Rewrites)
	add("aof_rewrite_failures", s.RewriteFailures)
	add("aof_rewrite_preimage_bytes", d.PreImages)
	add("aof_rewrite_preimage_limit", d.Limit)
	add("aof_rewrite_preimage_peak_bytes", d.MostPreImages)
	add("aof_rewrite_waits", d.Waits)
	add("aof_rewrite_waited_usec", d.Waited.Microseconds())
	add("aof_rewrite_begin_usec", d.Frozen.Microseconds())
	add("aof_rewrite_longest_slice_usec", d.LongestSlice.Microseconds())
	add("aof_last_write_status", status(s.LastWriteErr))
	add("aof_current_size", s.CurrentSize)
	add("aof_base_size", s.BaseSize)
	add("aof_buffer_length", s.BufferedBytes)
	add("aof_unsynced_bytes", s.Unsynced)
	add("aof_pending_bio_fsync", flag(s.PendingFsync))
	add("aof_delayed_fsync", s.DelayedFsync)
	add("aof_loaded_commands", s.Loaded.Commands)
	add("aof_loaded_bytes", s.Loaded.Bytes)
	add("aof_loaded_torn_bytes", s.Loaded.TornBytes)
	add("aof_loaded_failures", db.engine.ReplayFailures())
	add("aof_load_milliseconds", s.Loaded.Elapsed.Milliseconds())
}

// seconds is -1, as in Redis, where there is nothing to measure.
func seconds(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d.Seconds())
}

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

func status(err error) string {
	if err != nil {
		return "err"
	}
	return "ok"
}

// reaperInfo writes the lines of INFO reaper.
func (db *DB) reaperInfo(add func(name string, value any)) {
	s := db.reaper.Stats()
	add("reaper_ticks", s.Ticks)
	add("reaper_removed", s.Removed)
	add("reaper_panics", s.Panics)
	add("reaper_behind", flag(s.Behind))
}
