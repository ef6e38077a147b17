package stream_test

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/stream"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// rows is the group's table with what its tests need of other groups, in the
// simplest form that answers as Redis does to right arguments.
func rows() []command.Spec {
	key := []command.KeySpec{command.Key(1, command.KeyRW)}
	return append(stream.Table(),
		command.Spec{Name: "set", Arity: 3, Flags: command.Write, Keys: key, Run: func(c *command.Call) error {
			c.In(c.Args[1]).SetString(c.Args[1], c.Args[2], 0)
			c.Changed(c.Args[1], hook.String, "set")
			c.Reply.Status("OK")
			return nil
		}},
		command.Spec{Name: "pexpireat", Arity: 3, Flags: command.Write, Keys: key, Run: func(c *command.Call) error {
			at, err := c.Int(2)
			if err != nil {
				return err
			}
			if !c.In(c.Args[1]).SetDeadline(c.Args[1], at) {
				c.Reply.Int(0)
				return nil
			}
			c.Changed(c.Args[1], hook.Generic, "expire")
			c.Reply.Int(1)
			return nil
		}},
		command.Spec{Name: "del", Arity: -2, Flags: command.Write, Keys: []command.KeySpec{command.Keys(1, -1, 1, command.KeyRM)},
			Run: func(c *command.Call) error {
				n := int64(0)
				for _, k := range c.Args[1:] {
					if c.In(k).Delete(k) {
						c.Changed(k, hook.Generic, "del")
						n++
					}
				}
				c.Reply.Int(n)
				return nil
			}},
	)
}
