package command

import (
	"context"
	"math"
	"math/big"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Client is who asks, as far as a handler may know.
type Client interface {
	ID() int64
	Addr() string
	Name() string
	User() string
}

// Call is one execution of a command: what its handler is given. It and the
// slices in it are valid until Run returns.
type Call struct {
	// Context ends when the caller goes away or the engine stops.
	Context context.Context
	Spec    *Spec
	Args    [][]byte // Args[0] is the name; of a sub-command, Args[1] is its name
	Reply   wire.Reply
	DB      int // the caller's database
	Client  Client
	Unit    *Unit
	Config  *config.Config

	// Nested is set for calls from scripts, hooks and MULTI: they must not block.
	Nested bool
	// Replay is set while the log is loaded.
	Replay bool
	// Script is set for calls from a script or function; ReadOnly where such a
	// script must not write.
	Script   bool
	ReadOnly bool
	// AllowOOM is set for calls from a script that may write although memory is
	// used up.
	AllowOOM bool
	// Retry is set when a blocked command is tried again.
	Retry bool

	// Parent is the call inside whose unit this one runs, nil at the top.
	Parent *Call

	logged bool
	block  *Block
	child  *Call // kept for the commands that this one runs, one after the other
	busy   bool  // it is a child in use
}

// NowMs is the unit's time in Unix milliseconds.
func (c *Call) NowMs() int64 { return c.Unit.NowMs }

// In returns the part of the caller's database that holds key.
func (c *Call) In(key []byte) *keyspace.DB { return c.InDB(c.DB, key) }

// InDB returns the part of database db that holds key. The unit must hold the
// key's shard: a handler that touches a key which its row does not declare is
// a programmer's error and panics.
func (c *Call) InDB(db int, key []byte) *keyspace.DB {
	space := c.Unit.Space
	shard := 0
	if space.Shards() > 1 {
		shard = space.ShardOf(space.HashKey(key))
		if !c.Unit.Holds(shard) {
			panic("command: " + c.Spec.FullName() + " touches a key that its row does not declare")
		}
	}
	return space.Shard(shard).DB(db)
}

// String returns the string at key. The slice is valid until the next write.
func (c *Call) String(key []byte) (val []byte, exists bool, err error) {
	val, exists, ok := c.In(key).String(key)
	if !ok {
		return nil, false, wire.ErrWrongType
	}
	return val, exists, nil
}

// Hash returns the hash at key; a missing key is an empty one.
func (c *Call) Hash(key []byte) (h keyspace.HashHandle, err error) {
	h, ok := c.In(key).Hash(key)
	if !ok {
		err = wire.ErrWrongType
	}
	return h, err
}

// List returns the list at key; a missing key is an empty one.
func (c *Call) List(key []byte) (l keyspace.ListHandle, err error) {
	l, ok := c.In(key).List(key)
	if !ok {
		err = wire.ErrWrongType
	}
	return l, err
}

// Set returns the set at key; a missing key is an empty one.
func (c *Call) Set(key []byte) (s keyspace.SetHandle, err error) {
	s, ok := c.In(key).Set(key)
	if !ok {
		err = wire.ErrWrongType
	}
	return s, err
}

// ZSet returns the sorted set at key; a missing key is an empty one.
func (c *Call) ZSet(key []byte) (z keyspace.ZSetHandle, err error) {
	z, ok := c.In(key).ZSet(key)
	if !ok {
		err = wire.ErrWrongType
	}
	return z, err
}

// Stream returns the stream at key; a missing key is an empty one that does not exist.
func (c *Call) Stream(key []byte) (s keyspace.StreamHandle, err error) {
	s, ok := c.In(key).Stream(key)
	if !ok {
		err = wire.ErrWrongType
	}
	return s, err
}

// ExpireIn expires a key of database db, when it is due, with all that belongs
// to an expiry. The engine has done that, before the handler runs, for the keys
// that the row declares in the caller's database; a handler that writes into
// another one calls it before it changes anything, and returns its error. What
// the log then has of it must be followed by the command's own record.
func (c *Call) ExpireIn(db int, key []byte) error { return c.Unit.Engine.ExpireIn(c, db, key) }

// Changed says that the call has modified key in the caller's database, and
// which keyspace event that is. It must be called once for each event; event
// "" counts a change that has none. Without a call of Log, the command itself
// is what the log gets.
func (c *Call) Changed(key []byte, class hook.Class, event string) {
	c.ChangedIn(c.DB, key, class, event)
}

// ChangedIn is Changed for a key of database db.
func (c *Call) ChangedIn(db int, key []byte, class hook.Class, event string) {
	u := c.Unit
	u.Dirty++
	if u.Want&WantNew != 0 {
		u.NoteNew() // comes before what was done with the key
	}
	if u.Want != 0 {
		u.Changes = append(u.Changes, Change{DB: db, Key: u.Keep(key), Class: class, Event: event, Depth: u.Depth})
	}
}

// Flushed says that the call has emptied or swapped a whole database.
func (c *Call) Flushed(db int) {
	u := c.Unit
	u.Dirty++
	if u.Want != 0 {
		u.Changes = append(u.Changes, Change{DB: db, Depth: u.Depth})
	}
}

// Log replaces what the log gets for this call: use it where the arguments do
// not say what happened (a random pop, a relative time). Each call adds one
// record; arguments are copied. Call it only when something has changed.
func (c *Call) Log(args ...[]byte) { c.LogIn(c.DB, args...) }

// LogIn is Log for database db.
func (c *Call) LogIn(db int, args ...[]byte) {
	u := c.Unit
	v := u.vector(len(args))
	for i, a := range args {
		v[i] = u.Keep(a)
	}
	u.Log(db, v)
	c.logged = true
}

// LogNothing says that the change of this call needs no record.
func (c *Call) LogNothing() { c.logged = true }

// Logged reports whether the handler has said what the log gets.
func (c *Call) Logged() bool { return c.logged }

// Emit publishes ev when the unit has ended, unless it is rolled back.
func (c *Call) Emit(ev hook.Event) { c.Unit.Events = append(c.Unit.Events, ev) }

// Do runs another command inside the same unit, as the same client. reply
// receives its values; when the command fails, reply gets nothing and the error is returned.
func (c *Call) Do(reply wire.Reply, args ...[]byte) error {
	return c.Unit.Engine.Exec(c, args, reply)
}

// Block is a handler's wish to wait.
type Block struct {
	// Keys of the caller's database whose change makes the engine try again.
	Keys [][]byte
	// TimeoutMs bounds the wait; 0 waits for ever.
	TimeoutMs int64
	// Gone is set where a key's deletion is to be answered, too.
	Gone bool
	// OnTimeout writes the reply when the wait is over in vain. It is also the
	// answer where a call must not block (MULTI, scripts).
	OnTimeout func(wire.Reply)
}

// Wait ends the handler's turn: the client is parked and the whole command is
// run again, as a unit of its own, whenever one of b.Keys has changed, until it
// answers without waiting or the time is over. The handler must have changed
// and replied nothing, and returns what Wait returns.
func (c *Call) Wait(b Block) error {
	if c.Nested {
		b.OnTimeout(c.Reply)
		return nil
	}
	c.block = &b
	return nil
}

// Waiting returns the handler's wish to wait, or nil.
func (c *Call) Waiting() *Block { return c.block }

// Timeout reads argument i as the timeout of a blocking command: seconds, with
// decimals. It returns milliseconds, at least 1 for what is above 0.
func (c *Call) Timeout(i int) (ms int64, err error) {
	f, ok := ParseFloat(c.Args[i])
	if !ok { // C's long double has more room
		var long *big.Float
		if long, ok = ParseExtended(c.Args[i]); ok {
			f, _ = long.Float64()
			if f == 0 {
				f = math.Copysign(math.SmallestNonzeroFloat64, float64(long.Sign()))
			}
		}
	}
	switch {
	case !ok:
		return 0, wire.ErrTimeout
	case f < 0 || f > maxTimeout: // 7.0 overflows into a negative number
		return 0, wire.ErrNegTimeout
	case f == 0:
		return 0, nil
	}
	return max(int64(f*1000+0.999), 1), nil
}

// maxTimeout in seconds keeps milliseconds within 64 bits.
const maxTimeout = float64(1<<63) / 1000 / 2

// Begin makes c ready for running spec with args, replying to reply; what
// belongs to the unit and the client stays as it is. The engine calls it.
func (c *Call) Begin(spec *Spec, args [][]byte, reply wire.Reply) {
	c.Spec, c.Args, c.Reply, c.logged, c.block = spec, args, reply, false, nil
}

// Child returns a call for running a command inside the unit of c, as the same
// client. It is c's until End. The engine calls it.
func (c *Call) Child(spec *Spec, args [][]byte, reply wire.Reply) *Call {
	n := c.child
	if n == nil || n.busy {
		n = &Call{}
		c.child = n
	}
	n.Context, n.DB, n.Client, n.Unit, n.Config = c.Context, c.DB, c.Client, c.Unit, c.Config
	n.Replay, n.Script, n.ReadOnly, n.AllowOOM, n.Retry = c.Replay, c.Script, c.ReadOnly, c.AllowOOM, c.Retry
	n.Nested, n.Parent, n.busy = true, c, true
	n.Begin(spec, args, reply)
	return n
}

// End says that a child has run.
func (c *Call) End() {
	c.Args, c.Reply, c.block, c.busy = nil, nil, nil, false
}

// SelectDB changes the database of the calls that follow in the same script or
// unit, without touching the client's own.
func (c *Call) SelectDB(db int) {
	c.DB = db
	if c.Parent != nil {
		c.Parent.DB = db
	}
}
