package set

import (
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errNumKeys     wire.Error = "ERR numkeys should be greater than 0"
	errTooManyKeys wire.Error = "ERR Number of keys can't be greater than number of args"
	errLimit       wire.Error = "ERR LIMIT can't be negative"
)

// operation calls fn for each member of the result once, until it returns
// false (a union goes on with its next set). fn must not write; m is valid
// during the call.
type operation func(sets []handle, fn func(m []byte) bool)

func sinter(c *command.Call) error { return reply(c, intersect) }
func sunion(c *command.Call) error { return reply(c, unite) }
func sdiff(c *command.Call) error  { return reply(c, subtract) }

func sinterstore(c *command.Call) error { return store(c, intersect, "sinterstore") }
func sunionstore(c *command.Call) error { return store(c, unite, "sunionstore") }
func sdiffstore(c *command.Call) error  { return store(c, subtract, "sdiffstore") }

// sources returns the sets at keys; a key of another type is an error, even
// where it could not change the result.
func sources(c *command.Call, keys [][]byte) ([]handle, error) {
	sets := make([]handle, len(keys))
	for i, key := range keys {
		s, err := c.Set(key)
		if err != nil {
			return nil, err
		}
		sets[i] = s
	}
	return sets, nil
}

func reply(c *command.Call, run operation) error {
	sets, err := sources(c, c.Args[1:])
	if err != nil {
		return err
	}
	var found result
	run(sets, found.add)
	c.Reply.Set(found.len())
	found.each(c.Reply.Bulk)
	return nil
}

// store replaces the destination with the result, or deletes it when the
// result is empty.
func store(c *command.Call, run operation, event string) error {
	sets, err := sources(c, c.Args[2:])
	if err != nil {
		return err
	}
	var found result
	run(sets, found.add)
	key := c.Args[1]
	existed := c.In(key).Delete(key)
	if found.len() > 0 {
		s, err := c.Set(key)
		if err != nil {
			return err
		}
		s.Fill(found.len(), found.at)
		c.Changed(key, hook.Set, event)
	} else if existed {
		c.Changed(key, hook.Generic, "del")
	}
	c.Reply.Int(int64(found.len()))
	return nil
}

func sintercard(c *command.Call) error {
	n, ok := command.ParseInt(c.Args[1])
	if !ok || n <= 0 {
		return errNumKeys
	}
	if n > int64(len(c.Args)-2) {
		return errTooManyKeys
	}
	end, limit := 2+int(n), int64(0)
	for i := end; i < len(c.Args); i += 2 {
		if !c.Is(i, "limit") || i+1 == len(c.Args) {
			return wire.ErrSyntax
		}
		if limit, ok = command.ParseInt(c.Args[i+1]); !ok || limit < 0 {
			return errLimit
		}
	}
	sets, err := sources(c, c.Args[2:end])
	if err != nil {
		return err
	}
	count := int64(0)
	intersect(sets, func([]byte) bool {
		count++
		return count != limit
	})
	c.Reply.Int(count)
	return nil
}

// intersect looks the members of the smallest set up in the others, in the
// smaller ones first.
func intersect(sets []handle, fn func(m []byte) bool) {
	slices.SortStableFunc(sets, func(a, b handle) int { return a.Len() - b.Len() })
	sets[0].Range(func(m []byte) bool {
		for i := range sets[1:] {
			if !sets[1+i].Has(m) {
				return true
			}
		}
		return fn(m)
	})
}

// subtract looks the members of the first set up in the others, in the larger
// ones first: they are the likelier to have them.
func subtract(sets []handle, fn func(m []byte) bool) {
	others := sets[1:]
	slices.SortStableFunc(others, func(a, b handle) int { return b.Len() - a.Len() })
	sets[0].Range(func(m []byte) bool {
		for i := range others {
			if others[i].Has(m) {
				return true
			}
		}
		return fn(m)
	})
}

// unite reports a member with the first set that has it. Two sets need no
// memory for that; more of them would make looking up quadratic.
func unite(sets []handle, fn func(m []byte) bool) {
	if len(sets) <= 2 {
		first := &sets[0]
		first.Range(fn)
		for i := range sets[1:] {
			sets[1+i].Range(func(m []byte) bool { return first.Has(m) || fn(m) })
		}
		return
	}
	seen := map[string]struct{}{}
	for i := range sets {
		sets[i].Range(func(m []byte) bool {
			if _, ok := seen[string(m)]; ok {
				return true
			}
			seen[string(m)] = struct{}{}
			return fn(m)
		})
	}
}

// result gathers the members of a result in one buffer.
type result struct {
	buf  []byte
	ends []int
}

func (r *result) len() int { return len(r.ends) }

// add copies m; it always returns true, so that it can serve as a callback.
func (r *result) add(m []byte) bool {
	r.buf = append(r.buf, m...)
	r.ends = append(r.ends, len(r.buf))
	return true
}

func (r *result) at(i int) []byte {
	start := 0
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.buf[start:r.ends[i]]
}

func (r *result) each(fn func(m []byte)) {
	start := 0
	for _, end := range r.ends {
		fn(r.buf[start:end])
		start = end
	}
}
