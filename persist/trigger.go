package persist

import (
	"math/bits"
	"path/filepath"
	"time"
)

// triggers decide when a rewrite is due. Guarded by Log.mu.
type triggers struct {
	percent          int
	minSize          int64
	maxSize          int64
	interval         time.Duration
	noFsyncOnRewrite bool

	// baseline is the log's size after the last rewrite. After a restart it is the base's size,
	// which is a little less: a process that does not live long must not begin at the size that it
	// finds.
	baseline int64
	last     time.Time // of the last rewrite
	failures int       // in a row
	until    time.Time // nothing automatic before
}

// deferral is how long the automatic triggers rest after Defer, unless it says so itself.
const deferral = time.Minute

// maxBackoff is the longest rest after failures, reached by doubling from a minute.
const maxBackoff = time.Hour

func triggersOf(o Options) triggers {
	return triggers{percent: o.AutoRewritePercent, minSize: o.AutoRewriteMinSize, maxSize: o.MaxSize,
		interval: o.RewriteInterval, noFsyncOnRewrite: o.NoFsyncOnRewrite}
}

func (t *triggers) begin(last time.Time, baseSize int64) {
	t.last, t.baseline = last, baseSize
}

// ended notes how a rewrite ended and how large the log is now.
func (t *triggers) ended(e RewriteEvent, now time.Time, size int64) {
	switch e.Phase {
	case PhaseEnd:
		t.last, t.baseline = now, size
		t.failures, t.until = 0, time.Time{}
	case PhaseFailed:
		t.until = now.Add(backoff(t.failures))
		t.failures++
	}
}

// backoff is the rest after a failure that n others came before: 1, 2, 4 … 60 minutes.
func backoff(n int) time.Duration {
	if n >= 6 {
		return maxBackoff
	}
	return time.Minute << n
}

// due says why a rewrite is due at a size, if it is.
func (t *triggers) due(now time.Time, size int64) (Cause, bool) {
	if now.Before(t.until) {
		return "", false
	}
	switch {
	case t.maxSize > 0 && size >= t.maxSize && size-t.baseline >= t.minGrowth():
		return CauseSize, true
	case t.percent > 0 && size >= t.minSize && size > t.baseline && grown(size, t.baseline, t.percent):
		return CauseGrowth, true
	case t.interval > 0 && size > t.baseline && now.Sub(t.last) >= t.interval:
		return CauseInterval, true
	}
	return "", false
}

// minGrowth is what must have been appended since the last rewrite for the size limit to count
// again: with a limit below what the data takes, every check would find it exceeded.
func (t *triggers) minGrowth() int64 {
	return max(t.maxSize/4, t.baseline/4, 4096)
}

// grown says whether size is at least percent more than baseline: size × 100 ≥ baseline × (100 +
// percent), in 128 bits, so that no figure wraps round.
func grown(size, baseline int64, percent int) bool {
	hi1, lo1 := bits.Mul64(uint64(size), 100)
	hi2, lo2 := bits.Mul64(uint64(baseline), 100+uint64(percent))
	return hi1 > hi2 || hi1 == hi2 && lo1 >= lo2
}

// ShouldRewrite says whether a rewrite is due at now, and why. It is not while one runs, while the
// log cannot be written, and in the rest after a failure (1, 2, 4 … 60 minutes) or a deferral.
func (l *Log) ShouldRewrite(now time.Time) (Cause, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != stateStarted || l.rewriting.Load() || l.Err() != nil {
		return "", false
	}
	return l.triggers.due(now, l.sizeLocked())
}

// Defer puts off a rewrite that is due, for instance because a hook asked for it: the automatic
// triggers rest for so long, 0 for a minute. It is told as an event, and is no failure.
func (l *Log) Defer(cause Cause, reason error, rest time.Duration) {
	if rest <= 0 {
		rest = deferral
	}
	until := l.o.Now().Add(rest)
	l.set(func(t *triggers) { t.until = until })
	size, _ := l.Size()
	l.emitRewrite(RewriteEvent{Phase: PhaseDeferred, Cause: cause, BeforeBytes: size, AfterBytes: size, Err: reason})
}

// baseTime is when the last rewrite was: the base's age, or now without one.
func (l *Log) baseTime() time.Time {
	now := l.o.Now()
	if l.man.base == nil {
		return now
	}
	st, err := l.fs.Stat(filepath.Join(l.dir, l.man.base.name))
	if err != nil || st.ModTime().IsZero() || st.ModTime().After(now) {
		return now
	}
	return st.ModTime()
}

func (l *Log) set(f func(*triggers)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.triggers)
}

// SetAutoRewrite changes Options.AutoRewritePercent and AutoRewriteMinSize.
func (l *Log) SetAutoRewrite(percent int, minSize int64) {
	l.set(func(t *triggers) { t.percent, t.minSize = percent, minSize })
}

// SetMaxSize changes Options.MaxSize.
func (l *Log) SetMaxSize(bytes int64) { l.set(func(t *triggers) { t.maxSize = bytes }) }

// SetRewriteInterval changes Options.RewriteInterval.
func (l *Log) SetRewriteInterval(d time.Duration) { l.set(func(t *triggers) { t.interval = d }) }

// SetNoFsyncOnRewrite changes Options.NoFsyncOnRewrite.
func (l *Log) SetNoFsyncOnRewrite(on bool) { l.set(func(t *triggers) { t.noFsyncOnRewrite = on }) }
