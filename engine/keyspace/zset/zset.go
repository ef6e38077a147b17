// Package zset is the value of a sorted set: the large form, a counted copy-on-write B+tree in the
// order of the scores with a hash trie from member to score beside it, and the packed form, one sorted
// slice of bytes that lies in the keyspace's record.
//
// It knows members and scores. Members are ordered by score and then by their bytes; -0 is stored
// as 0, and NaN must not be given. It must not know keys, locks, deadlines or when a sorted set
// changes its form.
package zset

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/rand/v2"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/tree"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/trie"
)

// bound separates two leaves: no member right of it is below it, all members left of it are.
type bound struct {
	score  float64
	member string
}

type (
	order = tree.Tree[bound, leaf, *leaf]
	path  = tree.Path[bound, leaf]
)

// state is what a view remembers.
type state struct {
	index trie.State
	order tree.State[bound, leaf, *leaf]
}

// ZSet is a large sorted set. Its methods are called with the owner's lock held. Slices handed out
// are valid until the next write; slices given in are copied and may not be its own.
type ZSet struct {
	head  cow.Header // of both structures: they are frozen together
	index trie.Trie
	order order
}

// headBytes is about what the struct itself takes.
const headBytes = 480

// New returns an empty sorted set. The seed decides the order of Scan.
func New(seed maphash.Seed) *ZSet {
	z := &ZSet{}
	z.index = trie.New(seed, trie.Words, &z.head)
	z.order = tree.New[bound, leaf, *leaf](&z.head)
	return z
}

// Len returns the number of members.
func (z *ZSet) Len() int { return z.index.Len() }

// Bytes returns the memory that the sorted set takes, without what views keep alive beside it.
func (z *ZSet) Bytes() int64 { return z.index.Bytes() + z.order.Bytes() + headBytes }

// Copied returns how many bytes writers have copied because views were held.
func (z *ZSet) Copied() int64 { return z.head.Copied() }

