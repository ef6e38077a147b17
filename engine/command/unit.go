package command

import (
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Record is one command of the log: what to execute at replay, and in which
// database. It is an alias of an unnamed type, so that the engine's journal and
// package persist agree on it without knowing each other.
type Record = struct {
	DB   int
	Args [][]byte
}

// Change is one modification of a key inside a unit.
type Change struct {
	DB    int
	Key   []byte // nil: the whole database was emptied or swapped
	Class hook.Class
	Event string // Redis' keyspace event name; "" for a change without an event
	Depth int    // hooks that led to it
}

// Interest says which consequences of a change anybody waits for, so that a
// unit gathers no more than is needed.
type Interest uint8

// The consequences of a change.
const (
	WantKeys   Interest = 1 << iota // watched keys, blocked clients, client-side caches
	WantEvents                      // notifications and hooks
	WantNew                         // events of class n
)

// Engine is what a unit needs of the engine that runs it.
type Engine interface {
	// Exec runs a command inside the unit of c, as scripts and atomic hooks do:
	// its effects join the unit's. The error is the command's error reply.
	Exec(c *Call, args [][]byte, reply wire.Reply) error
	// ExpireIn expires a key, when it is due, as the engine does with the keys of
	// the caller's database that a row declares. See Call.ExpireIn.
	ExpireIn(c *Call, db int, key []byte) error
}

// Unit is what happens atomically: one command, a MULTI/EXEC, a script, an
// expiry with its atomic hooks. It has one set of locks, one group of log
// records, one end. The engine begins and ends it; handlers reach it through
// their Call.
type Unit struct {
	// NowMs is the unit's time, Unix milliseconds. It stands still inside a unit.
	NowMs int64
	// Depth counts the hooks that led to this unit.
	Depth int
	// Client is on whose behalf the unit runs, nil for the engine itself.
	Client Client
	Want   Interest
	Engine Engine
	Space  *keyspace.Keyspace

	// All is set when every shard is locked; otherwise Held lists the locked
	// shards in ascending order.
	All  bool
	Held []int
	// Hooks says which atomic hooks there were when the locks were chosen: a count
	// of their changes.
	Hooks int64
	// Unhooked is set when no atomic hook on key events wants what the unit may change.
	Unhooked bool
	// Narrow is set once the unit no longer takes more locks for the sake of atomic hooks:
	// those that come then are for later units.
	Narrow bool

	// Tallied is set when who runs the unit counts what it has changed.
	Tallied bool

	// Records is the group for the log; Changes what happened to keys; Events
	// what else to publish at the end.
	Records []Record
	Changes []Change
	Events  []hook.Event
	// Dirty counts changes, also those that nobody waits for.
	Dirty int
	// Late counts values that were removed and whose memory is given back later.
	Late int
	// Recording is set while the held shards keep pre-images.
	Recording bool

	runs  [4]runs  // of commands inside, not yet in their rows' counters
	arena []byte   // copies of keys and arguments that outlive their call
	slots [][]byte // argument vectors of records
}

// Holds reports whether the unit has locked the shard.
func (u *Unit) Holds(shard int) bool {
	if u.All {
		return true
	}
	for _, s := range u.Held {
		if s == shard {
			return true
		}
	}
	return false
}

// runs is how often a command has run inside a unit.
type runs struct {
	spec *Spec
	n    int64
}

// CountRun counts a run of a command inside the unit. The row's counter, which all
// processors share, gets it with CountRuns, or when others take its place.
func (u *Unit) CountRun(s *Spec) {
	for i := range u.runs {
		r := &u.runs[i]
		if r.spec == nil {
			r.spec = s
		}
		if r.spec == s {
			r.n++
			return
		}
	}
	u.CountRuns()
	u.runs[0] = runs{s, 1}
}

// CountRuns brings the rows' counters up to date.
func (u *Unit) CountRuns() {
	for i := range u.runs {
		r := &u.runs[i]
		if r.spec == nil {
			return
		}
		r.spec.Stats().Calls.Add(r.n)
		*r = runs{}
	}
}

// NoteNew adds a change of class n for each key that has come into being since
// the last time.
func (u *Unit) NoteNew() {
	if u.All {
		for i := range u.Space.Shards() {
			u.noteNewIn(i)
		}
		return
	}
	for _, i := range u.Held {
		u.noteNewIn(i)
	}
}

func (u *Unit) noteNewIn(shard int) {
	for _, k := range u.Space.Shard(shard).TakeCreated() {
		u.Changes = append(u.Changes, Change{DB: k.DB, Key: k.Key, Class: hook.New, Event: "new", Depth: u.Depth})
	}
}

// Reset makes the unit ready for its next use, keeping its buffers and its
// depth, which belongs to who runs it.
func (u *Unit) Reset() {
	clear(u.Events)
	if cap(u.Records) > maxKept || cap(u.Changes) > maxKept || cap(u.Events) > maxKept || cap(u.slots) > maxKept {
		u.Records, u.Changes, u.Events, u.slots = nil, nil, nil, nil
	}
	u.All, u.Held, u.Records = false, u.Held[:0], u.Records[:0]
	u.Changes, u.Events, u.Dirty, u.Late = u.Changes[:0], u.Events[:0], 0, 0
	u.Recording, u.Unhooked, u.Narrow, u.Tallied = false, false, false, false
	if cap(u.arena) > maxArena {
		u.arena = nil
	}
	u.arena, u.slots = u.arena[:0], u.slots[:0]
}

// Next begins another unit under the same locks and at the same time, after one
// whose changes and events somebody still has.
func (u *Unit) Next() {
	u.Changes, u.Events = nil, nil
	u.Records, u.Dirty, u.Late, u.Depth, u.Client = u.Records[:0], 0, 0, 0, nil
	u.Recording, u.Unhooked, u.Narrow, u.Tallied = false, false, false, false
}

// What an idle unit keeps after a large one: bytes of copies, elements of each
// list.
const (
	maxArena = 1 << 20
	maxKept  = 1 << 12
)

// Mark is a position in what the unit has gathered, for Truncate.
type Mark struct{ records, changes, events, dirty int }

// Mark returns the present position.
func (u *Unit) Mark() Mark {
	return Mark{len(u.Records), len(u.Changes), len(u.Events), u.Dirty}
}

// Truncate forgets what was gathered since m. The engine calls it together
// with the rollback of the keyspace.
func (u *Unit) Truncate(m Mark) {
	u.Records, u.Changes, u.Events, u.Dirty = u.Records[:m.records], u.Changes[:m.changes], u.Events[:m.events], m.dirty
}

// Keep copies b into memory that lives until the unit has ended.
func (u *Unit) Keep(b []byte) []byte {
	if len(b) > maxArena/4 {
		return append([]byte(nil), b...)
	}
	if cap(u.arena)-len(u.arena) < len(b) {
		u.arena = make([]byte, 0, max(2*cap(u.arena), 4096, len(b))) // the old one lives on in what it gave out
	}
	start := len(u.arena)
	u.arena = append(u.arena, b...)
	return u.arena[start:len(u.arena):len(u.arena)]
}

// Log adds a record to the unit's group. args and the slice itself must live
// until the unit has ended.
func (u *Unit) Log(db int, args [][]byte) {
	u.Records = append(u.Records, Record{DB: db, Args: args})
}

// vector returns an argument vector of n elements that lives until the unit
// has ended.
func (u *Unit) vector(n int) [][]byte {
	if cap(u.slots)-len(u.slots) < n {
		u.slots = make([][]byte, 0, max(2*cap(u.slots), 64, n))
	}
	start := len(u.slots)
	u.slots = u.slots[:start+n]
	return u.slots[start : start+n : start+n]
}
