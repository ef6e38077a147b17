package zset

import (
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errNotPositive wire.Error = "ERR value is out of range, must be positive"
	errNumKeys     wire.Error = "ERR numkeys should be greater than 0"
	errCount       wire.Error = "ERR count should be greater than 0"
)

// end is an end of a sorted set.
type end uint8

const (
	lowest end = iota
	highest
)

// The names under which pops are logged.
var (
	zpopminName = []byte("ZPOPMIN")
	zpopmaxName = []byte("ZPOPMAX")
)

func (e end) command() []byte {
	if e == lowest {
		return zpopminName
	}
	return zpopmaxName
}

func (e end) event() string {
	if e == lowest {
		return "zpopmin"
	}
	return "zpopmax"
}

// take writes n members from this end to out, in the order of their removal,
// and removes them. There are at least n.
func (e end) take(c *command.Call, key []byte, z *handle, n int, out func(m []byte, score float64) bool) {
	if e == lowest {
		z.Range(0, n, out)
		z.DeleteRange(0, n)
	} else {
		length := z.Len()
		z.RangeBack(length-1, n, out)
		z.DeleteRange(length-n, n)
	}
	shrunk(c, key, z, e.event())
}

func zpopmin(c *command.Call) error { return pop(c, lowest) }
func zpopmax(c *command.Call) error { return pop(c, highest) }

// pop is ZPOPMIN and ZPOPMAX. RESP3 gets pairs when a count is given, else one
// member and its score side by side.
func pop(c *command.Call, e end) error {
	if len(c.Args) > 3 {
		return wire.ErrSyntax
	}
	counted, count := len(c.Args) == 3, int64(1)
	if counted {
		n, ok := command.ParseInt(c.Args[2])
		if !ok || n < 0 {
			return errNotPositive
		}
		count = n
	}
	key := c.Args[1]
	z, err := c.ZSet(key)
	if err != nil {
		return err
	}
	n := int(min(count, int64(z.Len())))
	if n == 0 {
		c.Reply.Array(0)
		return nil
	}
	if !counted {
		c.Reply.Array(2)
		e.take(c, key, &z, 1, side{c.Reply}.add)
		return nil
	}
	out := pairs{c.Reply, true}
	out.begin(n)
	e.take(c, key, &z, n, out.add)
	return nil
}

// side writes a member and its score side by side.
type side struct{ reply wire.Reply }

func (s side) add(m []byte, score float64) bool {
	s.reply.Bulk(m)
	s.reply.Double(score)
	return true
}

func zmpop(c *command.Call) error {
	keys, e, count, err := mpopArgs(c, 1)
	if err != nil {
		return err
	}
	done, err := mpop(c, keys, e, count)
	if err == nil && !done {
		c.Reply.NullArray()
	}
	return err
}

func bzmpop(c *command.Call) error {
	keys, e, count, err := mpopArgs(c, 2)
	if err != nil {
		return err
	}
	timeout, err := c.Timeout(1)
	if err != nil {
		return err
	}
	done, err := mpop(c, keys, e, count)
	if err != nil || done {
		return err
	}
	return wait(c, keys, timeout)
}

// mpopArgs reads "numkeys key [key ...] MIN|MAX [COUNT count]" from argument i on.
func mpopArgs(c *command.Call, i int) (keys [][]byte, e end, count int64, err error) {
	n, ok := command.ParseInt(c.Args[i])
	if !ok || n <= 0 {
		return nil, 0, 0, errNumKeys
	}
	first := i + 1
	if n > int64(len(c.Args)-first-1) {
		return nil, 0, 0, wire.ErrSyntax
	}
	at := first + int(n)
	switch {
	case c.Is(at, "min"):
		e = lowest
	case c.Is(at, "max"):
		e = highest
	default:
		return nil, 0, 0, wire.ErrSyntax
	}
	switch rest := len(c.Args) - at - 1; {
	case rest == 0:
		return c.Args[first:at], e, 1, nil
	case rest != 2 || !c.Is(at+1, "count"):
		return nil, 0, 0, wire.ErrSyntax
	}
	if count, ok = command.ParseInt(c.Args[at+2]); !ok || count <= 0 {
		return nil, 0, 0, errCount
	}
	return c.Args[first:at], e, count, nil
}

// mpop takes up to count members from the first sorted set of keys that has
// any. The log gets the pop of that one alone.
func mpop(c *command.Call, keys [][]byte, e end, count int64) (done bool, err error) {
	return firstOf(c, keys, func(key []byte, z *handle) {
		n := int(min(count, int64(z.Len())))
		c.Reply.Array(2)
		c.Reply.Bulk(key)
		c.Reply.Array(n)
		e.take(c, key, z, n, func(m []byte, score float64) bool {
			c.Reply.Array(2)
			return side{c.Reply}.add(m, score)
		})
		c.Log(e.command(), key, strconv.AppendInt(nil, int64(n), 10))
	})
}

// firstOf calls fn with the first of keys that has a member. A key of another
// type before it is an error, unless it came into being while the client waited.
func firstOf(c *command.Call, keys [][]byte, fn func(key []byte, z *handle)) (done bool, err error) {
	for _, key := range keys {
		z, err := c.ZSet(key)
		if err != nil {
			if c.Retry {
				continue
			}
			return false, err
		}
		if z.Len() > 0 {
			fn(key, &z)
			return true, nil
		}
	}
	return false, nil
}

func bzpopmin(c *command.Call) error { return bpop(c, lowest) }
func bzpopmax(c *command.Call) error { return bpop(c, highest) }

// bpop is BZPOPMIN and BZPOPMAX.
func bpop(c *command.Call, e end) error {
	last := len(c.Args) - 1
	timeout, err := c.Timeout(last)
	if err != nil {
		return err
	}
	keys := c.Args[1:last]
	done, err := firstOf(c, keys, func(key []byte, z *handle) {
		c.Reply.Array(3)
		c.Reply.Bulk(key)
		e.take(c, key, z, 1, side{c.Reply}.add)
		c.Log(e.command(), key)
	})
	if err != nil || done {
		return err
	}
	return wait(c, keys, timeout)
}

// wait parks the client until one of keys changes. When the time is over the
// reply is a null array.
func wait(c *command.Call, keys [][]byte, timeoutMs int64) error {
	return c.Wait(command.Block{Keys: keys, TimeoutMs: timeoutMs, OnTimeout: wire.Reply.NullArray})
}
