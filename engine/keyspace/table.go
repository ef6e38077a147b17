package keyspace

import "container/heap"

// record is one key with its value.
type record struct {
	key      string
	typ      Type
	conv     bool // sticky: the encoding was once the large one
	deadline int64
	dueAt    int64 // when the index delivers it
	duePos   int   // position in the index + 1; 0: not in it
	access   uint32
	val      collection
	size     int64 // bytes accounted for it
}

// collection is what a record holds: *str, *dict (hash, set), *zset or *list.
type collection interface {
	clone() collection
	bytes() int64
}

// segments is the number of parts of a table, each a range of hashes, that SCAN walks one by one.
const segments = 256

// table is the content of one database in one shard.
type table struct {
	db   int
	segs [segments]map[string]*record
	n    int
	due  dueHeap
}

func newTable(db int) *table { return &table{db: db} }

func segmentOf(key string) int { return int(seededHash(1, []byte(key)) >> 56) }

func (t *table) get(key []byte) *record {
	return t.segs[seededHash(1, key)>>56][string(key)]
}

func (t *table) put(r *record) {
	i := segmentOf(r.key)
	if t.segs[i] == nil {
		t.segs[i] = map[string]*record{}
	}
	t.segs[i][r.key] = r
	t.n++
}

func (t *table) remove(r *record) {
	delete(t.segs[segmentOf(r.key)], r.key)
	t.n--
	t.unindex(r)
}

func (t *table) index(r *record, at int64) {
	r.dueAt = at
	heap.Push(&t.due, r)
}

func (t *table) unindex(r *record) {
	if r.duePos != 0 {
		heap.Remove(&t.due, r.duePos-1)
	}
}

func (t *table) expires() int {
	n := 0
	for _, m := range t.segs {
		for _, r := range m {
			if r.deadline != 0 {
				n++
			}
		}
	}
	return n
}

type dueHeap []*record

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].dueAt < h[j].dueAt }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].duePos, h[j].duePos = i+1, j+1
}
func (h *dueHeap) Push(x any) {
	r := x.(*record)
	*h = append(*h, r)
	r.duePos = len(*h)
}
func (h *dueHeap) Pop() any {
	old := *h
	r := old[len(old)-1]
	*h = old[:len(old)-1]
	r.duePos = 0
	return r
}
