package persist

import "time"

// counters are what Status tells. Guarded by Log.mu.
type counters struct {
	lastWrite    error // of the last write or sync
	delayed      int64
	rewriteBegan time.Time
	rewriteErr   error
	rewrites     int64
	rewritten    bool // a rewrite has ended, well or not
	lastEvent    RewriteEvent
}

func (c *counters) ended(e RewriteEvent) {
	c.rewritten, c.rewriteErr, c.lastEvent = true, e.Err, e
	if e.Phase == PhaseEnd {
		c.rewrites++
	}
}

// Status is a picture of the log, for INFO persistence and metrics.
type Status struct {
	Policy Policy
	// RewriteInProgress says whether a rewrite runs, CurrentRewrite for how long; it is -1 otherwise.
	RewriteInProgress bool
	CurrentRewrite    time.Duration
	// LastRewrite is how long the last rewrite took, -1 before the first; LastRewriteErr is nil when
	// it succeeded. LastRewriteEvent describes it.
	LastRewrite      time.Duration
	LastRewriteErr   error
	LastRewriteEvent RewriteEvent
	// Rewrites counts those that succeeded, RewriteFailures those that failed since. BackoffUntil is when the
	// automatic triggers work again; zero when they do.
	Rewrites        int64
	RewriteFailures int
	BackoffUntil    time.Time
	// CurrentSize and BaseSize are those of Size, BufferedBytes what is appended and not written.
	CurrentSize, BaseSize, BufferedBytes int64
	// Unsynced counts the bytes that are written and that a power cut may take.
	Unsynced int64
	// PendingFsync says whether an fsync runs; DelayedFsync counts those that took longer than a
	// second or that a commit had to wait for.
	PendingFsync bool
	DelayedFsync int64
	// LastWriteErr is nil, or why the log cannot be written (as Err).
	LastWriteErr error
	// Loaded describes the replay.
	Loaded ReplayStats
}

// Status returns the log's state. It waits for no I/O.
func (l *Log) Status() Status {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Status{
		Policy:            l.policy,
		RewriteInProgress: l.rewriting.Load(),
		CurrentRewrite:    -1,
		LastRewrite:       -1,
		LastRewriteErr:    l.stats.rewriteErr,
		LastRewriteEvent:  l.stats.lastEvent,
		Rewrites:          l.stats.rewrites,
		RewriteFailures:   l.triggers.failures,
		CurrentSize:       l.sizeLocked(),
		BaseSize:          l.triggers.baseline,
		BufferedBytes:     l.appended - l.written,
		PendingFsync:      l.syncing,
		DelayedFsync:      l.stats.delayed,
		LastWriteErr:      l.stats.lastWrite,
		Loaded:            l.loaded,
	}
	if s.RewriteInProgress {
		s.CurrentRewrite = now.Sub(l.stats.rewriteBegan)
	}
	if l.stats.rewritten {
		s.LastRewrite = l.stats.lastEvent.Elapsed
	}
	if l.o.Now().Before(l.triggers.until) {
		s.BackoffUntil = l.triggers.until
	}
	for _, t := range l.open {
		s.Unsynced += t.written - t.synced
	}
	return s
}

// Size returns the size of the whole log in bytes, buffered bytes included, and what it was after
// the last rewrite (the base's size after a restart): the growth trigger's baseline.
func (l *Log) Size() (current, base int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sizeLocked(), l.triggers.baseline
}

func (l *Log) sizeLocked() int64 {
	var n int64
	for _, size := range l.listed {
		n += size
	}
	for _, t := range l.open {
		n += t.size
	}
	return n
}
