package key

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// flushMode reads ASYNC or SYNC. Both mean the same here: a database is
// emptied at once and its memory given back in the background.
func flushMode(c *command.Call) error {
	if len(c.Args) > 2 || len(c.Args) == 2 && !c.Is(1, "async") && !c.Is(1, "sync") {
		return wire.ErrSyntax
	}
	return nil
}

func flushdb(c *command.Call) error {
	if err := flushMode(c); err != nil {
		return err
	}
	flush(c, c.DB, c.DB+1)
	c.Reply.Status("OK")
	return nil
}

func flushall(c *command.Call) error {
	if err := flushMode(c); err != nil {
		return err
	}
	flush(c, 0, c.Unit.Space.Databases())
	c.Reply.Status("OK")
	return nil
}

// flush empties the databases from first up to end. As in Redis it is logged
// even if they are empty: who follows the log may rely on seeing it.
func flush(c *command.Call, first, end int) {
	changed := false
	for db := first; db < end; db++ {
		n := 0
		for i := range c.Unit.Space.Shards() {
			n += c.Unit.Space.Shard(i).DB(db).Clear()
		}
		if n > 0 {
			c.Flushed(db)
			changed = true
			if len(c.Args) > 1 && c.Is(1, "async") {
				c.Unit.Late += n
			}
		}
	}
	if !changed {
		c.Flushed(c.DB)
	}
}

func swapdb(c *command.Call) error {
	first, ok := command.ParseInt(c.Args[1])
	if !ok || first < math.MinInt32 || first > math.MaxInt32 {
		return wire.Error("ERR invalid first DB index")
	}
	second, ok := command.ParseInt(c.Args[2])
	if !ok || second < math.MinInt32 || second > math.MaxInt32 {
		return wire.Error("ERR invalid second DB index")
	}
	limit := int64(c.Unit.Space.Databases())
	if first < 0 || first >= limit || second < 0 || second >= limit {
		return errDBRange
	}
	if first != second {
		c.Unit.Space.SwapDB(int(first), int(second))
		c.Flushed(int(first))
		c.Flushed(int(second))
	}
	c.Reply.Status("OK")
	return nil
}

func dbsize(c *command.Call) error {
	n := 0
	eachPart(c, func(d *keyspace.DB) bool {
		n += d.Len()
		return true
	})
	c.Reply.Int(int64(n))
	return nil
}
