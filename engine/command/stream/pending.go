package stream

import (
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func xack(c *command.Call) error {
	h, err := c.Stream(c.Args[1])
	if err != nil {
		return err
	}
	if _, ok := h.Read().Group(c.Args[2]); !ok {
		c.Reply.Int(0)
		return nil
	}
	ids, err := parseIDs(c.Args[3:])
	if err != nil {
		return err
	}
	acked := int64(0)
	h.Write(func(s *stream.Stream) {
		for _, id := range ids {
			if s.Ack(c.Args[2], id) {
				acked++
				delivered(c)
			}
		}
	})
	c.Reply.Int(acked)
	return nil
}

// span is what the arguments of XPENDING behind the group say.
type span struct {
	minIdleMs int64
	from, to  stream.ID
	count     int64
	consumer  []byte // nil: of all
}

func parseSpan(c *command.Call) (sp span, err error) {
	i := 3
	if len(c.Args) < 6 || len(c.Args) > 9 {
		return sp, wire.ErrSyntax
	}
	if c.Is(i, "idle") {
		if sp.minIdleMs, err = c.Int(4); err != nil {
			return sp, err
		}
		if len(c.Args) < 8 {
			return sp, wire.ErrSyntax
		}
		i += 2
	}
	if sp.count, err = c.Int(i + 2); err != nil {
		return sp, err
	}
	if sp.from, err = parseStart(c.Args[i]); err != nil {
		return sp, err
	}
	if sp.to, err = parseEnd(c.Args[i+1]); err != nil {
		return sp, err
	}
	if i+3 < len(c.Args) {
		sp.consumer = c.Args[i+3]
	}
	return sp, nil
}

func xpending(c *command.Call) error {
	var sp span
	summary := len(c.Args) == 3
	if !summary {
		var err error
		if sp, err = parseSpan(c); err != nil {
			return err
		}
	}
	m, err := groupOf(c)
	if err != nil {
		return err
	}
	if summary {
		replySummary(c.Reply, m.state())
		return nil
	}
	sp.reply(c, m.state())
	return nil
}

// replySummary replies how much is pending, from which ID to which, and for whom.
func replySummary(r wire.Reply, g stream.Group) {
	r.Array(4)
	r.Int(int64(g.Pending()))
	if g.Pending() == 0 {
		r.Null()
		r.Null()
		r.NullArray()
		return
	}
	g.RangePending(stream.ID{}, func(p stream.Pending) bool {
		replyID(r, p.ID)
		return false
	})
	replyID(r, g.LastPending())
	mark, n := r.OpenArray(), 0
	g.RangeConsumers(func(co stream.Consumer) bool {
		if co.Pending() > 0 {
			r.Array(2)
			r.BulkString(co.Name())
			r.BulkString(strconv.Itoa(co.Pending()))
			n++
		}
		return true
	})
	r.CloseArray(mark, n)
}

func (sp *span) reply(c *command.Call, g stream.Group) {
	each := g.RangePending
	if sp.consumer != nil {
		co, ok := g.Consumer(sp.consumer)
		if !ok {
			c.Reply.Array(0)
			return
		}
		each = co.RangePending
	}
	mark, n := c.Reply.OpenArray(), int64(0)
	if sp.count > 0 {
		each(sp.from, func(p stream.Pending) bool {
			if sp.to.Less(p.ID) {
				return false
			}
			idle := c.NowMs() - p.Delivered
			if sp.minIdleMs > 0 && idle < sp.minIdleMs {
				return true
			}
			c.Reply.Array(4)
			replyID(c.Reply, p.ID)
			c.Reply.BulkString(p.Consumer)
			c.Reply.Int(max(idle, 0))
			c.Reply.Int(int64(p.Count))
			n++
			return n < sp.count
		})
	}
	c.Reply.CloseArray(mark, int(n))
}
