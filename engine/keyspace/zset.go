package keyspace

import (
	"slices"
	"sort"
)

// ZSetHandle gives access to one sorted set, as HashHandle does to a hash. The order is by score,
// then by the member's bytes. -0 is stored as 0; NaN is the caller's error to refuse.
type ZSetHandle struct{ handle }

// ZSet returns a handle of the sorted set at key; ok is false when the key holds another type. key
// must stay unchanged while the handle is in use.
func (d *DB) ZSet(key []byte) (h ZSetHandle, ok bool) {
	h.handle, ok = d.handle(key, ZSet)
	return h, ok
}

func (h *ZSetHandle) zset() *zset {
	r := h.rec()
	if r == nil {
		return &zset{}
	}
	return r.val.(*zset)
}

// Len returns the number of members.
func (h *ZSetHandle) Len() int { return len(h.zset().items) }

// Score returns the member's score.
func (h *ZSetHandle) Score(m []byte) (float64, bool) {
	score, ok := h.zset().score[string(m)]
	return score, ok
}

// Set gives the member this score and reports whether it is new.
func (h *ZSetHandle) Set(m []byte, score float64) (created bool) {
	if score == 0 {
		score = 0 // -0 compares equal and becomes 0
	}
	r := h.write(ZSet, func() collection { return newZSet() })
	v := r.val.(*zset)
	if created = v.set(m, score); created {
		r.conv = r.conv || h.d.s.limits.zsetConverts(len(v.items), len(m))
	}
	h.wrote(r, len(v.items))
	return created
}

// Remove removes the member and reports whether it was there.
func (h *ZSetHandle) Remove(m []byte) bool {
	if _, ok := h.Score(m); !ok {
		return false
	}
	r := h.write(ZSet, nil)
	v := r.val.(*zset)
	v.del(m)
	h.wrote(r, len(v.items))
	return true
}

// Rank returns how many members come before this one.
func (h *ZSetHandle) Rank(m []byte) (int, bool) {
	v := h.zset()
	score, ok := v.score[string(m)]
	if !ok {
		return 0, false
	}
	return v.find(zitem{score, string(m)}), true
}

// At returns the member of this rank, which is in range.
func (h *ZSetHandle) At(rank int) (m []byte, score float64) {
	it := h.zset().items[rank]
	return bytesOf(it.member), it.score
}

// CountLess returns how many members have a score below the given one, or not above it with orEqual.
func (h *ZSetHandle) CountLess(score float64, orEqual bool) int {
	items := h.zset().items
	return sort.Search(len(items), func(i int) bool {
		return items[i].score > score || !orEqual && items[i].score == score
	})
}

// CountLexLess returns how many members are below m by their bytes, or not above it with orEqual. It
// means something only where all scores are equal.
func (h *ZSetHandle) CountLexLess(m []byte, orEqual bool) int {
	items := h.zset().items
	s := string(m)
	return sort.Search(len(items), func(i int) bool {
		return items[i].member > s || !orEqual && items[i].member == s
	})
}

// Range calls fn for n members from this rank on, until it returns false.
func (h *ZSetHandle) Range(rank, n int, fn func(m []byte, score float64) bool) {
	items := h.zset().items
	for ; n > 0 && rank < len(items); rank, n = rank+1, n-1 {
		if !fn(bytesOf(items[rank].member), items[rank].score) {
			return
		}
	}
}

// RangeBack calls fn for n members from this rank downwards, until it returns false.
func (h *ZSetHandle) RangeBack(rank, n int, fn func(m []byte, score float64) bool) {
	items := h.zset().items
	for ; n > 0 && rank >= 0; rank, n = rank-1, n-1 {
		if !fn(bytesOf(items[rank].member), items[rank].score) {
			return
		}
	}
}

// DeleteRange removes n members from this rank on.
func (h *ZSetHandle) DeleteRange(rank, n int) {
	if n <= 0 {
		return
	}
	r := h.write(ZSet, nil)
	v := r.val.(*zset)
	for _, it := range v.items[rank : rank+n] {
		delete(v.score, it.member)
		v.size -= int64(len(it.member))
	}
	v.items = slices.Delete(v.items, rank, rank+n)
	h.wrote(r, len(v.items))
}

// Scan calls fn for the members from cursor on, about count of them, and returns the cursor to go on
// with, 0 at the end. Its guarantee is that of DB.Scan.
func (h *ZSetHandle) Scan(cursor uint64, count int, fn func(m []byte, score float64)) uint64 {
	h.Range(0, h.Len(), func(m []byte, score float64) bool { fn(m, score); return true })
	return 0
}

// Random returns a member, each as likely as another; nil when the set is empty.
func (h *ZSetHandle) Random() (m []byte, score float64) {
	n := h.Len()
	if n == 0 {
		return nil, 0
	}
	return h.At(h.d.s.rng.IntN(n))
}
