package zset

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errLimitByRank wire.Error = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
	errScoresByLex wire.Error = "ERR syntax error, WITHSCORES not supported in combination with BYLEX"
)

// query is a member of the ZRANGE family: which words it knows, and what they said.
type query struct {
	by         order
	fixedOrder bool // BYSCORE and BYLEX are no words of it
	reverse    bool
	fixedSide  bool // REV is no word of it
	store      bool // WITHSCORES is no word of it

	bounds     bounds
	withScores bool
	offset     int64
	limit      int64 // negative: no limit
}

func zrange(c *command.Call) error { return runRange(c, query{}) }

func zrevrange(c *command.Call) error {
	return runRange(c, query{fixedOrder: true, fixedSide: true, reverse: true})
}

func zrangebyscore(c *command.Call) error {
	return runRange(c, query{by: byScore, fixedOrder: true, fixedSide: true})
}

func zrevrangebyscore(c *command.Call) error {
	return runRange(c, query{by: byScore, fixedOrder: true, fixedSide: true, reverse: true})
}

func zrangebylex(c *command.Call) error {
	return runRange(c, query{by: byLex, fixedOrder: true, fixedSide: true})
}

func zrevrangebylex(c *command.Call) error {
	return runRange(c, query{by: byLex, fixedOrder: true, fixedSide: true, reverse: true})
}

// read reads "start stop [options]" from argument i on.
func (q *query) read(c *command.Call, i int) error {
	if err := q.readOptions(c, i+2); err != nil {
		return err
	}
	if q.limit != -1 && q.by == byRank {
		return errLimitByRank
	}
	if q.by == byRank {
		q.offset = 0 // LIMIT n -1 is let through, and ignored
	}
	if q.withScores && q.by == byLex {
		return errScoresByLex
	}
	low, high := c.Args[i], c.Args[i+1]
	if q.reverse && q.by != byRank {
		low, high = high, low
	}
	var err error
	q.bounds, err = q.by.bounds(low, high)
	return err
}

func (q *query) readOptions(c *command.Call, i int) (err error) {
	q.limit = -1
	for ; i < len(c.Args); i++ {
		switch {
		case !q.store && c.Is(i, "withscores"):
			q.withScores = true
		case c.Is(i, "limit") && i+2 < len(c.Args):
			if q.offset, err = c.Int(i + 1); err != nil {
				return err
			}
			if q.limit, err = c.Int(i + 2); err != nil {
				return err
			}
			i += 2
		case !q.fixedSide && c.Is(i, "rev"):
			q.reverse, q.fixedSide = true, true
		case !q.fixedOrder && c.Is(i, "bylex"):
			q.by, q.fixedOrder = byLex, true
		case !q.fixedOrder && c.Is(i, "byscore"):
			q.by, q.fixedOrder = byScore, true
		default:
			return wire.ErrSyntax
		}
	}
	return nil
}

// ranks returns the rank of the first member of the reply, counted from the
// beginning, and the number of members, after LIMIT.
func (q *query) ranks(z *handle) (first, n int) {
	first, n = q.bounds.ranks(z)
	if q.reverse && q.by == byRank {
		first = z.Len() - first - n // ranks were counted from the last one
	}
	if q.offset < 0 || q.offset >= int64(n) {
		return 0, 0
	}
	skip := int(q.offset)
	rest := n - skip
	if q.limit >= 0 {
		rest = int(min(q.limit, int64(rest)))
	}
	if q.reverse {
		return first + n - 1 - skip, rest
	}
	return first + skip, rest
}

// each calls fn for the members found, in the order of the reply.
func (q *query) each(z *handle, first, n int, fn func(m []byte, score float64) bool) {
	if q.reverse {
		z.RangeBack(first, n, fn)
		return
	}
	z.Range(first, n, fn)
}

func runRange(c *command.Call, q query) error {
	if err := q.read(c, 2); err != nil {
		return err
	}
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	first, n := q.ranks(&z)
	out := pairs{c.Reply, q.withScores}
	out.begin(n)
	q.each(&z, first, n, out.add)
	return nil
}

func zrangestore(c *command.Call) error {
	q := query{store: true}
	if err := q.read(c, 3); err != nil {
		return err
	}
	z, err := c.ZSet(c.Args[2])
	if err != nil {
		return err
	}
	var found result
	first, n := q.ranks(&z)
	q.each(&z, first, n, found.add)
	undefined := q.by == byLex && mixed(&z)
	if found.store(c, c.Args[1], "zrangestore") && undefined {
		found.log(c, c.Args[1])
	}
	return nil
}

func zremrangebyrank(c *command.Call) error  { return removeRange(c, byRank, "zremrangebyrank") }
func zremrangebyscore(c *command.Call) error { return removeRange(c, byScore, "zremrangebyscore") }
func zremrangebylex(c *command.Call) error   { return removeRange(c, byLex, "zremrangebylex") }

func removeRange(c *command.Call, by order, event string) error {
	b, err := by.bounds(c.Args[2], c.Args[3])
	if err != nil {
		return err
	}
	key := c.Args[1]
	z, err := c.ZSet(key)
	if err != nil {
		return err
	}
	first, n := b.ranks(&z)
	if n > 0 {
		if by == byLex && mixed(&z) {
			logRemoval(c, key, &z, first, n)
		}
		z.DeleteRange(first, n)
		shrunk(c, key, &z, event)
	}
	c.Reply.Int(int64(n))
	return nil
}

// logRemoval logs that n members from rank first on are removed, which is still to be done.
func logRemoval(c *command.Call, key []byte, z *handle, first, n int) {
	record := [][]byte{zremName, key}
	z.Range(first, n, func(m []byte, _ float64) bool {
		if record = append(record, m); len(record) == 2+logBatch {
			c.Log(record...)
			record = record[:2]
		}
		return true
	})
	if len(record) > 2 {
		c.Log(record...)
	}
}
