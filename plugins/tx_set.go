package plugins

import (
	"math"
	"strconv"
)

// MemberSet is a set inside a unit. Its methods fail with wire.ErrWrongType when the
// key holds another type.
type MemberSet struct{ Key }

// Set returns a handle of a set, which need not exist.
func (t *Tx) Set(name string) MemberSet { return MemberSet{t.Key(name)} }

// Add adds members and returns how many were new. There must be at least one.
func (s MemberSet) Add(members ...any) (int64, error) {
	return s.tx.integer(list(members, "SADD", s.name)...)
}

// Remove removes members and returns how many were there. There must be at least one.
func (s MemberSet) Remove(members ...any) (int64, error) {
	return s.tx.integer(list(members, "SREM", s.name)...)
}

// Has reports whether there is such a member.
func (s MemberSet) Has(member any) (bool, error) { return s.tx.flag("SISMEMBER", s.name, member) }

// Members returns all members, in no order.
func (s MemberSet) Members() ([]string, error) { return s.tx.texts("SMEMBERS", s.name) }

// Pop takes a member by chance; ok is false when there is none.
func (s MemberSet) Pop() (member string, ok bool, err error) { return s.tx.text("SPOP", s.name) }

// Len is the number of members.
func (s MemberSet) Len() (int64, error) { return s.tx.integer("SCARD", s.name) }

// SortedSet is a sorted set inside a unit. Its methods fail with
// wire.ErrWrongType when the key holds another type.
type SortedSet struct{ Key }

// Scored is a member of a sorted set with its score.
type Scored struct {
	Member string
	Score  float64
}

// ZSet returns a handle of a sorted set, which need not exist.
func (t *Tx) ZSet(name string) SortedSet { return SortedSet{t.Key(name)} }

// Set gives a member a score, and reports whether the member is new.
func (z SortedSet) Set(member any, score float64) (bool, error) {
	return z.tx.flag("ZADD", z.name, scoreText(score), member)
}

// Add adds to a member's score (that of a missing one is 0) and returns the sum.
func (z SortedSet) Add(member any, n float64) (float64, error) {
	sum, _, err := z.tx.number("ZINCRBY", z.name, scoreText(n), member)
	return sum, err
}

// Remove removes members and returns how many were there. There must be at least one.
func (z SortedSet) Remove(members ...any) (int64, error) {
	return z.tx.integer(list(members, "ZREM", z.name)...)
}

// Score returns a member's score; ok is false when there is no such member.
func (z SortedSet) Score(member any) (score float64, ok bool, err error) {
	return z.tx.number("ZSCORE", z.name, member)
}

// Rank is a member's position by its score, from 0; ok is false when there is
// no such member.
func (z SortedSet) Rank(member any) (rank int64, ok bool, err error) {
	v, err := z.tx.Do("ZRANK", z.name, member)
	return v.Int, err == nil && !v.IsNull(), err
}

// Range returns the members from one position to another, both included, the
// lowest score first. Negative positions count from the end.
func (z SortedSet) Range(from, to int) ([]Scored, error) {
	return z.scored("ZRANGE", z.name, from, to, "WITHSCORES")
}

// ByScore returns at most limit members with scores from min to max, both
// included, the lowest first; a limit of 0 sets none. Infinities are bounds too.
func (z SortedSet) ByScore(min, max float64, limit int) ([]Scored, error) {
	args := []any{"ZRANGE", z.name, scoreText(min), scoreText(max), "BYSCORE"}
	if limit > 0 {
		args = append(args, "LIMIT", 0, limit)
	}
	return z.scored(append(args, "WITHSCORES")...)
}

// Len is the number of members.
func (z SortedSet) Len() (int64, error) { return z.tx.integer("ZCARD", z.name) }

func (z SortedSet) scored(args ...any) ([]Scored, error) {
	v, err := z.tx.Do(args...)
	if err != nil {
		return nil, err
	}
	out := make([]Scored, 0, len(v.Elems))
	for _, pair := range v.Elems { // RESP3: a pair for each member
		score, _ := pair.Elems[1].Number()
		out = append(out, Scored{pair.Elems[0].Text(), score})
	}
	return out, nil
}

// scoreText writes infinities as the commands read them.
func scoreText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "+inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'g', 17, 64)
}
