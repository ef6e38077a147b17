package zset

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

func zrem(c *command.Call) error {
	key := c.Args[1]
	z, err := c.ZSet(key)
	if err != nil {
		return err
	}
	removed := 0
	for _, m := range c.Args[2:] {
		if z.Remove(m) {
			removed++
		}
	}
	if removed > 0 {
		shrunk(c, key, &z, "zrem")
	}
	c.Reply.Int(int64(removed))
	return nil
}

// shrunk emits the events of members removed from key: the one named, and del
// when that emptied the sorted set.
func shrunk(c *command.Call, key []byte, z *handle, event string) {
	c.Changed(key, hook.ZSet, event)
	if z.Len() == 0 {
		c.Changed(key, hook.Generic, "del")
	}
}

func zcard(c *command.Call) error {
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Int(int64(z.Len()))
	return nil
}

func zscore(c *command.Call) error {
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	tellScore(c, &z, c.Args[2])
	return nil
}

func zmscore(c *command.Call) error {
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		tellScore(c, &z, m)
	}
	return nil
}

func tellScore(c *command.Call, z *handle, m []byte) {
	score, ok := z.Score(m)
	if !ok {
		c.Reply.Null()
		return
	}
	c.Reply.Double(score)
}

func zrank(c *command.Call) error    { return rank(c, false) }
func zrevrank(c *command.Call) error { return rank(c, true) }

func rank(c *command.Call, fromLast bool) error {
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	n, ok := z.Rank(c.Args[2])
	if !ok {
		c.Reply.Null()
		return nil
	}
	if fromLast {
		n = z.Len() - 1 - n
	}
	c.Reply.Int(int64(n))
	return nil
}

func zcount(c *command.Call) error    { return count(c, byScore) }
func zlexcount(c *command.Call) error { return count(c, byLex) }

func count(c *command.Call, by order) error {
	b, err := by.bounds(c.Args[2], c.Args[3])
	if err != nil {
		return err
	}
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	_, n := b.ranks(&z)
	c.Reply.Int(int64(n))
	return nil
}
