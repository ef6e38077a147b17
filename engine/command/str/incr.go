package str

import (
	"math"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func incr(c *command.Call) error { return add(c, 1) }
func decr(c *command.Call) error { return add(c, -1) }

func incrby(c *command.Call) error {
	n, err := c.Int(2)
	if err != nil {
		return err
	}
	return add(c, n)
}

func decrby(c *command.Call) error {
	n, err := c.Int(2)
	if err != nil {
		return err
	}
	if n == math.MinInt64 {
		return wire.Error("ERR decrement would overflow")
	}
	return add(c, -n)
}

// room is as long as the longest integer.
var room [20]byte

// add adds n to the integer at the command's key.
func add(c *command.Call, n int64) error {
	key := c.Args[1]
	val, exists, err := c.String(key)
	if err != nil {
		return err
	}
	var old int64
	if exists {
		var ok bool
		if old, ok = command.ParseInt(val); !ok {
			return wire.ErrNotInteger
		}
	}
	if n > 0 && old > math.MaxInt64-n || n < 0 && old < math.MinInt64-n {
		return wire.ErrOverflow
	}
	digits := c.Unit.Keep(room[:])[:0] // an array of this function's own would be garbage each time
	c.In(key).SetString(key, strconv.AppendInt(digits, old+n, 10), keyspace.KeepTTL)
	c.Changed(key, hook.String, "incrby")
	c.Reply.Int(old + n)
	return nil
}

func incrbyfloat(c *command.Call) error {
	key := c.Args[1]
	val, exists, err := c.String(key)
	if err != nil {
		return err
	}
	if !exists {
		val = []byte("0")
	}
	old, ok1 := command.ParseExtended(val)
	by, ok2 := command.ParseExtended(c.Args[2])
	if !ok1 || !ok2 {
		return wire.ErrNotFloat
	}
	sum, ok := command.AddExtended(old, by)
	if !ok {
		return wire.Error("ERR increment would produce NaN or Infinity")
	}
	text := command.FormatExtended(sum)
	c.In(key).SetString(key, text, keyspace.KeepTTL)
	c.Changed(key, hook.String, "incrbyfloat")
	c.Log(setWord, key, text, keepTTLWord)
	c.Reply.Bulk(text)
	return nil
}
