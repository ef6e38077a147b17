package persist

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// DefaultName is the stem of the files' names, as in Redis.
const DefaultName = "appendonly.aof"

// DefaultDirName is the name that the append-only directory has inside the data directory, as in
// Redis.
const DefaultDirName = "appendonlydir"

// Policy says when the log is synced to the disk: Redis' appendfsync.
type Policy int

const (
	// Always syncs before Commit returns: a power cut loses nothing that was committed.
	Always Policy = iota
	// EverySec syncs each second, beside the commits: a power cut loses about one second.
	EverySec
	// No leaves syncing to the system.
	No
)

var policyNames = [...]string{Always: "always", EverySec: "everysec", No: "no"}

// ParsePolicy reads Redis' spelling (always, everysec, no), in any case.
func ParsePolicy(s string) (Policy, error) {
	for p, name := range policyNames {
		if strings.EqualFold(s, name) {
			return Policy(p), nil
		}
	}
	return 0, fmt.Errorf("persist: fsync policy %q is none of always, everysec, no", s)
}

// String returns Redis' spelling.
func (p Policy) String() string {
	if p < 0 || int(p) >= len(policyNames) {
		return fmt.Sprintf("Policy(%d)", int(p))
	}
	return policyNames[p]
}

// Options configure a Log. Only Dir must be given; the zero value of each other field is described
// with it.
type Options struct {
	// FS is the file system; nil means vfs.OS.
	FS vfs.FS
	// Dir is the append-only directory itself (Redis: dir + "/" + appenddirname). It is created.
	Dir string
	// Name is the stem of the files' names (Redis: appendfilename); "" means DefaultName.
	Name string
	// Policy is when to sync.
	Policy Policy
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time

	// LoadTruncated lets Replay repair a torn tail of the last increment. False makes such a tail
	// a *CorruptError. Redis' default is true; here the caller says so.
	LoadTruncated bool
	// TimestampAnnotations writes "#TS:<unix seconds>" lines before groups, one a second at most.
	TimestampAnnotations bool

	// AutoRewritePercent is the growth over the size after the last rewrite that makes
	// ShouldRewrite say CauseGrowth; 0 disables it.
	AutoRewritePercent int
	// AutoRewriteMinSize is the size in bytes below which growth does not count.
	AutoRewriteMinSize int64
	// MaxSize is a size in bytes that makes ShouldRewrite say CauseSize; 0 disables it.
	MaxSize int64
	// RewriteInterval is the time after the last rewrite that makes ShouldRewrite say
	// CauseInterval, if anything has been appended; 0 disables it.
	RewriteInterval time.Duration
	// NoFsyncOnRewrite holds the EverySec sync back while a rewrite runs. It does not weaken
	// Always.
	NoFsyncOnRewrite bool

	// Events are told what happens.
	Events Events
	// Log receives what an operator should read; nil discards it.
	Log *slog.Logger
}

// Cause is why a rewrite runs.
type Cause string

// The causes of a rewrite.
const (
	CauseManual   Cause = "manual"
	CauseGrowth   Cause = "growth"
	CauseSize     Cause = "size"
	CauseInterval Cause = "interval"
)
