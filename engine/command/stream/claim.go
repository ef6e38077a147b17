package stream

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errMinIdle     wire.Error = "ERR Invalid min-idle-time argument for XCLAIM"
	errIdle        wire.Error = "ERR Invalid IDLE option argument for XCLAIM"
	errTime        wire.Error = "ERR Invalid TIME option argument for XCLAIM"
	errRetryCount  wire.Error = "ERR Invalid RETRYCOUNT option argument for XCLAIM"
	errAutoMinIdle wire.Error = "ERR Invalid min-idle-time argument for XAUTOCLAIM"
	errCount       wire.Error = "ERR COUNT must be > 0"
)

// groupOf returns the stream's handle and that it has the group.
func groupOf(c *command.Call) (m member, err error) {
	h, err := c.Stream(c.Args[1])
	if err != nil {
		return m, err
	}
	m = member{c: c, h: &h, key: c.Args[1], group: c.Args[2]}
	if _, ok := h.Read().Group(m.group); !ok {
		return m, wire.Errorf("NOGROUP No such key '%s' or consumer group '%s'", m.key, m.group)
	}
	return m, nil
}

// intOr returns argument i as an integer, or the error given.
func intOr(c *command.Call, i int, e wire.Error) (int64, error) {
	n, ok := command.ParseInt(c.Args[i])
	if !ok {
		return 0, e
	}
	return n, nil
}

// claim is what the arguments of XCLAIM say.
type claim struct {
	ids       []stream.ID
	minIdleMs int64
	atMs      int64 // of the delivery
	count     int64 // -1: one more
	force     bool
	justID    bool
	last      stream.ID
}

func parseClaim(c *command.Call) (cl claim, err error) {
	cl.count = -1
	if cl.minIdleMs, err = intOr(c, 4, errMinIdle); err != nil {
		return cl, err
	}
	i := 5
	for ; i < len(c.Args); i++ {
		id, err := parseID(c.Args[i], 0)
		if err != nil {
			break // options begin
		}
		cl.ids = append(cl.ids, id)
	}
	now := c.NowMs()
	cl.atMs = now
	timed := false
	for ; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case c.Is(i, "force"):
			cl.force = true
			continue
		case c.Is(i, "justid"):
			cl.justID = true
			continue
		case more && c.Is(i, "idle"):
			cl.atMs, err = intOr(c, i+1, errIdle)
			cl.atMs, timed = now-cl.atMs, true
		case more && c.Is(i, "time"):
			cl.atMs, err = intOr(c, i+1, errTime)
			timed = true
		case more && c.Is(i, "retrycount"):
			cl.count, err = intOr(c, i+1, errRetryCount)
		case more && c.Is(i, "lastid"):
			cl.last, err = parseID(c.Args[i+1], 0)
		default:
			err = wire.Errorf("ERR Unrecognized XCLAIM option '%s'", c.Args[i])
		}
		if err != nil {
			return cl, err
		}
		i++
	}
	// A time that cannot be is now: clients calculate it by their own clocks.
	// While the log is loaded there is no now.
	if timed && !c.Replay && (cl.atMs < 0 || cl.atMs > now) {
		cl.atMs = now
	}
	return cl, nil
}

func xclaim(c *command.Call) error {
	m, err := groupOf(c)
	if err != nil {
		return err
	}
	m.who = c.Args[3]
	cl, err := parseClaim(c)
	if err != nil {
		return err
	}
	moved := m.state().Last().Less(cl.last)
	if moved {
		m.h.Write(func(s *stream.Stream) { s.SetGroup(m.group, cl.last, m.state().Read()) })
	}
	if _, ok := m.state().Consumer(m.who); ok {
		m.seen()
	}
	mark, n := c.Reply.OpenArray(), 0
	for _, id := range cl.ids {
		if cl.take(&m, id) {
			n++
		}
	}
	c.Reply.CloseArray(mark, n)
	if moved {
		delivered(c)
		m.logGroup()
	}
	return nil
}

