package stream

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// described returns the stream that XINFO is asked about. After a start nobody
// knows when consumers were active; it counts from the first look at them.
func described(c *command.Call) (h keyspace.StreamHandle, err error) {
	key := c.Args[2]
	if h, err = c.Stream(key); err != nil {
		return h, err
	}
	if !h.Exists() {
		return h, wire.ErrNoSuchKey
	}
	var unseen []member
	h.Read().RangeGroups(func(g stream.Group) bool {
		g.RangeConsumers(func(co stream.Consumer) bool {
			if co.Seen() == 0 {
				unseen = append(unseen, member{c, &h, key, []byte(g.Name()), []byte(co.Name())})
			}
			return true
		})
		return true
	})
	for _, m := range unseen {
		m.seen()
	}
	return h, nil
}

const defaultFull = 10

func infoStream(c *command.Call) error {
	h, err := described(c) // before the options are looked at
	if err != nil {
		return err
	}
	full, count := len(c.Args) > 3, int64(defaultFull)
	if full {
		if n := len(c.Args); !c.Is(3, "full") || n != 4 && n != 6 || n == 6 && !c.Is(4, "count") {
			return infoSyntax(c)
		}
		if len(c.Args) == 6 {
			if count, err = c.Int(5); err != nil {
				return err
			}
			if count < 0 {
				count = defaultFull
			}
		}
	}
	if count == 0 {
		count = noCount
	}
	r, s := c.Reply, h.Read()
	if full {
		r.Map(9)
		replyCounters(r, s)
		replyFull(c, s, count)
		return nil
	}
	r.Map(10)
	replyCounters(r, s)
	r.BulkString("groups")
	r.Int(int64(s.Groups()))
	r.BulkString("first-entry")
	replyEdge(r, s, s.First())
	r.BulkString("last-entry")
	replyEdge(r, s, s.Top())
	return nil
}

// infoSyntax is the answer to wrong arguments, once it is known that the key
// could be asked about.
func infoSyntax(c *command.Call) error {
	h, err := c.Stream(c.Args[2])
	if err != nil {
		return err
	}
	if !h.Exists() {
		return wire.ErrNoSuchKey
	}
	return subSyntax(c)
}

// replyCounters replies the first seven fields of XINFO STREAM.
func replyCounters(r wire.Reply, s *stream.Content) {
	first := s.Blocks()
	for _, f := range []struct {
		name string
		n    int64
	}{{"length", int64(s.Len())}, {"radix-tree-keys", int64(len(first))}, {"radix-tree-nodes", radixNodes(first)}} {
		r.BulkString(f.name)
		r.Int(f.n)
	}
	r.BulkString("last-generated-id")
	replyID(r, s.Last())
	r.BulkString("max-deleted-entry-id")
	replyID(r, s.MaxDeleted())
	r.BulkString("entries-added")
	r.Int(int64(s.Added()))
	r.BulkString("recorded-first-entry-id")
	replyID(r, s.First())
}

func replyEdge(r wire.Reply, s *stream.Content, id stream.ID) {
	if e, ok := entryAt(s, id); ok {
		replyEntry(r, e)
	} else {
		r.Null()
	}
}

// replyFull replies the entries and groups, up to count of each list.
func replyFull(c *command.Call, s *stream.Content, count int64) {
	r := c.Reply
	r.BulkString("entries")
	mark, n := r.OpenArray(), int64(0)
	s.Range(stream.ID{}, stream.MaxID, func(e stream.Entry) bool {
		replyEntry(r, e)
		n++
		return n < count
	})
	r.CloseArray(mark, int(n))
	r.BulkString("groups")
	r.Array(s.Groups())
	s.RangeGroups(func(g stream.Group) bool {
		r.Map(7)
		r.BulkString("name")
		r.BulkString(g.Name())
		replyPosition(r, s, g)
		r.BulkString("pel-count")
		r.Int(int64(g.Pending()))
		r.BulkString("pending")
		replyPending(r, g.RangePending, count, true)
		r.BulkString("consumers")
		r.Array(g.Consumers())
		g.RangeConsumers(func(co stream.Consumer) bool {
			replyConsumer(r, co, count)
			return true
		})
		return true
	})
}

func replyConsumer(r wire.Reply, co stream.Consumer, count int64) {
	r.Map(4)
	r.BulkString("name")
	r.BulkString(co.Name())
	r.BulkString("seen-time")
	r.Int(co.Seen())
	r.BulkString("pel-count")
	r.Int(int64(co.Pending()))
	r.BulkString("pending")
	replyPending(r, co.RangePending, count, false)
}

// replyPending replies what is pending, with the consumers' names or without.
func replyPending(r wire.Reply, each func(stream.ID, func(stream.Pending) bool), count int64, names bool) {
	mark, n := r.OpenArray(), int64(0)
	each(stream.ID{}, func(p stream.Pending) bool {
		if names {
			r.Array(4)
		} else {
			r.Array(3)
		}
		replyID(r, p.ID)
		if names {
			r.BulkString(p.Consumer)
		}
		r.Int(p.Delivered)
		r.Int(int64(p.Count))
		n++
		return n < count
	})
	r.CloseArray(mark, int(n))
}

// replyPosition replies up to where a group has read: three fields.
func replyPosition(r wire.Reply, s *stream.Content, g stream.Group) {
	r.BulkString("last-delivered-id")
	replyID(r, g.Last())
	r.BulkString("entries-read")
	if g.Read() >= 0 {
		r.Int(g.Read())
	} else {
		r.Null()
	}
	r.BulkString("lag")
	if lag, ok := s.Lag(g); ok {
		r.Int(lag)
	} else {
		r.Null()
	}
}

func infoGroups(c *command.Call) error {
	h, err := described(c)
	if err != nil {
		return err
	}
	r, s := c.Reply, h.Read()
	r.Array(s.Groups())
	s.RangeGroups(func(g stream.Group) bool {
		r.Map(6)
		r.BulkString("name")
		r.BulkString(g.Name())
		r.BulkString("consumers")
		r.Int(int64(g.Consumers()))
		r.BulkString("pending")
		r.Int(int64(g.Pending()))
		replyPosition(r, s, g)
		return true
	})
	return nil
}

func infoConsumers(c *command.Call) error {
	h, err := described(c)
	if err != nil {
		return err
	}
	g, ok := h.Read().Group(c.Args[3])
	if !ok {
		return noGroup(c.Args[2], c.Args[3])
	}
	r := c.Reply
	r.Array(g.Consumers())
	g.RangeConsumers(func(co stream.Consumer) bool {
		r.Map(3)
		r.BulkString("name")
		r.BulkString(co.Name())
		r.BulkString("pending")
		r.Int(int64(co.Pending()))
		r.BulkString("idle")
		r.Int(max(c.NowMs()-co.Seen(), 0))
		return true
	})
	return nil
}

func infoHelp(c *command.Call) error {
	return help(c, "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
		"CONSUMERS <key> <groupname>",
		"    What the consumers of a group have pending, and since when they are idle.",
		"GROUPS <key>",
		"    The groups of a stream and up to where they have read.",
		"STREAM <key> [FULL [COUNT <count>]",
		"    The length, the counters, the first and last entry; or everything.",
		"HELP",
		"    This text.")
}
