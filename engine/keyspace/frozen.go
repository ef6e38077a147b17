package keyspace

import (
	"github.com/kevy-lua/kevy-lua/engine/keyspace/hash"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/list"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/set"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/zset"
)

// Frozen is an immutable record. It is read without a lock, until Release.
type Frozen struct {
	DB       int
	Key      []byte
	Type     Type
	Deadline int64 // Unix ms; 0: none
	val      []byte
	snap     *snapshot // of a large value, nil for one inside the record
	conv     bool
}

// frozenOf reads a copy of a record.
func frozenOf(db int, r rec, snap *snapshot) Frozen {
	f := Frozen{DB: db, Type: r.typ(), Deadline: r.deadline(), snap: snap, conv: r.has(flagConv)}
	var out bool
	if f.Key, _, out = r.inlineKey(); out {
		f.Key = snap.key
	}
	if snap == nil {
		f.val = r.value()
	} else {
		f.val = snap.str
	}
	return f
}

// Freeze returns the record of key as it is now, also of one that is due and hidden.
func (d *DB) Freeze(key []byte) (Frozen, bool) {
	_, r, ok := d.t.find(d.s.hash(key), key)
	if !ok {
		return Frozen{}, false
	}
	raw := append(rec(nil), r[:r.size()]...)
	var snap *snapshot
	if r.has(flagLarge) {
		s := d.t.snapshot(r.largeNo())
		snap = &s
	}
	return frozenOf(d.id, raw, snap), true
}

// Str returns the value of a string, nil for other types.
func (f *Frozen) Str() []byte {
	if f.Type != String {
		return nil
	}
	return f.val
}

// Release gives back what the frozen record holds; it is not read afterwards. It needs no lock and
// may be called more than once.
func (f *Frozen) Release() {
	if f.snap != nil {
		f.snap.release()
	}
	f.snap, f.val = nil, nil
}

// Len returns the number of elements of a collection, of bytes of a string.
func (f *Frozen) Len() int {
	if f.Type == String {
		return len(f.val)
	}
	if f.snap != nil {
		return f.snap.col.(interface{ Len() int }).Len()
	}
	switch f.Type {
	case Hash:
		return hash.Packed(f.val).Len()
	case Set:
		return set.Packed(f.val).Len()
	case List:
		return list.Packed(f.val).Len()
	case ZSet:
		return zset.Packed(f.val).Len()
	}
	return 0
}
