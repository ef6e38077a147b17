package set

import (
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

func sscan(c *command.Call) error {
	cursor, err := c.Cursor(2)
	if err != nil {
		return err
	}
	s, err := c.Set(c.Args[1])
	if err != nil {
		return err
	}
	if s.Len() == 0 {
		c.ReplyScan(0, nil) // whatever the options say
		return nil
	}
	options, err := c.ScanOptions(3, false)
	if err != nil {
		return err
	}
	var found result
	next := s.Scan(cursor, options.Count, func(m []byte) {
		if options.Match(m) {
			found.add(m)
		}
	})
	c.Reply.Array(2)
	c.Reply.BulkString(strconv.FormatUint(next, 10))
	c.Reply.Array(found.len())
	found.each(c.Reply.Bulk)
	return nil
}
