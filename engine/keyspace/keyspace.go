// Package keyspace holds the data: databases of records split over shards, their deadlines, the
// frozen view that a rewrite dumps, and the pre-images that undo a unit.
//
// It knows keys, the value types and time as a number that it is told. It must not know a clock,
// I/O, goroutines or who locks what: every method of a Shard, a DB or a handle is called with that
// shard's lock held by the caller, unless its comment says otherwise. Slices handed out are valid
// until the next write to the shard, and only while the keyspace is reachable: they may point to memory
// that the collector does not know. Keys and values given in are copied.
//
// A shard has a table for each database. A table is a directory of buckets (bucket.go, split.go) that
// leads from a key's hash to its record (record.go), which lies in a page of slots of one size
// (page.go, compact.go); a wheel that knows the deadlines (wheel.go, due.go); and the Go objects of
// values that are too large for a record (large.go, and the packages hash, set, list, zset and stream). A
// view (view.go, capture.go) and an undo log (undo.go) live from one call, Shard.before, that every
// write makes first.
package keyspace

import (
	"hash/maphash"
	"math/rand/v2"
)

// Type is the type of a value.
type Type uint8

// The types of values. None is the type of a key that does not exist.
const (
	None Type = iota
	String
	List
	Set
	ZSet
	Hash
	Stream
)

var typeNames = [...]string{"none", "string", "list", "set", "zset", "hash", "stream"}

// String returns the name that Redis' TYPE command prints.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// Limits are the thresholds by which OBJECT ENCODING tells a small collection from a large one. They
// decide what is reported, never how a value is really laid out.
type Limits struct {
	HashEntries int  // hash-max-listpack-entries
	HashValue   int  // hash-max-listpack-value, bytes of a field or value
	ListSize    int  // list-max-listpack-size; negative -1..-5 stands for 4..64 KiB
	SetIntset   int  // set-max-intset-entries
	ZSetEntries int  // zset-max-listpack-entries
	ZSetValue   int  // zset-max-listpack-value, bytes of a member
	LFULog      int  // lfu-log-factor: how many accesses it takes to raise the counter
	LFUDecay    int  // lfu-decay-time: minutes after which it falls by one; 0: never
	LFU         bool // the access byte counts frequency (maxmemory-policy *-lfu): OBJECT FREQ
}

// DefaultLimits are Redis' defaults.
func DefaultLimits() Limits {
	return Limits{HashEntries: 512, HashValue: 64, ListSize: -2, SetIntset: 512, ZSetEntries: 128, ZSetValue: 64, LFULog: 10, LFUDecay: 1}
}

// Options are the parameters of New.
type Options struct {
	Shards    int    // a power of two; 0 is 1
	Databases int    // 0 is 16
	Seed      uint64 // of the key hash and of random choices; 0 takes random ones. Not 0 only in tests
	Limits    Limits // the zero value is DefaultLimits
	BornMs    int64  // the time now, for what happens before the first SetNow: loading a log
}

// Keyspace is the whole of the data: Databases databases, each split over Shards shards by key hash.
type Keyspace struct {
	shards    []*Shard
	databases int
	seed      uint64
	hashSeed  maphash.Seed
	fakeHash  func(key []byte) uint64 // in tests of hashes that do not spread
}

// New returns an empty keyspace. It panics when Shards is not a power of two.
func New(o Options) *Keyspace {
	if o.Shards == 0 {
		o.Shards = 1
	}
	if o.Databases == 0 {
		o.Databases = 16
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Shards < 0 || o.Shards&(o.Shards-1) != 0 {
		panic("keyspace: the number of shards is not a power of two")
	}
	k := &Keyspace{databases: o.Databases, seed: o.Seed, hashSeed: maphash.MakeSeed()}
	k.shards = make([]*Shard, o.Shards)
	for i := range k.shards {
		k.shards[i] = newShard(k, i, o)
	}
	return k
}

func newRand(seed uint64, shard int) *rand.Rand {
	if seed == 0 {
		return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return rand.New(rand.NewPCG(seed, uint64(shard)))
}

// HashKey returns the key's hash under this process' seed. It needs no lock.
func (k *Keyspace) HashKey(key []byte) uint64 {
	if k.seed == 0 {
		return maphash.Bytes(k.hashSeed, key)
	}
	if k.fakeHash != nil {
		return k.fakeHash(key)
	}
	return seededHash(k.seed, key)
}

// seededHash is FNV-1a with a final mix: repeatable from run to run, for tests.
func seededHash(seed uint64, key []byte) uint64 {
	h := seed ^ 0xcbf29ce484222325
	for _, c := range key {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// shardShift is where the bits that choose the shard begin: above those that choose bucket and tag
// and below those that choose the segment, so that all of them stay independent.
const shardShift = 16

// ShardOf returns the shard that holds keys of this hash. It needs no lock.
func (k *Keyspace) ShardOf(hash uint64) int {
	return int(hash>>shardShift) & (len(k.shards) - 1)
}

// Shards returns the number of shards.
func (k *Keyspace) Shards() int { return len(k.shards) }

// Shard returns shard i.
func (k *Keyspace) Shard(i int) *Shard { return k.shards[i] }

// Databases returns the number of databases.
func (k *Keyspace) Databases() int { return k.databases }

// SetLimits changes the encoding thresholds. All shards' locks are held.
func (k *Keyspace) SetLimits(l Limits) {
	for _, s := range k.shards {
		s.limits = l
	}
}

// SwapDB exchanges the contents of two databases. All shards' locks are held; each shard's undo log,
// where one is recording, can take it back.
func (k *Keyspace) SwapDB(i, j int) {
	for _, s := range k.shards {
		s.swap(i, j)
		s.undo.noteSwap(s, i, j)
	}
}

// Used returns the bytes that the data takes: tables, records and values. Any goroutine may call it
// without a lock.
func (k *Keyspace) Used() int64 {
	var n int64
	for _, s := range k.shards {
		n += s.used.Load()
	}
	return n
}
