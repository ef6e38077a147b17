package zset

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// pairs writes members, and their scores where asked for: flat on RESP2, as
// pairs on RESP3.
type pairs struct {
	reply      wire.Reply
	withScores bool
}

// begin announces n members.
func (p pairs) begin(n int) {
	if p.withScores && p.reply.Proto() < 3 {
		n *= 2
	}
	p.reply.Array(n)
}

// add writes one member. It always returns true, so that it can serve as a callback.
func (p pairs) add(m []byte, score float64) bool {
	if p.withScores && p.reply.Proto() >= 3 {
		p.reply.Array(2)
	}
	p.reply.Bulk(m)
	if p.withScores {
		p.reply.Double(score)
	}
	return true
}

// result gathers members and scores outside the keyspace, the members in one buffer.
type result struct {
	buf  []byte
	rows []row
}

// row is one member of a result, which stands at start to end of its buffer.
type row struct {
	start, end int
	score      float64
}

// add copies the member. It always returns true, so that it can serve as a callback.
func (r *result) add(m []byte, score float64) bool {
	start := len(r.buf)
	r.buf = append(r.buf, m...)
	r.rows = append(r.rows, row{start, len(r.buf), score})
	return true
}

func (r *result) member(i int) []byte { return r.buf[r.rows[i].start:r.rows[i].end] }

// sort puts the rows in the order of a sorted set.
func (r *result) sort() {
	slices.SortFunc(r.rows, func(a, b row) int {
		if order := cmp.Compare(a.score, b.score); order != 0 {
			return order
		}
		return bytes.Compare(r.buf[a.start:a.end], r.buf[b.start:b.end])
	})
}

// store replaces the destination with the result, or deletes it when the
// result is empty, and replies with the number of members. It reports whether
// anything has changed.
func (r *result) store(c *command.Call, key []byte, event string) (changed bool) {
	changed = c.In(key).Delete(key)
	c.Reply.Int(int64(len(r.rows)))
	if len(r.rows) == 0 {
		if changed {
			c.Changed(key, hook.Generic, "del")
		}
		return changed
	}
	z, _ := c.ZSet(key) // there is nothing of another type left
	z.Fill(len(r.rows), func(i int) ([]byte, float64) { return r.member(i), r.rows[i].score })
	c.Changed(key, hook.ZSet, event)
	return true
}

// The names under which outcomes are logged.
var (
	delName  = []byte("DEL")
	zaddName = []byte("ZADD")
	zremName = []byte("ZREM")
)

// logBatch is how many members one record of the log names at most.
const logBatch = 1024

// log logs that key holds the result and nothing else.
func (r *result) log(c *command.Call, key []byte) {
	c.Log(delName, key)
	record := [][]byte{zaddName, key}
	for i := range r.rows {
		record = append(record, wire.AppendDouble(nil, r.rows[i].score), r.member(i))
		if len(record) == 2+2*logBatch || i == len(r.rows)-1 {
			c.Log(record...)
			record = record[:2]
		}
	}
}
