package hash

import (
	"math"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func hset(c *command.Call) error {
	created, err := setFields(c)
	if err != nil {
		return err
	}
	c.Reply.Int(created)
	return nil
}

func hmset(c *command.Call) error {
	if _, err := setFields(c); err != nil {
		return err
	}
	c.Reply.Status("OK")
	return nil
}

// setFields is HSET and HMSET; it returns the number of new fields.
func setFields(c *command.Call) (created int64, err error) {
	if len(c.Args)%2 == 1 {
		return 0, wire.WrongArity(c.Spec.FullName())
	}
	key := c.Args[1]
	h, err := c.Hash(key)
	if err != nil {
		return 0, err
	}
	for i := 2; i < len(c.Args); i += 2 {
		if h.Set(c.Args[i], c.Args[i+1]) {
			created++
		}
	}
	c.Changed(key, hook.Hash, "hset")
	return created, nil
}

func hsetnx(c *command.Call) error {
	key := c.Args[1]
	h, err := c.Hash(key)
	if err != nil {
		return err
	}
	if _, exists := h.Get(c.Args[2]); exists {
		c.Reply.Int(0)
		return nil
	}
	h.Set(c.Args[2], c.Args[3])
	c.Changed(key, hook.Hash, "hset")
	c.Reply.Int(1)
	return nil
}

func hdel(c *command.Call) error {
	key := c.Args[1]
	h, err := c.Hash(key)
	if err != nil {
		return err
	}
	removed := int64(0)
	for _, field := range c.Args[2:] {
		if h.Delete(field) {
			removed++
		}
	}
	if removed > 0 {
		c.Changed(key, hook.Hash, "hdel")
		if h.Len() == 0 {
			c.Changed(key, hook.Generic, "del")
		}
	}
	c.Reply.Int(removed)
	return nil
}

// room is as long as the longest integer.
var room [20]byte

func hincrby(c *command.Call) error {
	by, err := c.Int(3)
	if err != nil {
		return err
	}
	key, field := c.Args[1], c.Args[2]
	h, err := c.Hash(key)
	if err != nil {
		return err
	}
	var old int64
	if val, exists := h.Get(field); exists {
		var ok bool
		if old, ok = command.ParseInt(val); !ok {
			return wire.Error("ERR hash value is not an integer")
		}
	}
	if by > 0 && old > math.MaxInt64-by || by < 0 && old < math.MinInt64-by {
		return wire.ErrOverflow
	}
	digits := c.Unit.Keep(room[:])[:0] // an array of this function's own would be garbage each time
	h.Set(field, strconv.AppendInt(digits, old+by, 10))
	c.Changed(key, hook.Hash, "hincrby")
	c.Reply.Int(old + by)
	return nil
}

// hsetWord begins the record that stands for HINCRBYFLOAT in the log.
var hsetWord = []byte("HSET")

func hincrbyfloat(c *command.Call) error {
	by, ok := command.ParseExtended(c.Args[3])
	if !ok {
		return wire.ErrNotFloat
	}
	if by.IsInf() {
		return wire.Error("ERR value is NaN or Infinity")
	}
	key, field := c.Args[1], c.Args[2]
	h, err := c.Hash(key)
	if err != nil {
		return err
	}
	val, exists := h.Get(field)
	if !exists {
		val = []byte("0")
	}
	old, ok := command.ParseExtended(val)
	if !ok {
		return wire.Error("ERR hash value is not a float")
	}
	sum, ok := command.AddExtended(old, by)
	if !ok {
		return wire.Error("ERR increment would produce NaN or Infinity")
	}
	text := command.FormatExtended(sum)
	h.Set(field, text)
	c.Changed(key, hook.Hash, "hincrbyfloat")
	c.Log(hsetWord, key, field, text)
	c.Reply.Bulk(text)
	return nil
}
