package set

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errNotPositive wire.Error = "ERR value is out of range, must be positive"
	errCountRange  wire.Error = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"

	// errManyDraws refuses a reply that could not be held in memory; Redis tries.
	errManyDraws wire.Error = "ERR value is out of range"
)

var (
	sremName = []byte("SREM")
	delName  = []byte("DEL")
)

// spop logs what it removed: the members are a matter of chance.
func spop(c *command.Call) error {
	if len(c.Args) > 3 {
		return wire.ErrSyntax
	}
	if len(c.Args) == 3 {
		n, ok := command.ParseInt(c.Args[2])
		if !ok || n < 0 {
			return errNotPositive
		}
		return spopCount(c, n)
	}
	key := c.Args[1]
	s, err := c.Set(key)
	if err != nil {
		return err
	}
	if s.Len() == 0 {
		c.Reply.Null()
		return nil
	}
	m := c.Unit.Keep(s.Random())
	s.Remove(m)
	shrunk(c, key, &s, "spop")
	c.Log(sremName, key, m)
	c.Reply.Bulk(m)
	return nil
}

// logBatch is how many members one record of the log names at most.
const logBatch = 1024

func spopCount(c *command.Call, count int64) error {
	key := c.Args[1]
	s, err := c.Set(key)
	if err != nil {
		return err
	}
	length := int64(s.Len())
	if count == 0 || length == 0 {
		c.Reply.Set(0)
		return nil
	}
	if count >= length {
		replyAll(c, &s)
		c.In(key).Delete(key)
		c.Changed(key, hook.Set, "spop")
		c.Changed(key, hook.Generic, "del")
		c.Log(delName, key)
		return nil
	}
	c.Reply.Set(int(count))
	record := make([][]byte, 2, 2+min(count, logBatch))
	record[0], record[1] = sremName, key
	for ; count > 0; count-- {
		m := append([]byte(nil), s.Random()...)
		s.Remove(m)
		c.Reply.Bulk(m)
		if record = append(record, m); len(record) == 2+logBatch || count == 1 {
			c.Log(record...)
			record = record[:2]
		}
	}
	c.Changed(key, hook.Set, "spop")
	return nil
}

func srandmember(c *command.Call) error {
	if len(c.Args) > 3 {
		return wire.ErrSyntax
	}
	if len(c.Args) == 3 {
		n, err := c.Int(2)
		if err != nil {
			return err
		}
		if n == math.MinInt64 {
			return errCountRange
		}
		if n < -math.MaxInt32 {
			return errManyDraws
		}
		return randomMembers(c, n)
	}
	s, err := c.Set(c.Args[1])
	if err != nil {
		return err
	}
	if s.Len() == 0 {
		c.Reply.Null()
		return nil
	}
	c.Reply.Bulk(s.Random())
	return nil
}

// randomMembers replies with count different members, for a negative count
// with that many draws that may repeat.
func randomMembers(c *command.Call, count int64) error {
	s, err := c.Set(c.Args[1])
	if err != nil {
		return err
	}
	length := int64(s.Len())
	switch {
	case count == 0 || length == 0:
		c.Reply.Array(0)
	case count < 0:
		c.Reply.Array(int(-count))
		for ; count < 0; count++ {
			c.Reply.Bulk(s.Random())
		}
	case count >= length:
		c.Reply.Array(int(length))
		s.Range(func(m []byte) bool { c.Reply.Bulk(m); return true })
	case count <= length/2:
		c.Reply.Array(int(count))
		for m := range draw(&s, int(count)) {
			c.Reply.BulkString(m)
		}
	default:
		left := draw(&s, int(length-count))
		c.Reply.Array(int(count))
		s.Range(func(m []byte) bool {
			if _, out := left[string(m)]; !out {
				c.Reply.Bulk(m)
			}
			return true
		})
	}
	return nil
}

// draw returns n different members. n is at most half of them, so that every
// second draw at least is a new one.
func draw(s *handle, n int) map[string]struct{} {
	drawn := make(map[string]struct{}, n)
	for len(drawn) < n {
		drawn[string(s.Random())] = struct{}{}
	}
	return drawn
}
