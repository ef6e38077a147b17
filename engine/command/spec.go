package command

import "sync/atomic"

// Flags are a command's properties, named as COMMAND INFO prints them.
type Flags uint32

// The flags of COMMAND INFO, then ours.
const (
	Write        Flags = 1 << iota // changes the keyspace
	ReadOnly                       // reads keys, changes nothing
	DenyOOM                        // refused when memory is used up
	Admin                          // for operators
	PubSub                         // about channels
	NoScript                       // not from scripts
	Blocking                       // may block the client
	Loading                        // allowed while the log is loaded
	Stale                          // allowed on a stale replica
	SkipMonitor                    // not shown by MONITOR
	SkipSlowlog                    // not in the slow log
	Fast                           // O(1) or O(log n)
	NoAuth                         // allowed before authentication
	MayReplicate                   // may cause log records without being a write
	NoMulti                        // not inside MULTI
	MovableKeys                    // its keys cannot be read off the key specs
	AllowBusy                      // allowed while a script is busy
	NoAsyncLoading
	NoMandatoryKeys

	// AllShards: the unit locks the whole keyspace (KEYS, FLUSHALL, DBSIZE, SORT).
	AllShards
	// NoUnit: touches no key and needs no lock (PING, CLIENT, CONFIG).
	NoUnit
	// Unqueued: executed at once inside MULTI (EXEC, DISCARD, WATCH, QUIT).
	Unqueued
	// Revocable: the unit records pre-images, so that it can be undone (scripts,
	// commands of plugins).
	Revocable
	// Brief: like Fast, where Redis does not say so (SET). Short runs of such
	// commands are timed as a whole.
	Brief
)

// KeyFlags say what a command does with the keys of a KeySpec.
type KeyFlags uint16

// The key flags of COMMAND INFO's key specifications.
const (
	KeyRW KeyFlags = 1 << iota
	KeyRO
	KeyOW
	KeyRM
	KeyAccess
	KeyUpdate
	KeyInsert
	KeyDelete
	KeyNotKey
	KeyIncomplete
	KeyVariable
)

// KeySpec finds keys among a command's arguments, as Redis' key specifications
// do: a place to begin, and a way to go on.
type KeySpec struct {
	Flags KeyFlags
	// Index is where the keys begin (1 is the first argument after the name), or
	// 0 when they begin after Keyword, looked for from StartFrom (negative: from
	// the end, backwards).
	Index     int
	Keyword   string
	StartFrom int
	// Range: keys up to Last, counted from the first key (0: that one alone; -1: the
	// last argument; -2: the one before), each Step arguments. Limit n > 1: only the first 1/n of what is left.
	Last, Step, Limit int
	// Numkeys: the argument at begin+KeyNum-1 holds the number of keys, the first key
	// stands at begin+First. Used when KeyNum > 0.
	KeyNum, First int
	Notes         string
}

// Key is the specification of one key at argument i.
func Key(i int, f KeyFlags) KeySpec { return KeySpec{Flags: f, Index: i, Last: 0, Step: 1} }

// Keys is the specification of keys from argument i to last (-1: the end), each step arguments.
func Keys(i, last, step int, f KeyFlags) KeySpec {
	return KeySpec{Flags: f, Index: i, Last: last, Step: step}
}

// NumKeys is the specification of "numkeys key [key …]" with numkeys at argument i.
func NumKeys(i int, f KeyFlags) KeySpec {
	return KeySpec{Flags: f, Index: i, KeyNum: 1, First: 1, Step: 1}
}

// Group is the group COMMAND DOCS puts a command in.
type Group string

// The groups of COMMAND DOCS.
const (
	GroupString       Group = "string"
	GroupHash         Group = "hash"
	GroupList         Group = "list"
	GroupSet          Group = "set"
	GroupZSet         Group = "sorted-set"
	GroupStream       Group = "stream"
	GroupGeneric      Group = "generic"
	GroupConnection   Group = "connection"
	GroupServer       Group = "server"
	GroupPubSub       Group = "pubsub"
	GroupTransactions Group = "transactions"
	GroupScripting    Group = "scripting"
	GroupBitmap       Group = "bitmap"
	GroupHyperLogLog  Group = "hyperloglog"
	GroupGeo          Group = "geo"
	GroupModule       Group = "module"
)

// Handler runs a command. When it returns an error, what it wrote to the reply
// is cut off and the error is the reply; what it changed in the keyspace stays,
// so it validates first and changes afterwards.
type Handler func(*Call) error

// Spec is a command: one row of the table. COMMAND, COMMAND DOCS, ACL, key
// extraction, the embedded API and the reference page are all made from it.
type Spec struct {
	Name string // lower case; of a sub-command, its own name only
	// Arity counts the name too (and the container's name, for sub-commands); negative: at least that many.
	Arity int
	Flags Flags
	Keys  []KeySpec
	Group Group
	// ACL lists categories besides those that follow from Flags and Group.
	ACL []string
	// Hints are COMMAND's tips ("nondeterministic_output", "request_policy:all_shards").
	Hints []string
	Since string // the Redis version that brought it, or of ours
	// Summary is one sentence without a full stop, in our own words.
	Summary    string
	Complexity string
	// Syntax is what follows the name, in the usual notation:
	//   key value [NX|XX] [GET] [EX seconds|PX milliseconds|KEEPTTL]
	// COMMAND DOCS' argument tree is made from it.
	Syntax string
	Sub    []Spec
	Run    Handler
	// MayWrite, where it is set, says for a Revocable row whether these arguments
	// may lead to writes, so that CLIENT PAUSE WRITE lets scripts go on that do not.
	MayWrite func(args [][]byte) bool
	// Wide, where it is set, says for a Revocable row whether these arguments are
	// known to lead outside the keys that they declare: then all is locked from the
	// start. Otherwise only those keys' shards are, also when there are none.
	Wide func(args [][]byte) bool

	// Element is which argument names an element (field, member) of the collection at
	// argument 1, 0 for none: in a batch these are fetched into the cache ahead.
	Element int

	parent *Spec
	stats  *Stats
}

// Stats counts a command's executions. It is safe for concurrent use.
type Stats struct {
	Calls, Rejected, Failed atomic.Int64
	Usec                    atomic.Int64 // microseconds spent in it
}

// Stats returns the row's counters. Rows have them once they are in a table.
func (s *Spec) Stats() *Stats { return s.stats }

// FullName is the name as Redis writes it: "get", "config|get".
func (s *Spec) FullName() string {
	if s.parent != nil {
		return s.parent.Name + "|" + s.Name
	}
	return s.Name
}

// Parent is the container of a sub-command, or nil.
func (s *Spec) Parent() *Spec { return s.parent }

// Is reports whether all of f is set.
func (s *Spec) Is(f Flags) bool { return s.Flags&f == f }

// Any reports whether any of f is set.
func (s *Spec) Any(f Flags) bool { return s.Flags&f != 0 }

// ArityOK reports whether n arguments, the name included, are a right number.
func (s *Spec) ArityOK(n int) bool {
	if s.Arity < 0 {
		return n >= -s.Arity
	}
	return n == s.Arity
}
