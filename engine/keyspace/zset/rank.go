package zset

import (
	"bytes"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/tree"
)

// Rank returns how many members come before a member.
func (z *ZSet) Rank(member []byte) (rank int, ok bool) {
	score, ok := z.Score(member)
	if !ok {
		return 0, false
	}
	var p path
	descend(&z.order.State, score, member, &p)
	i, _ := p.Leaf.search(score, member)
	return z.order.Before(&p) + i, true
}

// At returns the member with a rank, which must be in range.
func (z *ZSet) At(rank int) (member []byte, score float64) {
	var p path
	z.order.Seek(rank, &p)
	return p.Leaf.member(p.Off), p.Leaf.scores[p.Off]
}

// CountLess returns how many members have a score below the given one, or equal to it if orEqual.
func (z *ZSet) CountLess(score float64, orEqual bool) int {
	var p path
	z.order.Descend(func(seps []bound) int {
		n := 0
		for n < len(seps) && (seps[n].score < score || orEqual && seps[n].score == score) {
			n++
		}
		return n
	}, &p)
	if p.Leaf == nil {
		return 0
	}
	l := p.Leaf
	return z.order.Before(&p) + l.first(func(i int) bool {
		return l.scores[i] > score || !orEqual && l.scores[i] == score
	})
}

// CountLexLess returns how many members are below the given bytes, or equal to them if orEqual, in a
// sorted set whose scores are all the same. With different scores the result is some rank.
func (z *ZSet) CountLexLess(member []byte, orEqual bool) int {
	var p path
	z.order.Descend(func(seps []bound) int {
		n := 0
		for n < len(seps) && seps[n].member <= string(member) {
			n++
		}
		return n
	}, &p)
	if p.Leaf == nil {
		return 0
	}
	l := p.Leaf
	return z.order.Before(&p) + l.first(func(i int) bool {
		c := bytes.Compare(l.member(i), member)
		return c > 0 || !orEqual && c == 0
	})
}

// Range calls fn for up to n members from a rank on, until it returns false. fn must not write to
// the sorted set.
func (z *ZSet) Range(rank, n int, fn func(member []byte, score float64) bool) {
	ascend(&z.order.State, rank, n, fn)
}

func ascend(o *tree.State[bound, leaf, *leaf], rank, n int, fn func([]byte, float64) bool) {
	if n <= 0 {
		return
	}
	o.Ascend(rank, func(l *leaf, off int) bool {
		for ; off < l.n; off++ {
			if !fn(l.member(off), l.scores[off]) {
				return false
			}
			if n--; n == 0 {
				return false
			}
		}
		return true
	})
}

// RangeBack calls fn for up to n members from a rank downwards, until it returns false. fn must not
// write to the sorted set.
func (z *ZSet) RangeBack(rank, n int, fn func(member []byte, score float64) bool) {
	if n <= 0 {
		return
	}
	z.order.Descent(rank, func(l *leaf, off int) bool {
		for ; off >= 0; off-- {
			if !fn(l.member(off), l.scores[off]) {
				return false
			}
			if n--; n == 0 {
				return false
			}
		}
		return true
	})
}
