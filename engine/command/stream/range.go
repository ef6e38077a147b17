package stream

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// noCount is a COUNT that was not given.
const noCount = math.MaxInt64

func xrange(c *command.Call) error    { return between(c, 2, 3, (*stream.Content).Range) }
func xrevrange(c *command.Call) error { return between(c, 3, 2, (*stream.Content).RangeBack) }

type walk func(s *stream.Content, from, to stream.ID, fn func(stream.Entry) bool)

// between is XRANGE and XREVRANGE; the interval is given by two arguments.
func between(c *command.Call, start, end int, each walk) error {
	from, err := parseStart(c.Args[start])
	if err != nil {
		return err
	}
	to, err := parseEnd(c.Args[end])
	if err != nil {
		return err
	}
	count := int64(noCount)
	for i := 4; i < len(c.Args); i += 2 {
		if !c.Is(i, "count") || i+1 == len(c.Args) {
			return wire.ErrSyntax
		}
		if count, err = c.Int(i + 1); err != nil {
			return err
		}
		count = max(count, 0)
	}
	h, err := c.Stream(c.Args[1])
	if err != nil {
		return err
	}
	switch {
	case !h.Exists():
		c.Reply.Array(0)
	case count == 0:
		c.Reply.NullArray()
	default:
		mark, n := c.Reply.OpenArray(), int64(0)
		each(h.Read(), from, to, func(e stream.Entry) bool {
			replyEntry(c.Reply, e)
			n++
			return n < count
		})
		c.Reply.CloseArray(mark, int(n))
	}
	return nil
}

func replyEntry(r wire.Reply, e stream.Entry) {
	r.Array(2)
	replyID(r, e.ID)
	r.Array(2 * e.Len())
	e.Each(func(name, value []byte) {
		r.Bulk(name)
		r.Bulk(value)
	})
}

func replyID(r wire.Reply, id stream.ID) {
	var b [41]byte
	r.Bulk(id.Append(b[:0]))
}

// entryAt returns the entry with an ID.
func entryAt(s *stream.Content, id stream.ID) (found stream.Entry, ok bool) {
	s.Range(id, id, func(e stream.Entry) bool {
		found, ok = e, true
		return false
	})
	return found, ok
}
