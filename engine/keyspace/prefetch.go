package keyspace

import "math/bits"

// prefetchMost is how many keys Prefetch takes at a time.
const prefetchMost = 64

// shortRecord is where a record ends that has a key and a value of some 16 bytes. Most of these lie in two
// of the processor's cache lines.
const shortRecord = 40

// Prefetch reads the buckets and records that lookups of these keys will need, all buckets first and
// then all records, so that the cache misses of a batch of commands overlap instead of following one
// another. It changes nothing. Keys beyond the first 64 are left alone.
func (d *DB) Prefetch(keys [][]byte) {
	t := d.t
	if t.n == 0 {
		return
	}
	keys = keys[:min(len(keys), prefetchMost)]
	var homes [prefetchMost]*bucket
	var tags [prefetchMost]uint8
	var sum uint64
	for i, key := range keys {
		hash := d.s.hash(key)
		homes[i], tags[i] = &t.segment(hash)[homeOf(hash)], tagOf(hash)
	}
	for i := range keys {
		sum += uint64(homes[i].ovf)
	}
	for i := range keys {
		if m := homes[i].matches(tags[i]); m != 0 {
			r := t.at(homes[i].refs[bits.TrailingZeros32(m)])
			sum += uint64(r[0]) + uint64(r[min(len(r)-1, shortRecord)])
		}
	}
	t.touched += sum
}

// elementsFrom is the size in bytes of a collection from which PrefetchElements pays: smaller ones
// stay in the processor's cache.
const elementsFrom = 256 << 10

// PrefetchElements does for the elements of one collection what Prefetch does for keys: fields of a
// hash, members of a set or sorted set. It does nothing for other keys and small collections.
func (d *DB) PrefetchElements(key []byte, elements [][]byte) {
	e := d.peek(key)
	if e.r == nil {
		return
	}
	if l := d.t.large(e.r); l != nil && l.col != nil && l.col.bytes() >= elementsFrom {
		d.t.touched += l.prefetch(elements)
	}
}
