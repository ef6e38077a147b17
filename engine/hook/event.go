package hook

import "time"

// Event is one thing that happened. The concrete types are the structs of this
// file; a subscription names the kind it wants.
type Event interface {
	// Kind is the event's name in subscriptions: one of the Kind constants.
	Kind() Kind
	// Subject is what a subscription's Match pattern is held against: the key,
	// the command's name, the parameter's name; "" when the kind has none.
	Subject() []byte
	// Database is the number of the database it happened in, -1 when none.
	Database() int
	// Depth counts the hooks that led to this event: 0 for what a client caused.
	Depth() int
}

// Kind names a kind of event.
type Kind string

// The kinds of events.
const (
	KindExpired     Kind = "expired"
	KindKey         Kind = "key"
	KindRewrite     Kind = "rewrite"
	KindReplay      Kind = "replay"
	KindPersistence Kind = "persistence"
	KindMetric      Kind = "metric"
	KindConfig      Kind = "config"
	KindClient      Kind = "client"
	KindScript      Kind = "script"
	KindCommand     Kind = "command"
	KindServer      Kind = "server"
	KindEvicted     Kind = "evicted"
	KindTimer       Kind = "timer"
)

// InUnit reports whether events of the kind arise inside units, which is what the
// modes atomic and outbox need.
func (k Kind) InUnit() bool { return k == KindExpired || k == KindEvicted || k == KindKey }

// Value reads a key's value as it was when the event happened. It is immutable
// and may be read at any time, from any goroutine, without a lock. Only the
// method of the value's own type yields anything.
type Value interface {
	Len() int
	Str() []byte
	RangeHash(fn func(field, value []byte) bool)
	RangeList(fn func(element []byte) bool)
	RangeSet(fn func(member []byte) bool)
	RangeZSet(fn func(member []byte, score float64) bool)
	// RangeStream goes through the entries, oldest first; fields are names and values in turn.
	RangeStream(fn func(ms, seq uint64, fields [][]byte) bool)
}

// Origin is embedded in events that a unit caused.
type Origin struct {
	DB   int
	Nest int   // hooks that led here
	AtMs int64 // the unit's time, Unix milliseconds
}

// Database implements Event.
func (o Origin) Database() int { return o.DB }

// Depth implements Event.
func (o Origin) Depth() int { return o.Nest }

// Cause says why a key expired now.
type Cause string

// The causes of an expiry.
const (
	CauseDeadline Cause = "deadline" // the reaper took it when its time came
	CauseAccess   Cause = "access"   // a write met it before the reaper did
	CauseStartup  Cause = "startup"  // it came due while the server was down
)

// Expired: a key's deadline passed and it was removed. Key and Value belong to
// the event.
type Expired struct {
	Origin
	Key        []byte
	Type       string // as TYPE prints it
	Value      Value
	DeadlineMs int64
	Cause      Cause
	// KeepUntilMs may be set by an atomic hook to a time after AtMs: the key then
	// stays as it was, with that deadline.
	KeepUntilMs int64
}

// Kind implements Event.
func (e *Expired) Kind() Kind { return KindExpired }

// Subject is the key.
func (e *Expired) Subject() []byte { return e.Key }

// LatenessMs is how long after its deadline the key was removed.
func (e *Expired) LatenessMs() int64 { return e.AtMs - e.DeadlineMs }

// Evicted: a key was removed because the data took more than maxmemory. Key and
// Value belong to the event.
type Evicted struct {
	Origin
	Key    []byte
	Type   string // as TYPE prints it
	Value  Value
	Policy string // maxmemory-policy
}

// Kind implements Event.
func (e *Evicted) Kind() Kind { return KindEvicted }

// Subject is the key.
func (e *Evicted) Subject() []byte { return e.Key }

// Key: a key changed. Name is Redis' keyspace event name (set, del, lpush, …).
type Key struct {
	Origin
	Key   []byte
	Name  string
	Class Class
}

// Kind implements Event.
func (e *Key) Kind() Kind { return KindKey }

// Subject is the key.
func (e *Key) Subject() []byte { return e.Key }

// system is embedded in events that no key caused.
type system struct{}