func float(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// plain turns -0 into 0, so that scores that are equal have equal bits.
func plain(score float64) float64 { return score + 0 }

// Score returns the score of a member.
func (z *ZSet) Score(member []byte) (score float64, ok bool) { return scoreOf(&z.index.State, member) }

func scoreOf(index *trie.State, member []byte) (float64, bool) {
	b, ok := index.Get(member)
	if !ok {
		return 0, false
	}
	return float(b), true
}

// Prefetch reads what lookups and writes of these members will need, the places where they stand in
// the order too; see trie.State.Prefetch.
func (z *ZSet) Prefetch(members [][]byte) (sum uint64) {
	sum = z.index.Prefetch(members)
	for _, m := range members[:min(len(members), trie.PrefetchMost)] {
		if score, ok := z.Score(m); ok {
			var p path
			descend(&z.order.State, score, m, &p)
			sum += p.Leaf.touch()
		}
	}
	return sum
}

// Set gives a member a score and reports whether the member is new.
func (z *ZSet) Set(member []byte, score float64) (created bool) {
	score = plain(score)
	var word, before [8]byte
	binary.LittleEndian.PutUint64(word[:], math.Float64bits(score))
	if had := z.index.Swap(member, &word, &before); !had {
		z.insert(member, score)
		return true
	}
	if old := float(before[:]); old != score {
		z.move(member, old, score)
	}
	return false
}

// descend leads to the leaf in which (score, member) lies or would lie.
func descend(o *tree.State[bound, leaf, *leaf], score float64, member []byte, p *path) {
	o.Descend(func(seps []bound) int {
		lo, hi := 0, len(seps)
		for lo < hi {
			mid := (lo + hi) / 2
			sep := &seps[mid]
			if sep.score < score || sep.score == score && sep.member <= string(member) {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		return lo
	}, p)
}

// move gives a member that is there another score, in its leaf if it stays between the leaf's first
// and last one.
func (z *ZSet) move(member []byte, old, score float64) {
	var p path
	descend(&z.order.State, old, member, &p)
	i := p.Leaf.place(old, member)
	z.order.Own(&p)
	l := p.Leaf
	if l.scores[0] < score && score < l.scores[l.n-1] {
		l.move(i, member, score)
		z.order.Done(&p)
		return
	}
	l.remove(i, member)
	z.order.Done(&p)
	z.insert(member, score)
}

func (z *ZSet) cut(member []byte, score float64) {
	var p path
	descend(&z.order.State, score, member, &p)
	i := p.Leaf.place(score, member)
	z.order.Own(&p)
	p.Leaf.remove(i, member)
	z.order.Done(&p)
}

func (z *ZSet) insert(member []byte, score float64) {
	var p path
	descend(&z.order.State, score, member, &p)
	if p.Leaf == nil {
		l := &leaf{epoch: z.head.Stamp()}
		l.insert(0, member, score)
		z.order.Plant(l)
		return
	}
	i, _ := p.Leaf.search(score, member)
	z.order.Own(&p)
	l := p.Leaf
	if !l.full(member) {
		l.insert(i, member, score)
		z.order.Done(&p)
		return
	}
	// At the edges of the whole order a full leaf is left behind, else two halves.
	at := l.n / 2
	if first, last := z.order.Edges(&p); last && i == l.n {
		at = l.n
	} else if first && i == 0 {
		at = 0
	}
	right := l.split(at, z.head.Stamp())
	if i < at || i == 0 {
		l.insert(i, member, score)
	} else {
		right.insert(i-at, member, score)
	}
	z.order.DoneSplit(&p, right, between(l, right))
}

// between returns the shortest bound between two leaves.
func between(l, right *leaf) bound {
	last, first := l.n-1, 0
	b := bound{score: right.scores[first]}
	if l.scores[last] == b.score {
		low, high := l.member(last), right.member(first)
		n := 0
		for n < len(low) && low[n] == high[n] {
			n++
		}
		b.member = string(high[:n+1])
	}
	return b
}

// Remove removes a member and reports whether it was there.
func (z *ZSet) Remove(member []byte) bool {
	score, ok := z.Score(member)
	if !ok {
		return false
	}
	z.cut(member, score)
	z.index.Delete(member)
	return true
}

// DeleteRange removes n members from a rank on. The order is cut in whole subtrees. Of the index a few members
// are removed one by one, many in one pass over all of it; when few remain, it is made anew.
func (z *ZSet) DeleteRange(rank, n int) {
	lo := max(rank, 0)
	hi := lo + min(n, z.Len()-lo)
	if lo >= hi {
		return
	}
	switch cut, rest := hi-lo, z.Len()-(hi-lo); {
	case rest < cut/passOver:
		z.order.Cut(lo, hi)
		z.index.Clear()
		z.fillIndex()
	case cut < rest/passOver:
		members := make([][]byte, 0, cut) // writing to the index leaves them alone
		z.Range(lo, cut, func(m []byte, _ float64) bool {
			members = append(members, m)
			return true
		})
		z.index.Drop(len(members), func(i int) []byte { return members[i] })
		z.order.Cut(lo, hi)
	default:
		first, firstScore := z.At(lo)
		last, lastScore := z.At(hi - 1)
		z.index.Prune(func(m, word []byte) bool {
			score := float(word)
			return !before(score, m, firstScore, first) && !before(lastScore, last, score, m)
		})
		z.order.Cut(lo, hi)
	}
}

// passOver is how many members a pass over the index reads in the time in which one is removed by name.
const passOver = 8

// before is the order of members.
func before(score float64, member []byte, than float64, other []byte) bool {
	return score < than || score == than && bytes.Compare(member, other) < 0
}

// fillIndex puts all members of the order into the empty index.
func (z *ZSet) fillIndex() {
	type row struct {
		member []byte
		score  float64
	}
	rows := make([]row, 0, z.order.Len())
	ascend(&z.order.State, 0, z.order.Len(), func(m []byte, score float64) bool {
		rows = append(rows, row{m, score})
		return true
	})
	var word [8]byte
	z.index.Fill(len(rows), func(i int) (m, value []byte) {
		binary.LittleEndian.PutUint64(word[:], math.Float64bits(rows[i].score))
		return rows[i].member, word[:]
	})
}

// Scan gives at least count members, if there are as many behind the cursor, in no order, and returns
// the next cursor (below 2^48); 0 begins and ends. A member that is there during the whole scan is
// given at least once. fn must not write to the sorted set.
func (z *ZSet) Scan(cursor uint64, count int, fn func(member []byte, score float64)) (next uint64) {
	return z.index.Scan(cursor, count, func(m, word []byte) { fn(m, float(word)) })
}

// Random returns a member, each with the same probability. The sorted set is not empty.
func (z *ZSet) Random(r *rand.Rand) (member []byte, score float64) { return z.At(r.IntN(z.Len())) }
