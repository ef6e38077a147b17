package zset

import (
	"math"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// zscan replies with members and scores in turn, as strings in RESP3 too.
func zscan(c *command.Call) error {
	cursor, err := c.Cursor(2)
	if err != nil {
		return err
	}
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	if z.Len() == 0 {
		c.ReplyScan(0, nil) // whatever the options say
		return nil
	}
	options, err := c.ScanOptions(3, false)
	if err != nil {
		return err
	}
	var found result
	next := z.Scan(cursor, options.Count, func(m []byte, score float64) {
		if options.Match(m) {
			found.add(m, score)
		}
	})
	c.Reply.Array(2)
	c.Reply.BulkString(strconv.FormatUint(next, 10))
	c.Reply.Array(2 * len(found.rows))
	var text [32]byte
	small := c.In(c.Args[1]).Encoding(c.Args[1]) == "listpack"
	for i := range found.rows {
		c.Reply.Bulk(found.member(i))
		if score := found.rows[i].score; small && score == math.Trunc(score) && math.Abs(score) < 1<<62 {
			// Redis keeps it as an integer there, and shows what it keeps.
			c.Reply.Bulk(strconv.AppendInt(text[:0], int64(score), 10))
			continue
		}
		c.Reply.Bulk(wire.AppendDouble(text[:0], found.rows[i].score))
	}
	return nil
}
