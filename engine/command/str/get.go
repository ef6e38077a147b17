package str

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func get(c *command.Call) error {
	_, err := reply(c, c.Args[1])
	return err
}

// reply replies the string at key, or null.
func reply(c *command.Call, key []byte) (exists bool, err error) {
	val, exists, err := c.String(key)
	switch {
	case err != nil:
		return false, err
	case exists:
		c.Reply.Bulk(val)
	default:
		c.Reply.Null()
	}
	return exists, nil
}

// Words of the records that replace a command in the log.
var (
	delWord       = []byte("DEL")
	setWord       = []byte("SET")
	pxatWord      = []byte("PXAT")
	keepTTLWord   = []byte("KEEPTTL")
	persistWord   = []byte("PERSIST")
	pexpireatWord = []byte("PEXPIREAT")
)

func getdel(c *command.Call) error {
	key := c.Args[1]
	exists, err := reply(c, key)
	if err != nil || !exists {
		return err
	}
	remove(c, key)
	return nil
}

// remove deletes a key that exists.
func remove(c *command.Call, key []byte) {
	c.In(key).Delete(key)
	c.Changed(key, hook.Generic, "del")
	c.Log(delWord, key)
}

func getex(c *command.Call) error {
	o, err := getexOptions(c)
	if err != nil {
		return err
	}
	key := c.Args[1]
	val, exists, err := c.String(key)
	if err != nil {
		return err
	}
	if !exists {
		c.Reply.Null()
		return nil
	}
	var at int64
	if o.expire != 0 {
		if at, err = o.unit.deadline(c, o.expire); err != nil {
			return err
		}
	}
	c.Reply.Bulk(val)
	d := c.In(key)
	old, _ := d.Deadline(key)
	switch {
	case o.expire != 0 && at <= c.NowMs():
		remove(c, key)
	case o.expire != 0:
		d.SetDeadline(key, at)
		c.Changed(key, hook.Generic, "expire")
		c.Log(pexpireatWord, key, decimal(at))
	case o.persist && old != 0:
		d.SetDeadline(key, 0)
		c.Changed(key, hook.Generic, "persist")
		c.Log(persistWord, key)
	}
	return nil
}

func getrange(c *command.Call) error {
	start, err := c.Int(2)
	if err != nil {
		return err
	}
	end, err := c.Int(3)
	if err != nil {
		return err
	}
	val, _, err := c.String(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Bulk(slice(val, start, end))
	return nil
}

// slice returns the bytes from start to end, both included and negative from
// the end. An end before the first byte counts as the first one.
func slice(val []byte, start, end int64) []byte {
	n := int64(len(val))
	if n == 0 || start < 0 && end < 0 && start > end {
		return nil
	}
	if start < 0 {
		start = max(start+n, 0)
	}
	if end < 0 {
		end = max(end+n, 0)
	}
	end = min(end, n-1)
	if start > end {
		return nil
	}
	return val[start : end+1]
}

func strlen(c *command.Call) error {
	val, _, err := c.String(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Int(int64(len(val)))
	return nil
}

func mget(c *command.Call) error {
	c.Reply.Array(len(c.Args) - 1)
	for _, key := range c.Args[1:] {
		if _, err := reply(c, key); err == wire.ErrWrongType {
			c.Reply.Null()
		}
	}
	return nil
}
