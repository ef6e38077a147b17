package str

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func set(c *command.Call) error {
	if len(c.Args) == 3 {
		key := c.Args[1]
		c.In(key).SetString(key, c.Args[2], 0)
		c.Changed(key, hook.String, "set")
		c.Reply.Status("OK")
		return nil
	}
	o, err := setOptions(c)
	if err != nil {
		return err
	}
	at, err := o.setDeadline(c)
	if err != nil {
		return err
	}
	key := c.Args[1]
	if o.get {
		if _, err := reply(c, key); err != nil {
			return err
		}
	}
	if exists := (o.nx || o.xx) && c.In(key).Exists(key); o.nx && exists || o.xx && !exists {
		if !o.get {
			c.Reply.Null()
		}
		return nil
	}
	store(c, key, c.Args[2], at)
	if o.get && !c.Logged() {
		c.Log(withoutGet(c)...)
	}
	if !o.get {
		c.Reply.Status("OK")
	}
	return nil
}

// setDeadline returns the deadline that the options ask for, as SetString takes it.
func (o *options) setDeadline(c *command.Call) (atMs int64, err error) {
	switch {
	case o.expire != 0:
		return o.unit.deadline(c, o.expire)
	case o.keepTTL:
		return keyspace.KeepTTL, nil
	}
	return 0, nil
}

// withoutGet returns the arguments of a SET that has taken place, without GET:
// a log wants no replies.
func withoutGet(c *command.Call) [][]byte {
	args := make([][]byte, 0, len(c.Args))
	for i, a := range c.Args {
		if i < 3 || !command.EqualFold(a, "get") {
			args = append(args, a)
		}
	}
	return args
}

// store sets key with a deadline as SetString takes it. With one that has
// passed the key goes at once.
func store(c *command.Call, key, val []byte, at int64) {
	d := c.In(key)
	if at > 0 && at <= c.NowMs() {
		if d.Delete(key) {
			c.Changed(key, hook.Generic, "del")
			c.Log(delWord, key)
		}
		return
	}
	d.SetString(key, val, at)
	c.Changed(key, hook.String, "set")
	if at > 0 {
		c.Changed(key, hook.Generic, "expire")
		c.Log(setWord, key, val, pxatWord, decimal(at))
	}
}

func setnx(c *command.Call) error {
	key := c.Args[1]
	if c.In(key).Exists(key) {
		c.Reply.Int(0)
		return nil
	}
	store(c, key, c.Args[2], 0)
	c.Reply.Int(1)
	return nil
}

func setex(c *command.Call) error  { return setFor(c, seconds) }
func psetex(c *command.Call) error { return setFor(c, milliseconds) }

// setFor is SETEX and PSETEX.
func setFor(c *command.Call, u unit) error {
	at, err := u.deadline(c, 2)
	if err != nil {
		return err
	}
	store(c, c.Args[1], c.Args[3], at)
	c.Reply.Status("OK")
	return nil
}

func getset(c *command.Call) error {
	key := c.Args[1]
	if _, err := reply(c, key); err != nil {
		return err
	}
	store(c, key, c.Args[2], 0)
	c.Log(setWord, key, c.Args[2])
	return nil
}

func mset(c *command.Call) error {
	if err := pairs(c); err != nil {
		return err
	}
	setAll(c)
	c.Reply.Status("OK")
	return nil
}

func msetnx(c *command.Call) error {
	if err := pairs(c); err != nil {
		return err
	}
	for i := 1; i < len(c.Args); i += 2 {
		if c.In(c.Args[i]).Exists(c.Args[i]) {
			c.Reply.Int(0)
			return nil
		}
	}
	setAll(c)
	c.Reply.Int(1)
	return nil
}

// pairs checks that each key has a value.
func pairs(c *command.Call) error {
	if len(c.Args)%2 == 0 {
		return wire.WrongArity(c.Spec.FullName())
	}
	return nil
}

func setAll(c *command.Call) {
	for i := 1; i < len(c.Args); i += 2 {
		store(c, c.Args[i], c.Args[i+1], 0)
	}
}

func appendTo(c *command.Call) error {
	key, tail := c.Args[1], c.Args[2]
	val, exists, err := c.String(key)
	if err != nil {
		return err
	}
	d := c.In(key)
	if !exists { // APPEND of a first value is a SET: the encoding is that of a SET
		d.SetString(key, tail, 0)
		c.Changed(key, hook.String, "append")
		c.Reply.Int(int64(len(tail)))
		return nil
	}
	if err := checkLength(c, int64(len(val)), len(tail)); err != nil {
		return err
	}
	n := d.AppendString(key, tail)
	c.Changed(key, hook.String, "append")
	c.Reply.Int(int64(n))
	return nil
}

const errTooLong wire.Error = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"

// checkLength refuses a string of before+add bytes that is longer than
// proto-max-bulk-len. What was logged has passed the check of its time.
func checkLength(c *command.Call, before int64, add int) error {
	limit := c.Config.Server.ProtoMaxBulkLen
	if !c.Replay && (before > limit || int64(add) > limit-before) {
		return errTooLong
	}
	return nil
}

func setrange(c *command.Call) error {
	offset, err := c.Int(2)
	if err != nil {
		return err
	}
	if offset < 0 {
		return wire.Error("ERR offset is out of range")
	}
	key, patch := c.Args[1], c.Args[3]
	val, _, err := c.String(key)
	if err != nil {
		return err
	}
	if len(patch) == 0 {
		c.Reply.Int(int64(len(val)))
		return nil
	}
	if err := checkLength(c, offset, len(patch)); err != nil {
		return err
	}
	n := c.In(key).SetRange(key, int(offset), patch)
	c.Changed(key, hook.String, "setrange")
	c.Reply.Int(int64(n))
	return nil
}
