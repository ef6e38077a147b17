package geo

import (
	"cmp"
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// point is a member found.
type point struct {
	member []byte // a copy
	score  float64
	meters float64 // from the center
}

// find returns the members inside the shape, in the order asked for and no
// more than asked for.
func (s *search) find() []point {
	var found []point
	if !s.exists {
		return nil
	}
	full := func() bool { return s.any && int64(len(found)) >= s.count }
	for _, cell := range s.shape.cover() {
		if full() {
			break
		}
		low, high := cell.scores()
		first := s.source.CountLess(low, false)
		n := s.source.CountLess(high, false) - first
		s.source.Range(first, n, func(m []byte, score float64) bool {
			if meters, inside := s.shape.holds(placeOf(score)); inside {
				found = append(found, point{slices.Clone(m), score, meters})
			}
			return !full()
		})
	}
	if s.order != 0 {
		slices.SortStableFunc(found, func(a, b point) int { return s.order * cmp.Compare(a.meters, b.meters) })
	}
	if s.count > 0 && int64(len(found)) > s.count {
		found = found[:s.count]
	}
	return found
}

func (s *search) replyFound() {
	found, r := s.find(), s.c.Reply
	fields := 1
	for _, with := range []bool{s.withDist, s.withHash, s.withCoor} {
		if with {
			fields++
		}
	}
	r.Array(len(found))
	for _, p := range found {
		if fields > 1 {
			r.Array(fields)
		}
		r.Bulk(p.member)
		if s.withDist {
			replyDistance(r, p.meters/s.shape.unit)
		}
		if s.withHash {
			r.Int(int64(p.score))
		}
		if s.withCoor {
			replyPlace(r, placeOf(p.score))
		}
	}
}

// logBatch is how many members one record of the log names at most.
const logBatch = 1024

// storeFound replaces the destination with what was found, or deletes it when
// that is nothing. The log gets the outcome: the functions of the sphere may
// differ in their last bit between machines.
func (s *search) storeFound() error {
	c, key, found := s.c, s.store, s.find()
	existed := c.In(key).Delete(key)
	c.Reply.Int(int64(len(found)))
	if len(found) == 0 {
		if existed {
			c.Changed(key, hook.Generic, "del")
			c.Log(delName, key)
		}
		return nil
	}
	z, err := c.ZSet(key)
	if err != nil {
		return err
	}
	c.Log(delName, key)
	record := [][]byte{zaddName, key}
	for i, p := range found {
		score := p.score
		if s.storeDist {
			score = p.meters / s.shape.unit
		}
		z.Set(p.member, score)
		record = append(record, wire.AppendDouble(nil, score), p.member)
		if len(record) == 2+2*logBatch || i == len(found)-1 {
			c.Log(record...)
			record = record[:2]
		}
	}
	c.Changed(key, hook.ZSet, s.event)
	return nil
}
