package zset

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"iter"
	"math"
)

// Build returns a sorted set of members that come in order, with full leaves and without a descent
// for each. From the first member on that is not in order, or that came before, members are set one by
// one, so the result is right for any input.
func Build(seed maphash.Seed, members iter.Seq2[[]byte, float64]) *ZSet {
	z := New(seed)
	var leaves []*leaf
	var seps []bound
	rising := true
	var word [8]byte
	for m, score := range members {
		score = plain(score)
		if rising {
			if _, again := z.Score(m); !again && precedes(leaves, score, m) {
				binary.LittleEndian.PutUint64(word[:], math.Float64bits(score))
				z.index.Set(m, word[:])
				leaves, seps = z.extend(leaves, seps, m, score)
				continue
			}
			rising = false
			z.order.Build(leaves, seps)
		}
		z.Set(m, score)
	}
	if rising {
		z.order.Build(leaves, seps)
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
