package list

import (
	"bytes"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errRank        wire.Error = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"
	errMatchCount  wire.Error = "ERR COUNT can't be negative"
	errMatchMaxLen wire.Error = "ERR MAXLEN can't be negative"
)

func llen(c *command.Call) error {
	l, err := c.List(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Int(int64(l.Len()))
	return nil
}

func lindex(c *command.Call) error {
	l, err := c.List(c.Args[1])
	if err != nil {
		return err
	}
	n := l.Len()
	if n == 0 {
		c.Reply.Null()
		return nil
	}
	index, err := c.Int(2)
	if err != nil {
		return err
	}
	at, ok := position(index, n)
	if !ok {
		c.Reply.Null()
		return nil
	}
	c.Reply.Bulk(l.Index(at))
	return nil
}

func lrange(c *command.Call) error {
	start, stop, err := indexes(c)
	if err != nil {
		return err
	}
	l, err := c.List(c.Args[1])
	if err != nil {
		return err
	}
	first, count := span(start, stop, l.Len())
	c.Reply.Array(count)
	l.Range(first, count, func(v []byte) bool {
		c.Reply.Bulk(v)
		return true
	})
	return nil
}

// indexes reads the two indexes of LRANGE and LTRIM.
func indexes(c *command.Call) (start, stop int64, err error) {
	if start, err = c.Int(2); err != nil {
		return 0, 0, err
	}
	stop, err = c.Int(3)
	return start, stop, err
}

// search is what LPOS looks for.
type search struct {
	rank    int64 // of the first match reported; negative: from the end
	count   int64 // matches reported, 0 for all of them
	counted bool  // the reply is an array
	maxLen  int64 // elements looked at, 0 for all of them
}

func lpos(c *command.Call) error {
	s, err := searchArgs(c)
	if err != nil {
		return err
	}
	l, err := c.List(c.Args[1])
	if err != nil {
		return err
	}
	if !s.counted {
		found := int64(-1)
		s.run(&l, c.Args[2], func(at int64) { found = at })
		if found < 0 {
			c.Reply.Null()
		} else {
			c.Reply.Int(found)
		}
		return nil
	}
	mark, n := c.Reply.OpenArray(), 0
	s.run(&l, c.Args[2], func(at int64) {
		c.Reply.Int(at)
		n++
	})
	c.Reply.CloseArray(mark, n)
	return nil
}

func searchArgs(c *command.Call) (search, error) {
	s := search{rank: 1, count: 1}
	for i := 3; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) {
			return s, wire.ErrSyntax
		}
		n, ok := command.ParseInt(c.Args[i+1])
		switch {
		case c.Is(i, "rank"):
			if !ok {
				return s, wire.ErrNotInteger
			}
			if n == 0 {
				return s, errRank
			}
			s.rank = n
		case c.Is(i, "count"):
			if !ok || n < 0 {
				return s, errMatchCount
			}
			s.count, s.counted = n, true
		case c.Is(i, "maxlen"):
			if !ok || n < 0 {
				return s, errMatchMaxLen
			}
			s.maxLen = n
		default:
			return s, wire.ErrSyntax
		}
	}
	return s, nil
}

// run calls found with the index of each match that is to be reported.
func (s search) run(l *handle, element []byte, found func(at int64)) {
	length := l.Len()
	looked := length
	if s.maxLen > 0 {
		looked = int(min(s.maxLen, int64(length)))
	}
	rank, at, step := s.rank, int64(0), int64(1)
	if rank < 0 {
		rank, at, step = -rank, int64(length-1), -1
	}
	matches := int64(0)
	visit := func(v []byte) bool {
		if bytes.Equal(v, element) {
			matches++
			if matches >= rank {
				found(at)
				if !s.counted || s.count > 0 && matches-rank+1 >= s.count {
					return false
				}
			}
		}
		at += step
		return true
	}
	if step > 0 {
		l.Range(0, looked, visit)
		return
	}
	l.RangeBack(length-1, looked, visit)
}
