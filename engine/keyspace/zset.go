package keyspace

import (
	"math/rand/v2"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/zset"
)

// ZSetHandle gives access to one sorted set, as HashHandle does to a hash. The order is by score,
// then by the member's bytes. -0 is stored as 0; NaN is the caller's error to refuse.
type ZSetHandle struct{ handle }

// ZSet returns a handle of the sorted set at key; ok is false when the key holds another type. key
// must stay unchanged while the handle is in use.
func (d *DB) ZSet(key []byte) (h ZSetHandle, ok bool) {
	ok = h.open(d, key, ZSet)
	return h, ok
}

func (h *ZSetHandle) large() *zset.ZSet {
	if v, ok := h.col().(largeZSet); ok {
		return v.ZSet
	}
	return nil
}

func (h *ZSetHandle) small() zset.Packed { return h.packed() }

// sorted is what the large and the packed form have in common.
type sorted interface {
	Len() int
	Score(m []byte) (float64, bool)
	Rank(m []byte) (int, bool)
	At(rank int) ([]byte, float64)
	CountLess(score float64, orEqual bool) int
	CountLexLess(m []byte, orEqual bool) int
	Range(rank, n int, fn func(m []byte, score float64) bool)
	RangeBack(rank, n int, fn func(m []byte, score float64) bool)
	Random(r *rand.Rand) ([]byte, float64)
}

func (h *ZSetHandle) sorted() sorted {
	if v := h.large(); v != nil {
		return v
	}
	return h.small()
}

// Len returns the number of members.
func (h *ZSetHandle) Len() int {
	if v := h.large(); v != nil {
		return v.Len()
	}
	return h.small().Len()
}

// Score returns the member's score.
func (h *ZSetHandle) Score(m []byte) (float64, bool) {
	if v := h.large(); v != nil {
		return v.Score(m)
	}
	return h.small().Score(m)
}

// Set gives the member this score and reports whether it is new.
func (h *ZSetHandle) Set(m []byte, score float64) (created bool) {
	limits := &h.d.s.limits
	if score == 0 {
		score = 0 // -0 becomes 0
	}
	v := h.large()
	if v != nil {
		h.save()
		created = v.Set(m, score)
		h.wrote(v.Len(), created && limits.zsetConverts(v.Len(), len(m)))
		return created
	}
	p := h.small()
	if h.outgrows(p, p.Len()+1, len(m)) {
		v = p.Large(h.d.s.ks.hashSeed)
		created = v.Set(m, score)
		h.promote(ZSet, largeZSet{v}, created && limits.zsetConverts(v.Len(), len(m)))
		return created
	}
	p, created = zset.Packed(h.room(len(m)+itemHead)).Set(m, score)
	h.store(ZSet, p, p.Len(), created && limits.zsetConverts(p.Len(), len(m)))
	return created
}

// Fill sets n members, of which at returns one by one, valid until it is called again; none of them
// comes twice. A sorted set that does not exist yet is built at once, the faster if they come in order.
func (h *ZSetHandle) Fill(n int, at func(i int) (m []byte, score float64)) {
	if n < fillFrom || h.Len() > 0 {
		for i := range n {
			h.Set(at(i))
		}
		return
	}
	longest := 0
	for i := range n {
		m, _ := at(i)
		longest = max(longest, len(m))
	}
	h.promote(ZSet, largeZSet{zset.Build(h.d.s.ks.hashSeed, n, at)}, h.d.s.limits.zsetConverts(n, longest))
}

// Remove removes the member and reports whether it was there.
func (h *ZSetHandle) Remove(m []byte) bool {
	if _, ok := h.Score(m); !ok {
		return false
	}
	m = h.own(m)
	if v := h.large(); v != nil {
		h.save()
		v.Remove(m)
		h.wrote(v.Len(), false)
		return true
	}
	p, _ := zset.Packed(h.room(0)).Remove(m)
	h.store(ZSet, p, p.Len(), false)
	return true
}

// Rank returns how many members come before this one.
func (h *ZSetHandle) Rank(m []byte) (int, bool) { return h.sorted().Rank(m) }

// At returns the member of this rank, which is in range.
func (h *ZSetHandle) At(rank int) (m []byte, score float64) { return h.sorted().At(rank) }

// CountLess returns how many members have a score below the given one, or not above it with orEqual.
func (h *ZSetHandle) CountLess(score float64, orEqual bool) int {
	return h.sorted().CountLess(score, orEqual)
}

// CountLexLess returns how many members are below m by their bytes, or not above it with orEqual. It
// means something only where all scores are equal.
func (h *ZSetHandle) CountLexLess(m []byte, orEqual bool) int {
	return h.sorted().CountLexLess(m, orEqual)
}

// Range calls fn for n members from this rank on, until it returns false.
func (h *ZSetHandle) Range(rank, n int, fn func(m []byte, score float64) bool) {
	if n = min(n, h.Len()-rank); n > 0 {
		h.sorted().Range(rank, n, fn)
	}
}

// RangeBack calls fn for n members from this rank downwards, until it returns false.
func (h *ZSetHandle) RangeBack(rank, n int, fn func(m []byte, score float64) bool) {
	if n = min(n, rank+1); n > 0 {
		h.sorted().RangeBack(rank, n, fn)
	}
}

// DeleteRange removes n members from this rank on.
func (h *ZSetHandle) DeleteRange(rank, n int) {
	if n = min(n, h.Len()-rank); n <= 0 {
		return
	}
	if v := h.large(); v != nil {
		h.save()
		v.DeleteRange(rank, n)
		h.wrote(v.Len(), false)
		return
	}
	p := zset.Packed(h.room(0)).DeleteRange(rank, n)
	h.store(ZSet, p, p.Len(), false)
}

// Scan calls fn for the members from cursor on, about count of them, and returns the cursor to go on
// with, 0 at the end. Its guarantee is that of DB.Scan.
func (h *ZSetHandle) Scan(cursor uint64, count int, fn func(m []byte, score float64)) uint64 {
	if v := h.large(); v != nil {
		return v.Scan(cursor, count, fn)
	}
	h.Range(0, h.Len(), func(m []byte, score float64) bool { fn(m, score); return true })
	return 0
}

// Random returns a member, each as likely as another; nil when the set is empty.
func (h *ZSetHandle) Random() (m []byte, score float64) {
	if h.Len() == 0 {
		return nil, 0
	}
	return h.sorted().Random(h.d.s.rng)
}

// RangeZSet calls fn for all members of a sorted set, in order, until it returns false.
func (f *Frozen) RangeZSet(fn func(m []byte, score float64) bool) {
	switch {
	case f.Type != ZSet:
	case f.snap != nil:
		v := f.snap.col.(*zset.View)
		v.Range(0, v.Len(), fn)
	default:
		p := zset.Packed(f.val)
		p.Range(0, p.Len(), fn)
	}
}
