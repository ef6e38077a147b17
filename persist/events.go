package persist

import "time"

// Events are optional functions that are told what happens. They are called outside all locks, by
// the goroutine that did the work, which waits for them: one that takes long should hand over.
type Events struct {
	// Rewrite is called at each step of a rewrite.
	Rewrite func(RewriteEvent)
	// Problem is called when the log starts or stops failing, was repaired, or is slow.
	Problem func(ProblemEvent)
}

// RewritePhase is a step of a rewrite.
type RewritePhase string

// The phases: each rewrite has one begin and then one of the others.
const (
	PhaseBegin    RewritePhase = "begin"
	PhaseEnd      RewritePhase = "end"
	PhaseFailed   RewritePhase = "failed"
	PhaseDeferred RewritePhase = "deferred"
)

// RewriteEvent describes a step of a rewrite. At PhaseBegin only Phase, Cause and BeforeBytes are
// set.
type RewriteEvent struct {
	Phase RewritePhase
	Cause Cause
	// Keys is how many keys the dump wrote.
	Keys int64
	// BeforeBytes and AfterBytes are the size of the whole log when the rewrite began and ended.
	BeforeBytes, AfterBytes int64
	// Freeze is how long Source.Freeze took, Dump how long writing and syncing the base took, Elapsed
	// the whole.
	Freeze, Dump, Elapsed time.Duration
	// Err is why it failed or was deferred.
	Err error
}

// ReplayStats describe a replay.
type ReplayStats struct {
	// Files and Bytes count what was read, Commands what was applied (without the brackets), Groups
	// how many MULTI/EXEC brackets.
	Files           int
	Bytes, Commands int64
	Groups          int64
	// Libraries and RDBKeys count what came out of an RDB base.
	Libraries, RDBKeys int64
	// TornBytes were cut from the log's tail after they had been saved in SavedAs (file names in the
	// append-only directory).
	TornBytes int64
	SavedAs   []string
	Elapsed   time.Duration
}

// Problem is a kind of ProblemEvent.
type Problem string

// The problems.
const (
	// ProblemWrite is a failed write or truncation, ProblemSync a failed fsync; both are sticky.
	ProblemWrite Problem = "write"
	ProblemSync  Problem = "fsync"
	// ProblemTorn is a torn tail that was repaired.
	ProblemTorn Problem = "torn-tail"
	// ProblemCleanup is a file that could not be deleted or closed; nothing is lost.
	ProblemCleanup Problem = "cleanup"
	// ProblemSlow is a write or fsync that took longer than a second.
	ProblemSlow Problem = "slow"
)

// ProblemEvent says that the log fails, was repaired, is slow, or (Recovered) works again.
type ProblemEvent struct {
	What Problem
	// Err is nil for ProblemSlow and ProblemTorn.
	Err error
	// Recovered: the sticky error of before is gone.
	Recovered bool
	// Elapsed is how long the slow call took.
	Elapsed time.Duration
	// File is the file it is about, if it is about one.
	File string
}

func (l *Log) emitRewrite(e RewriteEvent) {
	attrs := []any{"phase", string(e.Phase), "cause", string(e.Cause), "keys", e.Keys,
		"before", e.BeforeBytes, "after", e.AfterBytes, "freeze", e.Freeze, "dump", e.Dump}
	if e.Err != nil {
		l.log.Warn("append-only log rewrite", append(attrs, "err", e.Err)...)
	} else {
		l.log.Info("append-only log rewrite", attrs...)
	}
	if l.o.Events.Rewrite != nil {
		l.o.Events.Rewrite(e)
	}
}

func (l *Log) emitProblem(e ProblemEvent) {
	l.log.Warn("append-only log problem", "what", string(e.What), "file", e.File,
		"recovered", e.Recovered, "elapsed", e.Elapsed, "err", e.Err)
	if l.o.Events.Problem != nil {
		l.o.Events.Problem(e)
	}
}
