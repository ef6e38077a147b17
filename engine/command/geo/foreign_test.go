package geo_test

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/geo"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// rows is the group's table with what its tests need of other groups, in the
// simplest form that answers as Redis does to right arguments.
func rows() []command.Spec {
	key := []command.KeySpec{command.Key(1, command.KeyRW)}
	return append(geo.Table(),
		command.Spec{Name: "set", Arity: 3, Flags: command.Write, Keys: key, Run: func(c *command.Call) error {
			c.In(c.Args[1]).SetString(c.Args[1], c.Args[2], 0)
			c.Changed(c.Args[1], hook.String, "set")
			c.Reply.Status("OK")
			return nil
		}},
		command.Spec{Name: "zadd", Arity: -4, Flags: command.Write, Keys: key, Run: func(c *command.Call) error {
			z, err := c.ZSet(c.Args[1])
			if err != nil {
				return err
			}
			added, first := int64(0), 2
			if c.Is(2, "nx") || c.Is(2, "xx") {
				first = 3
			}
			for i := first; i < len(c.Args); i += 2 {
				score, err := c.Float(i)
				if err != nil {
					return err
				}
				if _, exists := z.Score(c.Args[i+1]); exists && c.Is(2, "nx") || !exists && c.Is(2, "xx") {
					continue
				}
				if z.Set(c.Args[i+1], score) {
					added++
				}
			}
			c.Changed(c.Args[1], hook.ZSet, "zadd")
			c.Reply.Int(added)
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