func (system) Subject() []byte { return nil }
func (system) Database() int   { return -1 }
func (system) Depth() int      { return 0 }

// Rewrite: the log was rewritten, or should have been. Sizes and figures of the
// later phases are zero at begin.
type Rewrite struct {
	system
	Phase        string // before (asks), begin, end, failed, deferred
	Cause        string // manual, growth, size, interval
	Keys         int64
	BeforeBytes  int64
	AfterBytes   int64
	Freeze       time.Duration // locks held for the switch
	Dump         time.Duration // writing and syncing the new base
	LongestPause time.Duration // longest slice under a shard's lock
	Elapsed      time.Duration // from begin to end
	Err          error
}

// Kind implements Event.
func (e *Rewrite) Kind() Kind { return KindRewrite }

// Replay: the log was loaded.
type Replay struct {
	system
	Commands     int64
	Keys         int64
	Bytes        int64
	Elapsed      time.Duration
	DroppedBytes int64 // cut from a torn tail, saved beside the log
	Failures     int64 // commands of it that failed and were passed over
}

// Kind implements Event.
func (e *Replay) Kind() Kind { return KindReplay }

// Persistence: writing to the log failed, recovered, or was slow.
type Persistence struct {
	system
	What    string // write, fsync, torn-tail, cleanup, slow, recovered
	Elapsed time.Duration
	Err     error
}

// Kind implements Event.
func (e *Persistence) Kind() Kind { return KindPersistence }

// MetricType says how a Metric's values add up.
type MetricType string

// The types of metrics, as Prometheus names them.
const (
	Counter   MetricType = "counter"
	Gauge     MetricType = "gauge"
	Histogram MetricType = "histogram"
)

// Metric: one sample of the metric sink. Name is in Prometheus' form without
// the kevy_ prefix (commands_total, rewrite_after_bytes).
type Metric struct {
	system
	Name   string
	Type   MetricType
	Labels map[string]string // owned by the event, not to be changed
	Value  float64
}

// Kind implements Event.
func (e *Metric) Kind() Kind { return KindMetric }

// Subject is the metric's name.
func (e *Metric) Subject() []byte { return []byte(e.Name) }

// Config: a parameter changed.
type Config struct {
	system
	Name, Old, New string
	By             string // command, file, system
}

// Kind implements Event.
func (e *Config) Kind() Kind { return KindConfig }

// Subject is the parameter's name.
func (e *Config) Subject() []byte { return []byte(e.Name) }

// Command: a client's command is about to be executed, or has been. Commands
// inside scripts and hooks are not shown; those of a transaction are, before
// when they are queued and after when they were executed.
type Command struct {
	Origin
	Phase string // before, after
	Name  string // in full and lower case: get, config|set
	// Args includes the name. Before, it is valid during the call only; after, it is
	// shortened as in the slow log. Passwords are left out.
	Args       [][]byte
	Client     int64
	Addr, User string
	ClientName string
	Elapsed    time.Duration // after
	Err        error         // after: the error reply
}

// Kind implements Event.
func (e *Command) Kind() Kind { return KindCommand }

// Subject is the command's name.
func (e *Command) Subject() []byte { return []byte(e.Name) }

// Timer: the time of a timer has come. Only the timer itself sees it.
type Timer struct {
	system
	Name  string
	DueMs int64 // when it should have run, Unix milliseconds
	AtMs  int64 // when it does
}

// Kind implements Event.
func (e *Timer) Kind() Kind { return KindTimer }

// Client: a connection changed its state.
type Client struct {
	system
	What       string // connected, authenticated, refused, disconnected
	ID         int64
	Addr       string
	User, Name string
}

// Kind implements Event.
func (e *Client) Kind() Kind { return KindClient }

// Script: a script or function ended.
type Script struct {
	system
	Name    string // SHA1 or function
	Outcome string // ok, error, killed
	Elapsed time.Duration
	Calls   int64
	Err     error
}

// Kind implements Event.
func (e *Script) Kind() Kind { return KindScript }

// Subject is the script's name.
func (e *Script) Subject() []byte { return []byte(e.Name) }

// Server: the server changed its state.
type Server struct {
	system
	What string // started, stopping
}

// Kind implements Event.
func (e *Server) Kind() Kind { return KindServer }
