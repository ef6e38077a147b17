package keyspace

import (
	"github.com/kevy-lua/kevy-lua/engine/keyspace/hash"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/list"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/set"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/zset"
)

// The large collections, each a copy-on-write structure of its own package.
type (
	largeHash   struct{ *hash.Hash }
	largeSet    struct{ *set.Set }
	largeList   struct{ *list.List }
	largeZSet   struct{ *zset.ZSet }
	largeStream struct{ *stream.Stream }
)

func (v largeHash) freeze() frozenCollection   { return v.Freeze() }
func (v largeHash) restore(f frozenCollection) { v.Restore(f.(*hash.View)) }
func (v largeHash) bytes() int64               { return v.Bytes() }

func (v largeSet) freeze() frozenCollection   { return v.Freeze() }
func (v largeSet) restore(f frozenCollection) { v.Restore(f.(*set.View)) }
func (v largeSet) bytes() int64               { return v.Bytes() }

func (v largeList) freeze() frozenCollection   { return v.Freeze() }
func (v largeList) restore(f frozenCollection) { v.Restore(f.(*list.View)) }
func (v largeList) bytes() int64               { return v.Bytes() }

func (v largeZSet) freeze() frozenCollection   { return v.Freeze() }
func (v largeZSet) restore(f frozenCollection) { v.Restore(f.(*zset.View)) }
func (v largeZSet) bytes() int64               { return v.Bytes() }

func (v largeStream) freeze() frozenCollection   { return v.Freeze() }
func (v largeStream) restore(f frozenCollection) { v.Restore(f.(*stream.View)) }
func (v largeStream) bytes() int64               { return v.Bytes() }

// prefetch reads what lookups of these elements will need; see trie.Prefetch.
func (l *large) prefetch(elements [][]byte) uint64 {
	switch v := l.col.(type) {
	case largeHash:
		return v.Prefetch(elements)
	case largeSet:
		return v.Prefetch(elements)
	case largeZSet:
		return v.Prefetch(elements)
	}
	return 0
}

// copy returns a large value with the same content, in constant time: the two share what neither has
// changed.
func (l *large) copy() *large {
	switch v := l.col.(type) {
	case largeHash:
		return &large{col: largeHash{v.Copy()}}
	case largeSet:
		return &large{col: largeSet{v.Copy()}}
	case largeList:
		return &large{col: largeList{v.Copy()}}
	case largeZSet:
		return &large{col: largeZSet{v.Copy()}}
	case largeStream:
		return &large{col: largeStream{v.Copy()}}
	}
	l.shared = true // appending behind the end is seen by neither
	return &large{str: l.str[:len(l.str):len(l.str)], shared: true}
}

// enlarge makes the value that lies in a record a large one.
func (s *Shard) enlarge(t Type, val []byte) *large {
	seed := s.ks.hashSeed
	switch t {
	case Hash:
		return &large{col: largeHash{hash.Packed(val).Large(seed)}}
	case Set:
		return &large{col: largeSet{set.Packed(val).Large(seed)}}
	case List:
		return &large{col: largeList{list.Packed(val).Large()}}
	case ZSet:
		return &large{col: largeZSet{zset.Packed(val).Large(seed)}}
	}
	return &large{str: append([]byte(nil), val...)}
}
