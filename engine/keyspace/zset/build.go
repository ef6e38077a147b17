package zset

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
)

// Build returns a sorted set of n members, of which at returns one by one; what it returns is copied
// before it is called again. Members that come in order get full leaves, without a descent for each;
// of one that comes more than once the last score counts. The result is right for any input.
func Build(seed maphash.Seed, n int, at func(i int) (member []byte, score float64)) *ZSet {
	z := New(seed)
	var word [8]byte
	z.index.Fill(n, func(i int) (m, value []byte) {
		m, score := at(i)
		binary.LittleEndian.PutUint64(word[:], math.Float64bits(plain(score)))
		return m, word[:]
	})
	if z.index.Len() < n { // some came more than once
		z = New(seed)
		for i := range n {
			z.Set(at(i))
		}
		return z
	}
	var leaves []*leaf
	var seps []bound
	i := 0
	for ; i < n; i++ {
		m, score := at(i)
		score = plain(score)
		if !precedes(leaves, score, m) {
			break
		}
		leaves, seps = z.extend(leaves, seps, m, score)
	}
	z.order.Build(leaves, seps)
	for ; i < n; i++ {
		m, score := at(i)
		z.insert(m, plain(score))
	}
	return z
}

// precedes reports whether (score, member) comes behind all that the leaves hold.
func precedes(leaves []*leaf, score float64, member []byte) bool {
	if len(leaves) == 0 {
		return true
	}
	l := leaves[len(leaves)-1]
	c := compare(l.scores[l.n-1], score)
	return c < 0 || c == 0 && bytes.Compare(l.member(l.n-1), member) < 0
}

// extend appends a member to the last leaf, or to a new one, and returns the leaves with their bounds.
func (z *ZSet) extend(leaves []*leaf, seps []bound, m []byte, score float64) ([]*leaf, []bound) {
	if len(leaves) == 0 {
		leaves, seps = append(leaves, &leaf{epoch: z.head.Stamp()}), append(seps, bound{})
	}
	last := leaves[len(leaves)-1]
	if !last.full(m) {
		last.insert(last.n, m, score)
		return leaves, seps
	}
	last.Shrink()
	right := &leaf{epoch: z.head.Stamp()}
	right.insert(0, m, score)
	return append(leaves, right), append(seps, between(last, right))
}
