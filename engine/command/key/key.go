package key

import (
	"bytes"
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errDBRange wire.Error = "ERR DB index is out of range"
)

// Words of the records that replace a command in the log.
var (
	delWord       = []byte("DEL")
	copyWord      = []byte("COPY")
	dbWord        = []byte("DB")
	replaceWord   = []byte("REPLACE")
	rpushWord     = []byte("RPUSH")
	pexpireatWord = []byte("PEXPIREAT")
)

func del(c *command.Call) error {
	n := int64(0)
	for _, key := range c.Args[1:] {
		if c.In(key).Delete(key) {
			c.Changed(key, hook.Generic, "del")
			n++
		}
	}
	c.Reply.Int(n)
	return nil
}

// lateBytes is from when on a value that UNLINK removes counts as one whose memory
// is given back by and by: Redis counts those that take many calls of its allocator.
const lateBytes = 4096

// unlink is del; it counts the large values, which the collector takes later.
func unlink(c *command.Call) error {
	for _, key := range c.Args[1:] {
		if c.In(key).Memory(key) > lateBytes {
			c.Unit.Late++
		}
	}
	return del(c)
}

func exists(c *command.Call) error { return count(c, (*keyspace.DB).Exists) }
func touch(c *command.Call) error  { return count(c, (*keyspace.DB).Touch) }

// count replies for how many of the keys is holds.
func count(c *command.Call, is func(*keyspace.DB, []byte) bool) error {
	n := int64(0)
	for _, key := range c.Args[1:] {
		if is(c.In(key), key) {
			n++
		}
	}
	c.Reply.Int(n)
	return nil
}

func typeOf(c *command.Call) error {
	key := c.Args[1]
	c.Reply.Status(c.In(key).Type(key).String())
	return nil
}

func rename(c *command.Call) error {
	if _, err := renameTo(c, true); err != nil {
		return err
	}
	c.Reply.Status("OK")
	return nil
}

func renamenx(c *command.Call) error {
	done, err := renameTo(c, false)
	if err != nil {
		return err
	}
	reply(c, done)
	return nil
}

// reply replies 1 or 0.
func reply(c *command.Call, done bool) {
	if done {
		c.Reply.Int(1)
	} else {
		c.Reply.Int(0)
	}
}

// renameTo is RENAME and RENAMENX; it reports whether there was something to do.
func renameTo(c *command.Call, replace bool) (done bool, err error) {
	from, to := c.Args[1], c.Args[2]
	source, target := c.In(from), c.In(to)
	if !source.Touch(from) {
		return false, wire.ErrNoSuchKey
	}
	if bytes.Equal(from, to) || !replace && target.Exists(to) {
		return false, nil
	}
	source.Rename(from, target, to)
	c.Changed(from, hook.Generic, "rename_from")
	c.Changed(to, hook.Generic, "rename_to")
	return true, nil
}

// database reads argument i as the number of a database.
func database(c *command.Call, i int) (int, error) {
	n, err := c.Int(i)
	switch {
	case err != nil:
		return 0, err
	case n < math.MinInt32 || n > math.MaxInt32:
		return 0, wire.ErrIntRange
	case n < 0 || n >= int64(c.Unit.Space.Databases()):
		return 0, errDBRange
	}
	return int(n), nil
}

func copyKey(c *command.Call) error {
	db, replace := c.DB, false
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "replace"):
			replace = true
		case c.Is(i, "db") && i+1 < len(c.Args):
			i++
			var err error
			if db, err = database(c, i); err != nil {
				return err
			}
		default:
			return wire.ErrSyntax
		}
	}
	from, to := c.Args[1], c.Args[2]
	if db == c.DB && bytes.Equal(from, to) {
		return wire.ErrSameObject
	}
	source, target := c.In(from), c.InDB(db, to)
	if !source.Touch(from) || target.Exists(to) && !replace {
		c.Reply.Int(0)
		return nil
	}
	if err := c.ExpireIn(db, to); err != nil {
		return err
	}
	if !source.Exists(from) || target.Exists(to) && !replace {
		c.Reply.Int(0) // a hook has been there
		return nil
	}
	source.Copy(from, target, to)
	c.ChangedIn(db, to, hook.Generic, "copy_to")
	c.Log(copyWord, from, to, dbWord, decimal(int64(db)), replaceWord)
	c.Reply.Int(1)
	return nil
}

func move(c *command.Call) error {
	key := c.Args[1]
	db, err := database(c, 2)
	if err != nil {
		return err
	}
	if db == c.DB {
		return wire.ErrSameObject
	}
	source, target := c.In(key), c.InDB(db, key)
	if !source.Touch(key) || target.Exists(key) {
		c.Reply.Int(0)
		return nil
	}
	if err := c.ExpireIn(db, key); err != nil {
		return err
	}
	if !source.Exists(key) || target.Exists(key) {
		c.Reply.Int(0) // a hook has been there
		return nil
	}
	c.Log(c.Args...)
	source.Rename(key, target, key)
	c.Changed(key, hook.Generic, "move_from")
	c.ChangedIn(db, key, hook.Generic, "move_to")
	c.Reply.Int(1)
	return nil
}
