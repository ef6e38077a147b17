package keyspace

import (
	"bytes"
	"slices"
	"sort"
	"unsafe"
)

// bytesOf returns the bytes of s without a copy; nobody writes to them.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// str is a string value. Bytes below len are never changed in place, so that clones may share them.
type str struct{ b []byte }

func (v *str) clone() collection { return &str{v.b[:len(v.b):len(v.b)]} }
func (v *str) bytes() int64      { return int64(cap(v.b)) }

// dict is an unordered set of members with values (hash) or without (set).
type dict struct {
	at   map[string]int
	keys []string
	vals [][]byte
	size int64
}

func newDict() *dict { return &dict{at: map[string]int{}} }

func (v *dict) clone() collection {
	c := &dict{at: make(map[string]int, len(v.at)), keys: slices.Clone(v.keys), vals: slices.Clone(v.vals), size: v.size}
	for k, i := range v.at {
		c.at[k] = i
	}
	return c
}

func (v *dict) bytes() int64 { return v.size + 64*int64(len(v.keys)) }

func (v *dict) set(k, val []byte) bool {
	if i, ok := v.at[string(k)]; ok {
		v.size += int64(len(val) - len(v.vals[i]))
		v.vals[i] = bytes.Clone(val)
		return false
	}
	s := string(k)
	v.at[s] = len(v.keys)
	v.keys = append(v.keys, s)
	v.vals = append(v.vals, bytes.Clone(val))
	v.size += int64(len(k) + len(val))
	return true
}

func (v *dict) del(k []byte) bool {
	i, ok := v.at[string(k)]
	if !ok {
		return false
	}
	v.size -= int64(len(k) + len(v.vals[i]))
	last := len(v.keys) - 1
	v.keys[i], v.vals[i] = v.keys[last], v.vals[last]
	v.at[v.keys[i]] = i
	v.keys, v.vals = v.keys[:last], v.vals[:last]
	delete(v.at, string(k))
	return true
}

// zitem is an element of a sorted set.
type zitem struct {
	score  float64
	member string
}

func (a zitem) less(b zitem) bool {
	return a.score < b.score || a.score == b.score && a.member < b.member
}

// zset is a sorted slice with an index of scores.
type zset struct {
	score map[string]float64
	items []zitem
	size  int64
}

func newZSet() *zset { return &zset{score: map[string]float64{}} }

func (v *zset) clone() collection {
	c := &zset{score: make(map[string]float64, len(v.score)), items: slices.Clone(v.items), size: v.size}
	for m, s := range v.score {
		c.score[m] = s
	}
	return c
}

func (v *zset) bytes() int64 { return v.size + 64*int64(len(v.items)) }

func (v *zset) find(it zitem) int {
	return sort.Search(len(v.items), func(i int) bool { return !v.items[i].less(it) })
}

func (v *zset) set(m []byte, score float64) bool {
	old, had := v.score[string(m)]
	it := zitem{score, string(m)}
	if had {
		if old == score {
			return false
		}
		i := v.find(zitem{old, it.member})
		v.items = slices.Delete(v.items, i, i+1)
	} else {
		v.size += int64(len(m))
	}
	v.items = slices.Insert(v.items, v.find(it), it)
	v.score[it.member] = score
	return !had
}

func (v *zset) del(m []byte) bool {
	score, ok := v.score[string(m)]
	if !ok {
		return false
	}
	i := v.find(zitem{score, string(m)})
	v.items = slices.Delete(v.items, i, i+1)
	delete(v.score, string(m))
	v.size -= int64(len(m))
	return true
}

// list is a slice with room at its front.
type list struct {
	items [][]byte
	head  int
	size  int64
}

func (v *list) clone() collection {
	return &list{items: slices.Clone(v.items[v.head:]), size: v.size}
}

func (v *list) bytes() int64 { return v.size + 24*int64(len(v.items)-v.head) }

func (v *list) live() [][]byte { return v.items[v.head:] }

func (v *list) pushFront(b []byte) {
	if v.head == 0 {
		room := len(v.items)/2 + 8
		v.items = append(make([][]byte, room, room+len(v.items)), v.items...)
		v.head = room
	}
	v.head--
	v.items[v.head] = bytes.Clone(b)
	v.size += int64(len(b))
}

func (v *list) insert(i int, b []byte) {
	v.items = slices.Insert(v.items, v.head+i, bytes.Clone(b))
	v.size += int64(len(b))
}

func (v *list) set(i int, b []byte) {
	v.size += int64(len(b) - len(v.items[v.head+i]))
	v.items[v.head+i] = bytes.Clone(b)
}

func (v *list) cut(i, n int) {
	for _, b := range v.live()[i : i+n] {
		v.size -= int64(len(b))
	}
	if i == 0 {
		clear(v.items[v.head : v.head+n])
		v.head += n
		return
	}
	v.items = slices.Delete(v.items, v.head+i, v.head+i+n)
}
