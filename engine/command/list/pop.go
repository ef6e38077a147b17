package list

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

func lpop(c *command.Call) error { return pop(c, left) }
func rpop(c *command.Call) error { return pop(c, right) }

// pop is LPOP and RPOP: one element, or an array of them when a count is given.
func pop(c *command.Call, s side) error {
	if len(c.Args) > 3 {
		return wire.WrongArity(c.Spec.FullName())
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
	l, err := c.List(key)
	if err != nil {
		return err
	}
	switch {
	case l.Len() == 0 && counted:
		c.Reply.NullArray()
	case l.Len() == 0:
		c.Reply.Null()
	case count == 0:
		c.Reply.Array(0)
	case counted:
		take(c, key, &l, s, count)
	default:
		c.Reply.Bulk(s.pop(&l))
		shrunk(c, key, &l, s.popped())
	}
	return nil
}

// take removes up to count elements from one end of a list that has some, and
// replies with an array of them in the order of their removal.
func take(c *command.Call, key []byte, l *handle, s side, count int64) {
	length := l.Len()
	n := int(min(count, int64(length)))
	emit := func(v []byte) bool { c.Reply.Bulk(v); return true }
	c.Reply.Array(n)
	if s == left {
		l.Range(0, n, emit)
		l.Delete(0, n)
	} else {
		l.RangeBack(length-1, n, emit)
		l.Delete(length-n, n)
	}
	shrunk(c, key, l, s.popped())
}

func lmpop(c *command.Call) error {
	keys, s, count, err := mpopArgs(c, 1)
	if err != nil {
		return err
	}
	done, err := takeFirst(c, keys, s, count)
	if err == nil && !done {
		c.Reply.NullArray()
	}
	return err
}

func blmpop(c *command.Call) error {
	keys, s, count, err := mpopArgs(c, 2)
	if err != nil {
		return err
	}
	timeout, err := c.Timeout(1)
	if err != nil {
		return err
	}
	done, err := takeFirst(c, keys, s, count)
	if err != nil || done {
		return err
	}
	return wait(c, keys, timeout)
}

// mpopArgs reads "numkeys key [key ...] LEFT|RIGHT [COUNT count]" from argument i on.
func mpopArgs(c *command.Call, i int) (keys [][]byte, s side, count int64, err error) {
	n, ok := command.ParseInt(c.Args[i])
	if !ok || n <= 0 {
		return nil, 0, 0, errNumKeys
	}
	first := i + 1
	if n > int64(len(c.Args)-first-1) {
		return nil, 0, 0, wire.ErrSyntax
	}
	at := first + int(n)
	if s, ok = sideAt(c, at); !ok {
		return nil, 0, 0, wire.ErrSyntax
	}
	switch rest := len(c.Args) - at - 1; {
	case rest == 0:
		return c.Args[first:at], s, 1, nil
	case rest != 2 || !c.Is(at+1, "count"):
		return nil, 0, 0, wire.ErrSyntax
	}
	if count, ok = command.ParseInt(c.Args[at+2]); !ok || count <= 0 {
		return nil, 0, 0, errCount
	}
	return c.Args[first:at], s, count, nil
}

// takeFirst takes up to count elements from the first list of keys that has
// any. The log gets the pop of that list alone.
func takeFirst(c *command.Call, keys [][]byte, s side, count int64) (done bool, err error) {
	for _, key := range keys {
		l, err := c.List(key)
		if err != nil {
			if c.Retry {
				continue // came into being while the client waited
			}
			return false, err
		}
		if l.Len() == 0 {
			continue
		}
		n := min(count, int64(l.Len()))
		c.Reply.Array(2)
		c.Reply.Bulk(key)
		take(c, key, &l, s, n)
		c.Log(s.command(), key, strconv.AppendInt(nil, n, 10))
		return true, nil
	}
	return false, nil
}
