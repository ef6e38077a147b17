package list

import (
	"bytes"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func lpush(c *command.Call) error  { return push(c, left, true) }
func rpush(c *command.Call) error  { return push(c, right, true) }
func lpushx(c *command.Call) error { return push(c, left, false) }
func rpushx(c *command.Call) error { return push(c, right, false) }

// push is LPUSH and its kin. create says whether a missing list comes into being.
func push(c *command.Call, s side, create bool) error {
	key := c.Args[1]
	l, err := c.List(key)
	if err != nil {
		return err
	}
	if !create && l.Len() == 0 {
		c.Reply.Int(0)
		return nil
	}
	for _, element := range c.Args[2:] {
		s.push(&l, element)
	}
	c.Changed(key, hook.List, s.pushed())
	c.Reply.Int(int64(l.Len()))
	return nil
}

func linsert(c *command.Call) error {
	after := c.Is(2, "after")
	if !after && !c.Is(2, "before") {
		return wire.ErrSyntax
	}
	key := c.Args[1]
	l, err := c.List(key)
	if err != nil {
		return err
	}
	n := l.Len()
	if n == 0 {
		c.Reply.Int(0)
		return nil
	}
	at := 0
	l.Range(0, n, func(v []byte) bool {
		if bytes.Equal(v, c.Args[3]) {
			return false
		}
		at++
		return true
	})
	if at == n {
		c.Reply.Int(-1)
		return nil
	}
	if after {
		at++
	}
	l.Insert(at, c.Args[4])
	c.Changed(key, hook.List, "linsert")
	c.Reply.Int(int64(n + 1))
	return nil
}

func lset(c *command.Call) error {
	key := c.Args[1]
	l, err := c.List(key)
	if err != nil {
		return err
	}
	n := l.Len()
	if n == 0 {
		return wire.ErrNoSuchKey
	}
	index, err := c.Int(2)
	if err != nil {
		return err
	}
	at, ok := position(index, n)
	if !ok {
		return wire.ErrOutOfRange
	}
	l.Set(at, c.Args[3])
	c.Changed(key, hook.List, "lset")
	c.Reply.Status("OK")
	return nil
}
