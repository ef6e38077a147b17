package key

import (
	"math/rand/v2"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/glob"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
)

// eachPart calls fn with the parts of the caller's database until it returns
// false. The unit holds all shards.
func eachPart(c *command.Call, fn func(d *keyspace.DB) bool) {
	for i := range c.Unit.Space.Shards() {
		if !fn(c.Unit.Space.Shard(i).DB(c.DB)) {
			return
		}
	}
}

func keysLike(c *command.Call) error {
	mark, n := c.Reply.OpenArray(), 0
	eachPart(c, func(d *keyspace.DB) bool {
		d.Range(func(key []byte, _ keyspace.Type) bool {
			if glob.Match(c.Args[1], key, false) {
				c.Reply.Bulk(key)
				n++
			}
			return true
		})
		return true
	})
	c.Reply.CloseArray(mark, n)
	return nil
}

// scan walks over the shards one after the other. Its cursor is the one of the
// shard times the number of shards, plus the shard's index, so that 0 is the
// beginning of the first and no other place is 0.
func scan(c *command.Call) error {
	cursor, err := c.Cursor(1)
	if err != nil {
		return err
	}
	o, err := c.ScanOptions(2, true)
	if err != nil {
		return err
	}
	space := c.Unit.Space
	shards := uint64(space.Shards())
	shard, inside := cursor%shards, cursor/shards
	var found [][]byte
	seen := 0
	for {
		inside = space.Shard(int(shard)).DB(c.DB).Scan(inside, o.Count-seen, func(key []byte, t keyspace.Type) {
			seen++
			if o.Match(key) && (o.Type == nil || command.EqualFold(o.Type, t.String())) {
				found = append(found, key)
			}
		})
		if inside == 0 {
			shard++
		}
		if shard == shards || seen >= o.Count {
			break
		}
	}
	next := uint64(0)
	if shard < shards {
		next = inside*shards + shard
	}
	c.ReplyScan(next, found)
	return nil
}

// randomkey chooses a shard by its number of keys, then a key of it. A shard
// whose keys are all due has none to offer: then any other shard does.
func randomkey(c *command.Call) error {
	total := 0
	eachPart(c, func(d *keyspace.DB) bool {
		total += d.Len()
		return true
	})
	if total == 0 {
		c.Reply.Null()
		return nil
	}
	n := rand.IntN(total)
	var chosen, other []byte
	eachPart(c, func(d *keyspace.DB) bool {
		here := n < d.Len()
		n -= d.Len()
		if here || other == nil {
			if key, ok := d.RandomKey(); ok && here {
				chosen = key
			} else if ok {
				other = key
			}
		}
		return chosen == nil
	})
	switch {
	case chosen != nil:
		c.Reply.Bulk(chosen)
	case other != nil:
		c.Reply.Bulk(other)
	default:
		c.Reply.Null()
	}
	return nil
}
