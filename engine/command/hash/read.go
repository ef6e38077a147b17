package hash

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
)

func hget(c *command.Call) error { return getFields(c, c.Args[2:3]) }

func hmget(c *command.Call) error {
	fields := c.Args[2:]
	c.Reply.Array(len(fields))
	return getFields(c, fields)
}

// getFields replies the value of each field, or null.
func getFields(c *command.Call, fields [][]byte) error {
	h, err := c.Hash(c.Args[1])
	if err != nil {
		return err
	}
	for _, field := range fields {
		if val, exists := h.Get(field); exists {
			c.Reply.Bulk(val)
		} else {
			c.Reply.Null()
		}
	}
	return nil
}

func hgetall(c *command.Call) error {
	h, err := c.Hash(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Map(h.Len())
	h.Range(func(field, val []byte) bool {
		c.Reply.Bulk(field)
		c.Reply.Bulk(val)
		return true
	})
	return nil
}

func hkeys(c *command.Call) error {
	return list(c, func(field, _ []byte) []byte { return field })
}

func hvals(c *command.Call) error {
	return list(c, func(_, val []byte) []byte { return val })
}

// list replies one part of every field.
func list(c *command.Call, part func(field, val []byte) []byte) error {
	h, err := c.Hash(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Array(h.Len())
	h.Range(func(field, val []byte) bool {
		c.Reply.Bulk(part(field, val))
		return true
	})
	return nil
}

func hexists(c *command.Call) error {
	h, err := c.Hash(c.Args[1])
	if err != nil {
		return err
	}
	if _, exists := h.Get(c.Args[2]); exists {
		c.Reply.Int(1)
	} else {
		c.Reply.Int(0)
	}
	return nil
}

func hlen(c *command.Call) error {
	h, err := c.Hash(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Int(int64(h.Len()))
	return nil
}

func hstrlen(c *command.Call) error {
	h, err := c.Hash(c.Args[1])
	if err != nil {
		return err
	}
	val, _ := h.Get(c.Args[2])
	c.Reply.Int(int64(len(val)))
	return nil
}

func hscan(c *command.Call) error {
	cursor, err := c.Cursor(2)
	if err != nil {
		return err
	}
	h, err := c.Hash(c.Args[1])
	if err != nil {
		return err
	}
	if h.Len() == 0 { // before the options are looked at, as in Redis
		c.ReplyScan(0, nil)
		return nil
	}
	o, err := c.ScanOptions(3, false)
	if err != nil {
		return err
	}
	var found [][]byte
	next := h.Scan(cursor, o.Count, func(field, val []byte) {
		if o.Match(field) {
			found = append(found, field, val)
		}
	})
	c.ReplyScan(next, found)
	return nil
}
