package stream

import (
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
)

// member is a consumer of a group, of whom a command says what becomes pending
// for it.
//
// What happens to deliveries is logged as XCLAIM, which says all of it: the
// consumer, the time and the number of the delivery.
type member struct {
	c               *command.Call
	h               *keyspace.StreamHandle
	key, group, who []byte
}

// delivered counts a change of what is pending. It is not announced: as in
// Redis it breaks no WATCH, and those who wait for entries need not look again.
func delivered(c *command.Call) { c.Unit.Dirty++ }

// create makes the consumer if it does not exist yet.
func (m *member) create() {
	created := false
	m.h.Write(func(s *stream.Stream) { created = s.CreateConsumer(m.group, m.who, m.c.NowMs()) })
	if created {
		m.c.Changed(m.key, hook.Stream, "xgroup-createconsumer")
		m.c.Log([]byte("XGROUP"), []byte("CREATECONSUMER"), m.key, m.group, m.who)
	}
}

// seen notes that the consumer is active. While the log is loaded nobody is.
func (m *member) seen() {
	if !m.c.Replay {
		m.h.Write(func(s *stream.Stream) { s.See(m.group, m.who, m.c.NowMs()) })
	}
}

// state returns the group as it is now.
func (m *member) state() stream.Group {
	g, _ := m.h.Read().Group(m.group)
	return g
}

// idsPerRecord bounds the IDs of one XCLAIM in the log.
const idsPerRecord = 64

// logClaims logs that IDs were delivered to a consumer together.
func (m *member) logClaims(who []byte, ids []stream.ID, atMs int64, count uint64) {
	last := m.state().Last().Append(nil)
	for len(ids) > 0 {
		n := min(len(ids), idsPerRecord)
		args := append(make([][]byte, 0, n+13), []byte("XCLAIM"), m.key, m.group, who, []byte("0"))
		for _, id := range ids[:n] {
			args = append(args, id.Append(nil))
		}
		m.c.Log(append(args, []byte("TIME"), strconv.AppendInt(nil, atMs, 10), []byte("RETRYCOUNT"), strconv.AppendUint(nil, count, 10),
			[]byte("FORCE"), []byte("JUSTID"), []byte("LASTID"), last)...)
		ids = ids[n:]
	}
}

// logGroup logs up to where the group has read.
func (m *member) logGroup() {
	g := m.state()
	m.c.Log([]byte("XGROUP"), []byte("SETID"), m.key, m.group, g.Last().Append(nil),
		[]byte("ENTRIESREAD"), strconv.AppendInt(nil, g.Read(), 10))
}

// deliver gives the consumer what the group has not been given yet.
func (r *request) deliver(s *source) {
	m := member{r.c, &s.h, s.key, r.group, r.consumer}
	m.create()
	m.seen()
	ids := r.entries(s, m.state().Last(), nil)
	now := r.c.NowMs()
	s.h.Write(func(s *stream.Stream) {
		for _, id := range ids {
			g, _ := s.Group(r.group)
			s.SetGroup(r.group, id, s.Counted(g, id))
			if !r.noAck {
				s.Assign(r.group, r.consumer, id, now, 1)
			}
		}
	})
	delivered(r.c)
	if !r.noAck {
		m.logClaims(r.consumer, ids, now, 1)
	}
	m.logGroup()
}

// history gives the consumer again what is pending for it, entries that are
// deleted by now without fields.
func (r *request) history(s *source) {
	m := member{r.c, &s.h, s.key, r.group, r.consumer}
	m.create()
	m.seen()
	var again []stream.Pending
	reply := r.c.Reply
	mark, n := reply.OpenArray(), int64(0)
	if from, ok := s.after.Next(); ok {
		consumer, _ := m.state().Consumer(r.consumer)
		consumer.RangePending(from, func(p stream.Pending) bool {
			if e, ok := entryAt(s.h.Read(), p.ID); ok {
				replyEntry(reply, e)
				again = append(again, p)
			} else {
				reply.Array(2)
				replyID(reply, p.ID)
				reply.NullArray()
			}
			n++
			return n < r.count
		})
	}
	reply.CloseArray(mark, int(n))
	for _, p := range again {
		m.assign(p.ID, r.c.NowMs(), p.Count+1)
	}
}

// assign makes an entry pending for the consumer and logs it.
func (m *member) assign(id stream.ID, atMs int64, count uint64) {
	m.h.Write(func(s *stream.Stream) { s.Assign(m.group, m.who, id, atMs, count) })
	delivered(m.c)
	m.logClaims(m.who, []stream.ID{id}, atMs, count)
}

// forget ends the delivery of an entry that was deleted. The log says so as
// Redis' does, by a claim of what is not there.
func (m *member) forget(p stream.Pending) {
	m.h.Write(func(s *stream.Stream) { s.Ack(m.group, p.ID) })
	delivered(m.c)
	m.logClaims([]byte(p.Consumer), []stream.ID{p.ID}, p.Delivered, p.Count)
}
