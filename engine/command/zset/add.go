package zset

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// handle is access to one sorted set, valid while its shard is locked.
type handle = keyspace.ZSetHandle

const (
	errNXandXX  wire.Error = "ERR XX and NX options at the same time are not compatible"
	errGTLTNX   wire.Error = "ERR GT, LT, and/or NX options at the same time are not compatible"
	errIncrPair wire.Error = "ERR INCR option supports a single increment-element pair"
	errNaN      wire.Error = "ERR resulting score is not a number (NaN)"
)

// addition holds the options of ZADD.
type addition struct {
	nx, xx, gt, lt, ch, incr bool
}

// additionArgs reads the options and returns where the scores begin.
func additionArgs(c *command.Call) (a addition, first int, err error) {
	first = 2
options:
	for ; first < len(c.Args); first++ {
		switch {
		case c.Is(first, "nx"):
			a.nx = true
		case c.Is(first, "xx"):
			a.xx = true
		case c.Is(first, "gt"):
			a.gt = true
		case c.Is(first, "lt"):
			a.lt = true
		case c.Is(first, "ch"):
			a.ch = true
		case c.Is(first, "incr"):
			a.incr = true
		default:
			break options
		}
	}
	pairs := len(c.Args) - first
	switch {
	case pairs == 0 || pairs%2 != 0:
		return a, 0, wire.ErrSyntax
	case a.nx && a.xx:
		return a, 0, errNXandXX
	case a.gt && a.nx || a.lt && a.nx || a.gt && a.lt:
		return a, 0, errGTLTNX
	case a.incr && pairs > 2:
		return a, 0, errIncrPair
	}
	return a, first, nil
}

// outcome is what became of one member of ZADD.
type outcome uint8

const (
	skipped   outcome = iota // an option forbade it
	unchanged                // it had the score already
	updated
	added
)

// apply gives the member its score, or adds to it, as the options allow. It
// returns the score the member has then. Nothing has changed when it fails.
func (a addition) apply(z *handle, m []byte, score float64) (outcome, float64, error) {
	old, exists := z.Score(m)
	if !exists {
		if a.xx {
			return skipped, 0, nil
		}
		z.Set(m, score)
		return added, score, nil // -0 is told, but not stored
	}
	if a.nx {
		return skipped, old, nil
	}
	if a.incr {
		if score += old; math.IsNaN(score) {
			return skipped, old, errNaN
		}
	}
	switch {
	case a.gt && score <= old || a.lt && score >= old:
		return skipped, old, nil
	case score == old:
		return unchanged, old, nil
	}
	z.Set(m, score)
	return updated, score, nil
}

func zadd(c *command.Call) error {
	a, first, err := additionArgs(c)
	if err != nil {
		return err
	}
	return a.run(c, first)
}

func zincrby(c *command.Call) error { return addition{incr: true}.run(c, 2) }

// run applies the pairs from argument first on. All scores are read before the
// first one is set.
func (a addition) run(c *command.Call, first int) error {
	var room [8]float64
	scores := room[:0]
	for i := first; i < len(c.Args); i += 2 {
		score, err := c.Float(i)
		if err != nil {
			return err
		}
		scores = append(scores, score)
	}
	key := c.Args[1]
	z, err := c.ZSet(key)
	if err != nil {
		return err
	}
	var counts [added + 1]int
	var last outcome
	var score float64
	for i, s := range scores {
		if last, score, err = a.apply(&z, c.Args[first+2*i+1], s); err != nil {
			return err // of INCR only, which has one pair
		}
		counts[last]++
	}
	if counts[added]+counts[updated] > 0 {
		event := "zadd"
		if a.incr {
			event = "zincr"
		}
		c.Changed(key, hook.ZSet, event)
	}
	switch {
	case a.incr && last == skipped:
		c.Reply.Null()
	case a.incr:
		c.Reply.Double(score)
	case a.ch:
		c.Reply.Int(int64(counts[added] + counts[updated]))
	default:
		c.Reply.Int(int64(counts[added]))
	}
	return nil
}
