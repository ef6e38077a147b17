package set

import (
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const errCursor wire.Error = "ERR invalid cursor"

func sscan(c *command.Call) error {
	cursor, err := scanCursor(c.Args[2])
	if err != nil {
		return err
	}
	s, err := c.Set(c.Args[1])
	if err != nil {
		return err
	}
	if s.Len() == 0 {
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
	next := s.Scan(cursor, count, func(m []byte) {
		if pattern == nil || command.Glob(pattern, m, false) {
			found.add(m)
		}
	})
	c.Reply.Array(2)
	c.Reply.BulkString(strconv.FormatUint(next, 10))
	c.Reply.Array(found.len())
	found.each(c.Reply.Bulk)
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
