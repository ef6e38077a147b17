package zset

import (
	"math"
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errWeight wire.Error = "ERR weight value is not a float"
	errLimit  wire.Error = "ERR LIMIT can't be negative"
)

// source is a sorted set, or a set whose members all have the score 1.
type source struct {
	zset   handle
	set    keyspace.SetHandle
	isSet  bool
	weight float64
}

func (s *source) len() int {
	if s.isSet {
		return s.set.Len()
	}
	return s.zset.Len()
}

func (s *source) score(m []byte) (float64, bool) {
	if s.isSet {
		return 1, s.set.Has(m)
	}
	return s.zset.Score(m)
}

func (s *source) each(fn func(m []byte, score float64) bool) {
	if s.isSet {
		s.set.Range(func(m []byte) bool { return fn(m, 1) })
		return
	}
	s.zset.Range(0, s.zset.Len(), fn)
}

// aggregate combines two scores of a member.
type aggregate func(a, b float64) float64

// sum is 0 where two infinities cancel each other.
func sum(a, b float64) float64 { return number(a + b) }

func lesser(a, b float64) float64 {
	if b < a {
		return b
	}
	return a
}

func greater(a, b float64) float64 {
	if b > a {
		return b
	}
	return a
}

// number turns NaN, from an infinity times 0 too, into 0.
func number(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return f
}

// combination is one call of the ZUNION family.
type combination struct {
	weighted bool // WEIGHTS and AGGREGATE are words of it
	scored   bool // WITHSCORES is a word of it
	limited  bool // LIMIT is a word of it

	sources    []source
	combine    aggregate
	withScores bool
	limit      int64 // 0: none
}

// read reads "numkeys key [key ...] [options]" from argument i on. A key of
// another type is an error before the options are looked at.
func (q *combination) read(c *command.Call, i int) error {
	n, err := c.Int(i)
	if err != nil {
		return err
	}
	if n < 1 {
		return wire.Errorf("ERR at least 1 input key is needed for '%s' command", c.Spec.FullName())
	}
	if n > int64(len(c.Args)-i-1) {
		return wire.ErrSyntax
	}
	q.combine = sum
	q.sources = make([]source, n)
	for j := range q.sources {
		if q.sources[j], err = sourceAt(c, c.Args[i+1+j]); err != nil {
			return err
		}
	}
	return q.readOptions(c, i+1+int(n))
}

func sourceAt(c *command.Call, key []byte) (source, error) {
	z, err := c.ZSet(key)
	if err == nil {
		return source{zset: z, weight: 1}, nil
	}
	s, err := c.Set(key)
	return source{set: s, isSet: true, weight: 1}, err
}

func (q *combination) readOptions(c *command.Call, i int) error {
	for i < len(c.Args) {
		rest := len(c.Args) - i
		switch {
		case q.weighted && rest > len(q.sources) && c.Is(i, "weights"):
			for j := range q.sources {
				weight, ok := command.ParseFloat(c.Args[i+1+j])
				if !ok {
					return errWeight
				}
				q.sources[j].weight = weight
			}
			i += 1 + len(q.sources)
		case q.weighted && rest > 1 && c.Is(i, "aggregate"):
			switch {
			case c.Is(i+1, "sum"):
				q.combine = sum
			case c.Is(i+1, "min"):
				q.combine = lesser
			case c.Is(i+1, "max"):
				q.combine = greater
			default:
				return wire.ErrSyntax
			}
			i += 2
		case q.scored && c.Is(i, "withscores"):
			q.withScores = true
			i++
		case q.limited && rest > 1 && c.Is(i, "limit"):
			n, ok := command.ParseInt(c.Args[i+1])
			if !ok || n < 0 {
				return errLimit
			}
			q.limit = n
			i += 2
		default:
			return wire.ErrSyntax
		}
	}
	return nil
}

// ascending puts the smallest source first: it decides how much work an
// intersection is, and in which order scores are added up.
func (q *combination) ascending() {
	slices.SortStableFunc(q.sources, func(a, b source) int { return a.len() - b.len() })
}

// union gathers the members of all sources.
func (q *combination) union(found *result) {
	q.ascending()
	at := make(map[string]int, q.sources[len(q.sources)-1].len())
	for i := range q.sources {
		s := &q.sources[i]
		s.each(func(m []byte, score float64) bool {
			score = number(score * s.weight)
			if j, ok := at[string(m)]; ok {
				found.rows[j].score = q.combine(found.rows[j].score, score)
				return true
			}
			at[string(m)] = len(found.rows)
			return found.add(m, score)
		})
	}
}

// intersection gathers the members that all sources have.
func (q *combination) intersection(found *result) { q.common(found.add) }

// common calls fn for the members that all sources have, until it returns false.
func (q *combination) common(fn func(m []byte, score float64) bool) {
	q.ascending()
	first, others := &q.sources[0], q.sources[1:]
	first.each(func(m []byte, score float64) bool {
		score = number(score * first.weight)
		for i := range others {
			other, ok := others[i].score(m)
			if !ok {
				return true
			}
			score = q.combine(score, other*others[i].weight)
		}
		return fn(m, score)
	})
}

// difference gathers the members of the first source that no other one has.
func (q *combination) difference(found *result) {
	others := q.sources[1:]
	q.sources[0].each(func(m []byte, score float64) bool {
		for i := range others {
			if _, ok := others[i].score(m); ok {
				return true
			}
		}
		return found.add(m, score)
	})
}

func zunion(c *command.Call) error {
	return read(c, &combination{weighted: true, scored: true}, (*combination).union)
}

func zinter(c *command.Call) error {
	return read(c, &combination{weighted: true, scored: true}, (*combination).intersection)
}

func zdiff(c *command.Call) error {
	return read(c, &combination{scored: true}, (*combination).difference)
}

func read(c *command.Call, q *combination, run func(*combination, *result)) error {
	if err := q.read(c, 1); err != nil {
		return err
	}
	var found result
	run(q, &found)
	found.sort()
	out := pairs{c.Reply, q.withScores}
	out.begin(len(found.rows))
	for i := range found.rows {
		out.add(found.member(i), found.rows[i].score)
	}
	return nil
}

func zintercard(c *command.Call) error {
	q := combination{limited: true}
	if err := q.read(c, 1); err != nil {
		return err
	}
	count := int64(0)
	q.common(func([]byte, float64) bool {
		count++
		return count != q.limit
	})
	c.Reply.Int(count)
	return nil
}

func zunionstore(c *command.Call) error {
	return store(c, &combination{weighted: true}, (*combination).union, "zunionstore")
}

func zinterstore(c *command.Call) error {
	return store(c, &combination{weighted: true}, (*combination).intersection, "zinterstore")
}

func zdiffstore(c *command.Call) error {
	return store(c, &combination{}, (*combination).difference, "zdiffstore")
}

func store(c *command.Call, q *combination, run func(*combination, *result), event string) error {
	if err := q.read(c, 2); err != nil {
		return err
	}
	var found result
	run(q, &found)
	found.store(c, c.Args[1], event)
	return nil
}
