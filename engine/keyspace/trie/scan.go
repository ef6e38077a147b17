package trie

import "math/rand/v2"

// Scan calls fn for the records of whole pages, from the position that the cursor is, until at least
// count were given, and returns the cursor for the next call; 0 begins and ends. What is there during
// the whole of a scan is given at least once, whatever is written between the calls: positions do
// not move, only the borders of pages do. A record may be given again after pages were merged.
// Cursors are below 2^48; one that is not ends the scan. The slices are valid until the next write.
func (s *State) Scan(cursor uint64, count int, fn func(key, value []byte)) (next uint64) {
	if s.root == nil || cursor >= 1<<posBits {
		return 0
	}
	for given := 0; ; {
		first := s.page(cursor)
		for pg := first; pg != nil; pg = pg.next {
			for i := range int(pg.n) {
				fn(pg.record(i, s.shape))
			}
			given += int(pg.n)
		}
		span := uint64(1) << (posBits - first.depth)
		cursor = cursor&^(span-1) + span
		if cursor == 1<<posBits {
			return 0
		}
		if given >= count {
			return cursor
		}
	}
}

// tries bounds the draws of Random. At usual depths about ten are needed.
const tries = 1 << 12

// Random returns a record, each with the same probability. The trie is not empty. The slices are
// valid until the next write.
//
// A random position leads to a page of depth d with probability 2^-d. To make up for that, an index
// is drawn from a range that is the larger the less deep the page is, and the draw counts only if
// there is such a record.
func (s *State) Random(r *rand.Rand) (key, value []byte) {
	deepest := posBits
	for s.depths[deepest] == 0 {
		deepest--
	}
	slots := uint64(pageCap * (1 + s.spare))
	for range tries {
		pg := s.page(r.Uint64() >> (64 - posBits))
		k := deepest - int(pg.depth)
		if k > 32 {
			continue // chances are below 2^-32
		}
		i := r.Uint64N(slots << k)
		for ; pg != nil; pg = pg.next {
			if i < uint64(pg.n) {
				return pg.record(int(i), s.shape)
			}
			i -= uint64(pg.n)
		}
	}
	return s.nth(r.IntN(s.n))
}

// nth walks to the i-th record: for tries in which some pages lie far deeper than most.
func (s *State) nth(i int) (key, value []byte) {
	s.pages(func(pg *page) bool {
		if i < int(pg.n) {
			key, value = pg.record(i, s.shape)
			return false
		}
		i -= int(pg.n)
		return true
	})
	return key, value
}
