package list

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func blpop(c *command.Call) error { return bpop(c, left) }
func brpop(c *command.Call) error { return bpop(c, right) }

// bpop is BLPOP and BRPOP.
func bpop(c *command.Call, s side) error {
	last := len(c.Args) - 1
	timeout, err := c.Timeout(last)
	if err != nil {
		return err
	}
	keys := c.Args[1:last]
	for _, key := range keys {
		l, err := c.List(key)
		if err != nil {
			if c.Retry {
				continue // came into being while the client waited
			}
			return err
		}
		if l.Len() == 0 {
			continue
		}
		c.Reply.Array(2)
		c.Reply.Bulk(key)
		c.Reply.Bulk(s.pop(&l))
		shrunk(c, key, &l, s.popped())
		c.Log(s.command(), key)
		return nil
	}
	return wait(c, keys, timeout)
}

func blmove(c *command.Call) error {
	from, ok1 := sideAt(c, 3)
	to, ok2 := sideAt(c, 4)
	if !ok1 || !ok2 {
		return wire.ErrSyntax
	}
	return bmove(c, from, to, 5)
}

func brpoplpush(c *command.Call) error { return bmove(c, right, left, 3) }

// bmove is BLMOVE and BRPOPLPUSH with the timeout at argument i.
func bmove(c *command.Call, from, to side, i int) error {
	timeout, err := c.Timeout(i)
	if err != nil {
		return err
	}
	source, destination := c.Args[1], c.Args[2]
	l, err := c.List(source)
	if err != nil && !c.Retry {
		return err
	}
	if err == nil && l.Len() > 0 {
		if err := shift(c, &l, from, to); err != nil {
			return err
		}
		c.Log(lmoveName, source, destination, from.name(), to.name())
		return nil
	}
	if c.Nested {
		c.Reply.Null() // not the null array of a wait in vain
		return nil
	}
	return wait(c, c.Args[1:2], timeout)
}

// wait parks the client until one of keys changes. When the time is over the
// reply is a null array.
func wait(c *command.Call, keys [][]byte, timeoutMs int64) error {
	return c.Wait(command.Block{Keys: keys, TimeoutMs: timeoutMs, OnTimeout: wire.Reply.NullArray})
}
