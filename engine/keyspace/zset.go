package keyspace

import "github.com/kevy-lua/kevy-lua/engine/keyspace/zset"

// ZSetHandle gives access to one sorted set, as HashHandle does to a hash. The order is by score,
// then by the member's bytes. -0 is stored as 0; NaN is the caller's error to refuse.
type ZSetHandle struct{ handle }

// ZSet returns a handle of the sorted set at key; ok is false when the key holds another type. key
// must stay unchanged while the handle is in use.
func (d *DB) ZSet(key []byte) (h ZSetHandle, ok bool) {
	h.handle, ok = d.handle(key, ZSet)
	return h, ok
}

func (h *ZSetHandle) large() *zset.ZSet {
	if v, ok := h.col().(largeZSet); ok {
		return v.ZSet
	}
	return nil
}

// Len returns the number of members.
func (h *ZSetHandle) Len() int {
	if v := h.large(); v != nil {
		return v.Len()
	}
	return 0
}

// Score returns the member's score.
func (h *ZSetHandle) Score(m []byte) (float64, bool) {
	if v := h.large(); v != nil {
		return v.Score(m)
	}
	return 0, false
}

// Set gives the member this score and reports whether it is new.
func (h *ZSetHandle) Set(m []byte, score float64) (created bool) {
	v := h.large()
	if v == nil {
		v = zset.New(h.d.s.ks.hashSeed)
		h.create(ZSet, largeZSet{v})
	} else {
		h.save()
	}
	created = v.Set(m, score)
	h.wrote(v.Len(), created && h.d.s.limits.zsetConverts(v.Len(), len(m)))
	return created
}

// Remove removes the member and reports whether it was there.
func (h *ZSetHandle) Remove(m []byte) bool {
	if _, ok := h.Score(m); !ok {
		return false
	}
	h.save()
	v := h.large()
	v.Remove(m)
	h.wrote(v.Len(), false)
	return true
}

// Rank returns how many members come before this one.
func (h *ZSetHandle) Rank(m []byte) (int, bool) {
	if v := h.large(); v != nil {
		return v.Rank(m)
	}
	return 0, false
}

// At returns the member of this rank, which is in range.
func (h *ZSetHandle) At(rank int) (m []byte, score float64) { return h.large().At(rank) }

// CountLess returns how many members have a score below the given one, or not above it with orEqual.
func (h *ZSetHandle) CountLess(score float64, orEqual bool) int {
	if v := h.large(); v != nil {
		return v.CountLess(score, orEqual)
	}
	return 0
}

// CountLexLess returns how many members are below m by their bytes, or not above it with orEqual. It
// means something only where all scores are equal.
func (h *ZSetHandle) CountLexLess(m []byte, orEqual bool) int {
	if v := h.large(); v != nil {
		return v.CountLexLess(m, orEqual)
	}
	return 0
}

// Range calls fn for n members from this rank on, until it returns false.
func (h *ZSetHandle) Range(rank, n int, fn func(m []byte, score float64) bool) {
	if v := h.large(); v != nil && n > 0 && rank < v.Len() {
		v.Range(rank, n, fn)
	}
}

// RangeBack calls fn for n members from this rank downwards, until it returns false.
func (h *ZSetHandle) RangeBack(rank, n int, fn func(m []byte, score float64) bool) {
	if v := h.large(); v != nil && n > 0 && rank >= 0 {
		v.RangeBack(rank, n, fn)
	}
}

// DeleteRange removes n members from this rank on.
func (h *ZSetHandle) DeleteRange(rank, n int) {
	v := h.large()
	if n <= 0 || v == nil {
		return
	}
	h.save()
	v.DeleteRange(rank, n)
	h.wrote(v.Len(), false)
}

// Scan calls fn for the members from cursor on, about count of them, and returns the cursor to go on
// with, 0 at the end. Its guarantee is that of DB.Scan.
func (h *ZSetHandle) Scan(cursor uint64, count int, fn func(m []byte, score float64)) uint64 {
	if v := h.large(); v != nil {
		return v.Scan(cursor, count, fn)
	}
	return 0
}

// Random returns a member, each as likely as another; nil when the set is empty.
func (h *ZSetHandle) Random() (m []byte, score float64) {
	if v := h.large(); v != nil {
		return v.Random(h.d.s.rng)
	}
	return nil, 0
}

// RangeZSet calls fn for all members of a sorted set, in order, until it returns false.
func (f *Frozen) RangeZSet(fn func(m []byte, score float64) bool) {
	if f.Type == ZSet {
		v := f.snap.col.(*zset.View)
		v.Range(0, v.Len(), fn)
	}
}
