package key

import (
	"math"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func expire(c *command.Call) error    { return setDeadline(c, 1000, c.NowMs()) }
func pexpire(c *command.Call) error   { return setDeadline(c, 1, c.NowMs()) }
func expireat(c *command.Call) error  { return setDeadline(c, 1000, 0) }
func pexpireat(c *command.Call) error { return setDeadline(c, 1, 0) }

// conditions say when EXPIRE and its kin do something.
type conditions struct{ nx, xx, gt, lt bool }

func readConditions(c *command.Call) (o conditions, err error) {
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "nx"):
			o.nx = true
		case c.Is(i, "xx"):
			o.xx = true
		case c.Is(i, "gt"):
			o.gt = true
		case c.Is(i, "lt"):
			o.lt = true
		default:
			return o, wire.Errorf("ERR Unsupported option %s", c.Args[i])
		}
	}
	if o.nx && (o.xx || o.gt || o.lt) {
		return o, wire.Error("ERR NX and XX, GT or LT options at the same time are not compatible")
	}
	if o.gt && o.lt {
		return o, wire.Error("ERR GT and LT options at the same time are not compatible")
	}
	return o, nil
}

// hold reports whether a key with the deadline old, 0 for none, may get the
// deadline at. No deadline counts as one that never comes.
func (o conditions) hold(old, at int64) bool {
	switch {
	case o.nx && old != 0, o.xx && old == 0:
		return false
	case o.gt && (old == 0 || at <= old):
		return false
	case o.lt && old != 0 && at >= old:
		return false
	}
	return true
}

// setDeadline is EXPIRE and its kin: argument 2 counts units of perMs
// milliseconds after base. A moment that has passed deletes the key.
func setDeadline(c *command.Call, perMs, base int64) error {
	o, err := readConditions(c)
	if err != nil {
		return err
	}
	at, err := c.Int(2)
	if err != nil {
		return err
	}
	if at > math.MaxInt64/perMs || at < math.MinInt64/perMs || at*perMs > math.MaxInt64-base {
		return wire.Errorf("ERR invalid expire time in '%s' command", c.Spec.FullName())
	}
	at = at*perMs + base
	key := c.Args[1]
	d := c.In(key)
	old, exists := d.Deadline(key)
	if !exists || !o.hold(old, at) {
		c.Reply.Int(0)
		return nil
	}
	if at <= c.NowMs() || at <= 0 {
		d.Delete(key)
		c.Changed(key, hook.Generic, "del")
		c.Log(delWord, key)
	} else {
		d.SetDeadline(key, at)
		c.Changed(key, hook.Generic, "expire")
		c.Log(pexpireatWord, key, decimal(at))
	}
	c.Reply.Int(1)
	return nil
}

func persist(c *command.Call) error {
	key := c.Args[1]
	d := c.In(key)
	old, _ := d.Deadline(key)
	if old != 0 {
		d.SetDeadline(key, 0)
		c.Changed(key, hook.Generic, "persist")
	}
	reply(c, old != 0)
	return nil
}

func ttl(c *command.Call) error         { return replyDeadline(c, 1000, c.NowMs()) }
func pttl(c *command.Call) error        { return replyDeadline(c, 1, c.NowMs()) }
func expiretime(c *command.Call) error  { return replyDeadline(c, 1000, 0) }
func pexpiretime(c *command.Call) error { return replyDeadline(c, 1, 0) }

// replyDeadline replies the deadline, counted from base in units of perMs
// milliseconds and rounded; -1 without deadline, -2 without key.
func replyDeadline(c *command.Call, perMs, base int64) error {
	key := c.Args[1]
	at, exists := c.In(key).Deadline(key)
	switch {
	case !exists:
		c.Reply.Int(-2)
	case at == 0:
		c.Reply.Int(-1)
	default:
		left := max(at-base, 0)
		n := left / perMs
		if left%perMs*2 >= perMs && perMs > 1 {
			n++
		}
		c.Reply.Int(n)
	}
	return nil
}

// decimal prints n.
func decimal(n int64) []byte { return strconv.AppendInt(nil, n, 10) }
