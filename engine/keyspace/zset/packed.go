package zset

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/rand/v2"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/trie"
)

// Packed is a small sorted set as one slice of bytes: members, each with 8 bytes of score, in order.
// Nil is empty. Lookups are linear.
//
// Like append, the methods that change it write in place where its capacity allows, else into a new
// slice, and return the result; the old one must not be used any more. Members given in are copied
// and may not be part of it; those handed out are part of it.
type Packed []byte

// Len returns the number of members.
func (p Packed) Len() int { return block.Seq(p).Len(trie.Words) }

// at returns the record at an offset and the offset behind it.
func (p Packed) at(off int) (member []byte, score float64, next int) {
	member, next = block.Seq(p).Item(off)
	return member, float(p[next:]), next + 8
}

// find returns the offset and the rank of a member.
func (p Packed) find(member []byte) (off, rank int, ok bool) {
	s := block.Seq(p)
	for off = block.SeqHead; off < len(s); rank++ {
		m, next := s.Item(off)
		if string(m) == string(member) {
			return off, rank, true
		}
		off = next + 8
	}
	return off, rank, false
}

// count returns how many records come before the first for which after is true, and its offset.
func (p Packed) count(after func(member []byte, score float64) bool) (n, off int) {
	for off = block.SeqHead; off < len(p); n++ {
		m, score, next := p.at(off)
		if after(m, score) {
			break
		}
		off = next
	}
	return n, off
}

// Score returns the score of a member.
func (p Packed) Score(member []byte) (score float64, ok bool) {
	off, _, ok := p.find(member)
	if !ok {
		return 0, false
	}
	_, score, _ = p.at(off)
	return score, true
}

// Set gives a member a score and reports whether the member is new.
func (p Packed) Set(member []byte, score float64) (changed Packed, created bool) {
	score = plain(score)
	s := block.Seq(p)
	off, _, had := p.find(member)
	if had {
		_, old, next := p.at(off)
		if old == score {
			return p, false
		}
		s = s.Splice(off, next, 0, -1, trie.Words)
	}
	_, off = Packed(s).count(func(m []byte, other float64) bool {
		return other > score || other == score && bytes.Compare(m, member) > 0
	})
	s = s.Splice(off, off, block.ItemSize(member)+8, 1, trie.Words)
	end := s.Put(off, member)
	binary.LittleEndian.PutUint64(s[end:], math.Float64bits(score))
	return Packed(s), !had
}

// Remove removes a member and reports whether it was there.
func (p Packed) Remove(member []byte) (changed Packed, ok bool) {
	off, _, ok := p.find(member)
	if !ok {
		return p, false
	}
	s := block.Seq(p)
	return Packed(s.Splice(off, s.Skip(off, trie.Words), 0, -1, trie.Words)), true
}

// DeleteRange removes n members from a rank on, or as many as there are.
func (p Packed) DeleteRange(rank, n int) Packed {
	if n = min(n, p.Len()-rank); n <= 0 {
		return p
	}
	s := block.Seq(p)
	from := s.Nth(rank, trie.Words)
	to := from
	for range n {
		to = s.Skip(to, trie.Words)
	}
	return Packed(s.Splice(from, to, 0, -n, trie.Words))
}

// Rank returns how many members come before a member.
func (p Packed) Rank(member []byte) (rank int, ok bool) {
	_, rank, ok = p.find(member)
	return rank, ok
}

// At returns the member with a rank, which must be in range.
func (p Packed) At(rank int) (member []byte, score float64) {
	member, score, _ = p.at(block.Seq(p).Nth(rank, trie.Words))
	return member, score
}

// CountLess returns how many members have a score below the given one, or equal to it if orEqual.
func (p Packed) CountLess(score float64, orEqual bool) int {
	n, _ := p.count(func(_ []byte, other float64) bool {
		return other > score || !orEqual && other == score
	})
	return n
}

// CountLexLess returns how many members are below the given bytes, or equal to them if orEqual, in a
// sorted set whose scores are all the same. With different scores the result is some rank.
func (p Packed) CountLexLess(member []byte, orEqual bool) int {
	n, _ := p.count(func(m []byte, _ float64) bool {
		c := bytes.Compare(m, member)
		return c > 0 || !orEqual && c == 0
	})
	return n
}

// Range calls fn for up to n members from a rank on, until it returns false.
func (p Packed) Range(rank, n int, fn func(member []byte, score float64) bool) {
	rank = max(rank, 0)
	if n = min(n, p.Len()-rank); n <= 0 {
		return
	}
	off := block.Seq(p).Nth(rank, trie.Words)
	for range n {
		m, score, next := p.at(off)
		if !fn(m, score) {
			return
		}
		off = next
	}
}

// RangeBack calls fn for up to n members from a rank downwards, until it returns false.
func (p Packed) RangeBack(rank, n int, fn func(member []byte, score float64) bool) {
	rank = min(rank, p.Len()-1)
	var room [leafCap]int
	offs := block.Seq(p).Offsets(room[:0], rank+1, trie.Words)
	for ; n > 0 && rank >= 0; n, rank = n-1, rank-1 {
		if m, score, _ := p.at(offs[rank]); !fn(m, score) {
			return
		}
	}
}

// Random returns a member, each with the same probability. The sorted set is not empty.
func (p Packed) Random(r *rand.Rand) (member []byte, score float64) { return p.At(r.IntN(p.Len())) }

// Valid reports whether the bytes are a packed sorted set. Any bytes may be asked.
func (p Packed) Valid() bool {
	if !block.Seq(p).Valid(trie.Words) {
		return false
	}
	seen, valid := map[string]bool{}, true
	var last []byte
	lastScore := math.Inf(-1)
	p.Range(0, p.Len(), func(m []byte, score float64) bool {
		rising := lastScore < score || lastScore == score && (len(seen) == 0 || bytes.Compare(last, m) < 0)
		negativeZero := score == 0 && math.Signbit(score)
		valid = rising && !negativeZero && !seen[string(m)]
		seen[string(m)] = true
		last, lastScore = m, score
		return valid
	})
	return valid
}

// Large returns the sorted set in its large form.
func (p Packed) Large(seed maphash.Seed) *ZSet {
	z := New(seed)
	p.Range(0, p.Len(), func(m []byte, score float64) bool {
		z.Set(m, score)
		return true
	})
	return z
}
