package trie

import "math/bits"

// PrefetchMost is how many keys Prefetch takes at a time.
const PrefetchMost = 64

// Prefetch reads the pages and records that lookups of these keys will need, all pages first and then
// all records, so that the cache misses of a batch of commands overlap instead of following one
// another. It changes nothing; what it returns must be used for something, lest the compiler leave
// the reading out. Keys beyond the first PrefetchMost are left alone.
func (s *State) Prefetch(keys [][]byte) (sum uint64) {
	if s.root == nil {
		return 0
	}
	keys = keys[:min(len(keys), PrefetchMost)]
	var pages [PrefetchMost]*page
	var tags [PrefetchMost]byte
	for i, key := range keys {
		hash := s.sum(key)
		pages[i], tags[i] = s.page(position(hash)), tag(hash)
	}
	for i := range keys {
		pg := pages[i]
		sum += uint64(pg.n) + uint64(pg.tags[pageCap-1]) + uint64(pg.offs[0]) + uint64(pg.offs[pageCap-1])
	}
	for i := range keys {
		if pg := pages[i]; pg.n > 0 {
			sum += pg.Touch(int(pg.offs[pg.candidate(tags[i])]))
		}
	}
	return sum
}

// candidate returns the index of a record that probably has the tag, or of any.
func (p *page) candidate(tag byte) int {
	for group := 0; group < int(p.n); group += 8 {
		if hit := p.hits(tag, group); hit != 0 {
			return min(group+bits.TrailingZeros64(hit)>>3, int(p.n)-1)
		}
	}
	return 0
}