// take claims one entry and replies it, if it is there to be claimed.
func (cl *claim) take(m *member, id stream.ID) bool {
	p, pending := m.state().Find(id)
	e, exists := entryAt(m.h.Read(), id)
	switch {
	case !exists && pending:
		m.forget(p)
		return false
	case !exists || !pending && !cl.force:
		return false
	case pending && cl.minIdleMs > 0 && m.c.NowMs()-p.Delivered < cl.minIdleMs:
		return false
	}
	if cl.justID {
		replyID(m.c.Reply, id)
	} else {
		replyEntry(m.c.Reply, e)
	}
	count := p.Count
	if !pending {
		count = 1 // as if it had been delivered before
	}
	if cl.count >= 0 {
		count = uint64(cl.count)
	} else if !cl.justID {
		count++
	}
	m.create()
	m.assign(id, cl.atMs, count)
	return true
}

// sweep is what the arguments of XAUTOCLAIM say.
type sweep struct {
	minIdleMs int64
	from      stream.ID
	count     int64
	justID    bool
}

// maxCount is the highest COUNT that Redis takes.
const maxCount = math.MaxInt64 / 16

func parseSweep(c *command.Call) (sw sweep, err error) {
	sw.count = 100
	if sw.minIdleMs, err = intOr(c, 4, errAutoMinIdle); err != nil {
		return sw, err
	}
	if sw.from, err = parseStart(c.Args[5]); err != nil {
		return sw, err
	}
	for i := 6; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "count") && i+1 < len(c.Args):
			i++
			if sw.count, err = intOr(c, i, errCount); err != nil || sw.count < 1 || sw.count > maxCount {
				return sw, errCount
			}
		case c.Is(i, "justid"):
			sw.justID = true
		default:
			return sw, wire.ErrSyntax
		}
	}
	return sw, nil
}

// attemptsPerEntry bounds how many pending entries are looked at for each that
// is asked for.
const attemptsPerEntry = 10

func xautoclaim(c *command.Call) error {
	sw, err := parseSweep(c)
	if err != nil {
		return err
	}
	m, err := groupOf(c)
	if err != nil {
		return err
	}
	m.who = c.Args[3]
	found, cursor := sw.look(&m)
	if _, ok := m.state().Consumer(m.who); ok {
		m.seen()
	}
	c.Reply.Array(3)
	replyID(c.Reply, cursor)
	mark, n := c.Reply.OpenArray(), 0
	var deleted []stream.ID
	for _, p := range found {
		e, exists := entryAt(m.h.Read(), p.ID)
		if !exists {
			m.forget(p)
			deleted = append(deleted, p.ID)
			continue
		}
		count := p.Count
		if sw.justID {
			replyID(c.Reply, p.ID)
		} else {
			replyEntry(c.Reply, e)
			count++
		}
		n++
		m.create()
		m.assign(p.ID, c.NowMs(), count)
	}
	c.Reply.CloseArray(mark, n)
	c.Reply.Array(len(deleted))
	for _, id := range deleted {
		replyID(c.Reply, id)
	}
	return nil
}

// look returns what has been pending for long enough or is deleted, and the ID
// at which to go on, 0-0 at the end.
func (sw *sweep) look(m *member) (found []stream.Pending, cursor stream.ID) {
	s, left, attempts := m.h.Read(), sw.count, sw.count*attemptsPerEntry
	if sw.count > math.MaxInt64/attemptsPerEntry {
		attempts = math.MaxInt64
	}
	m.state().RangePending(sw.from, func(p stream.Pending) bool {
		if attempts == 0 || left == 0 {
			cursor = p.ID
			return false
		}
		attempts--
		if s.Has(p.ID) && sw.minIdleMs > 0 && m.c.NowMs()-p.Delivered < sw.minIdleMs {
			return true
		}
		found = append(found, p)
		left--
		return true
	})
	return found, cursor
}
