package zset

import (
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const errCursor wire.Error = "ERR invalid cursor"

// zscan replies with members and scores in turn, as strings in RESP3 too.
func zscan(c *command.Call) error {
	cursor, err := scanCursor(c.Args[2])
	if err != nil {
		return err
	}
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	if z.Len() == 0 {
		c.Reply.Array(2)
		c.Reply.BulkString("0")
		c.Reply.Array(0)
		return nil
	}
	count, pattern, err := scanArgs(c)
	if err != nil {
		return err
	}
	var found result
	next := z.Scan(cursor, count, func(m []byte, score float64) {
		if pattern == nil || command.Glob(pattern, m, false) {
			found.add(m, score)
		}
	})
	c.Reply.Array(2)
	c.Reply.BulkString(strconv.FormatUint(next, 10))
	c.Reply.Array(2 * len(found.rows))
	var text [32]byte
	for i := range found.rows {
		c.Reply.Bulk(found.member(i))
		c.Reply.Bulk(wire.AppendDouble(text[:0], found.rows[i].score))
	}
	return nil
}

// scanCursor reads a cursor as C's strtoul does: an empty one is 0, and a
// minus sign wraps around.
func scanCursor(b []byte) (uint64, error) {
	digits := string(b)
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	} else if digits == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, errCursor
	}
	if negative {
		n = -n
	}
	return n, nil
}

// scanArgs reads the options behind the cursor. pattern is nil when every
// member matches.
func scanArgs(c *command.Call) (count int, pattern []byte, err error) {
	count = 10
	for i := 3; i < len(c.Args); i += 2 {
		switch {
		case i+1 == len(c.Args):
			return 0, nil, wire.ErrSyntax
		case c.Is(i, "count"):
			n, err := c.Int(i + 1)
			if err != nil {
				return 0, nil, err
			}
			if n < 1 {
				return 0, nil, wire.ErrSyntax
			}
			count = int(n)
		case c.Is(i, "match"):
			if pattern = c.Args[i+1]; string(pattern) == "*" {
				pattern = nil
			}
		default:
			return 0, nil, wire.ErrSyntax
		}
	}
	return count, pattern, nil
}
