package keyspace

import (
	"fmt"
	"testing"
)

// TestPrefetchElements: whatever the key holds, elements that are there and such that are not can be
// read ahead, more of them than are taken at a time.
func TestPrefetchElements(t *testing.T) {
	k := New(Options{})
	d := k.Shard(0).DB(0)
	elements := make([][]byte, 100)
	for i := range elements {
		elements[i] = fmt.Appendf(nil, "element:%d", i*1000)
	}
	for _, n := range []int{1, 20_000} {
		h, _ := d.Hash(fmt.Appendf(nil, "hash%d", n))
		s, _ := d.Set(fmt.Appendf(nil, "set%d", n))
		z, _ := d.ZSet(fmt.Appendf(nil, "zset%d", n))
		l, _ := d.List(fmt.Appendf(nil, "list%d", n))
		for i := range n {
			e := fmt.Appendf(nil, "element:%d", i)
			h.Set(e, e)
			s.Add(e)
			z.Set(e, float64(i/2))
			l.PushBack(e)
		}
	}
	d.SetString([]byte("string"), make([]byte, elementsFrom), 0)
	d.PrefetchElements([]byte("none"), elements)
	for _, key := range []string{"hash1", "hash20000", "set1", "set20000", "zset1", "zset20000", "list1", "list20000", "string"} {
		before := text(t, d, []byte(key))
		d.PrefetchElements([]byte(key), elements)
		d.PrefetchElements([]byte(key), nil)
		if text(t, d, []byte(key)) != before {
			t.Errorf("%s has changed", key)
		}
	}
}
