package set

import (
	"bytes"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
)

// handle is access to one set, valid while its shard is locked.
type handle = keyspace.SetHandle

func sadd(c *command.Call) error {
	key := c.Args[1]
	s, err := c.Set(key)
	if err != nil {
		return err
	}
	added := 0
	for _, m := range c.Args[2:] {
		if s.Add(m) {
			added++
		}
	}
	if added > 0 {
		c.Changed(key, hook.Set, "sadd")
	}
	c.Reply.Int(int64(added))
	return nil
}

func srem(c *command.Call) error {
	key := c.Args[1]
	s, err := c.Set(key)
	if err != nil {
		return err
	}
	removed := 0
	for _, m := range c.Args[2:] {
		if s.Remove(m) {
			removed++
		}
	}
	if removed > 0 {
		shrunk(c, key, &s, "srem")
	}
	c.Reply.Int(int64(removed))
	return nil
}

// shrunk emits the events of members removed from key: the one named, and del
// when that emptied the set.
func shrunk(c *command.Call, key []byte, s *handle, event string) {
	c.Changed(key, hook.Set, event)
	if s.Len() == 0 {
		c.Changed(key, hook.Generic, "del")
	}
}

func smove(c *command.Call) error {
	source, destination, m := c.Args[1], c.Args[2], c.Args[3]
	from, err := c.Set(source)
	if err != nil {
		return err
	}
	if from.Len() == 0 {
		c.Reply.Int(0)
		return nil
	}
	to, err := c.Set(destination)
	if err != nil {
		return err
	}
	if !from.Has(m) {
		c.Reply.Int(0)
		return nil
	}
	if !bytes.Equal(source, destination) {
		from.Remove(m)
		shrunk(c, source, &from, "srem")
		if to.Add(m) {
			c.Changed(destination, hook.Set, "sadd")
		}
	}
	c.Reply.Int(1)
	return nil
}

func scard(c *command.Call) error {
	s, err := c.Set(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Int(int64(s.Len()))
	return nil
}

func sismember(c *command.Call) error {
	s, err := c.Set(c.Args[1])
	if err != nil {
		return err
	}
	tell(c, s.Has(c.Args[2]))
	return nil
}

func smismember(c *command.Call) error {
	s, err := c.Set(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		tell(c, s.Has(m))
	}
	return nil
}

// tell replies 1 or 0, an integer in RESP3 too.
func tell(c *command.Call, yes bool) {
	if yes {
		c.Reply.Int(1)
		return
	}
	c.Reply.Int(0)
}

func smembers(c *command.Call) error {
	s, err := c.Set(c.Args[1])
	if err != nil {
		return err
	}
	replyAll(c, &s)
	return nil
}

// replyAll replies with all members as a set.
func replyAll(c *command.Call, s *handle) {
	c.Reply.Set(s.Len())
	s.Range(func(m []byte) bool {
		c.Reply.Bulk(m)
		return true
	})
}
