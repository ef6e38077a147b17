package dump

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/exchange"
	"github.com/kevy-lua/kevy-lua/engine/rdb"
)

func runDump(c *command.Call) error {
	key := c.Args[1]
	d := c.In(key)
	if !d.Touch(key) {
		c.Reply.Null()
		return nil
	}
	f, _ := d.Freeze(key)
	defer f.Release()
	c.Reply.Bulk(rdb.Seal(exchange.Append(nil, &f)))
	return nil
}
