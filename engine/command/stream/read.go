package stream

import (
	"bytes"
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errGroupInRead wire.Error = "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."
	errNoAckInRead wire.Error = "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."
	errNoGroup     wire.Error = "ERR Missing GROUP option for XREADGROUP"
	errNewInRead   wire.Error = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
	errLastInGroup wire.Error = "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."
	errUnbalanced  wire.Error = "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
	errTimeout     wire.Error = "ERR timeout is not an integer or out of range"
	errKeyGone     wire.Error = "UNBLOCKED the stream key no longer exists"
	errGroupGone   wire.Error = "NOGROUP the consumer group this client was blocked on no longer exists"
)

// request is what the arguments of XREAD and XREADGROUP say.
type request struct {
	c         *command.Call
	group     []byte // nil: XREAD
	consumer  []byte
	noAck     bool
	count     int64
	block     bool
	timeoutMs int64
	first     int // of the arguments that are keys
	from      []source
}

// source is one stream to be read: what comes after an ID.
type source struct {
	key   []byte
	h     keyspace.StreamHandle
	after stream.ID
	fresh bool // what the group has not been given yet (">")
	gone  bool // of another type by now
	ready bool // has something to answer with
}

func xread(c *command.Call) error { return (&request{c: c}).run(false) }

func xreadgroup(c *command.Call) error { return (&request{c: c}).run(true) }

func (r *request) run(grouped bool) error {
	if err := r.parse(grouped); err != nil {
		return err
	}
	for i := range r.from {
		if err := r.resolve(i); err != nil {
			return err
		}
	}
	ready := 0
	for i := range r.from {
		if r.from[i].ready = r.serves(i); r.from[i].ready {
			ready++
		}
	}
	if ready == 0 {
		return r.wait()
	}
	if r.c.Reply.Proto() == 3 {
		r.c.Reply.Map(ready)
	} else {
		r.c.Reply.Array(ready)
	}
	for i := range r.from {
		if s := &r.from[i]; s.ready {
			r.serve(s)
		}
	}
	return nil
}

func (r *request) parse(grouped bool) error {
	c := r.c
	r.count = noCount
	for i := 1; i < len(c.Args) && r.first == 0; i++ {
		more := len(c.Args) - 1 - i
		var err error
		switch {
		case more >= 1 && c.Is(i, "block"):
			if c.Script {
				return wire.Errorf("ERR %s command is not allowed with BLOCK option from scripts", c.Args[0])
			}
			i++
			err = r.timeout(i)
		case more >= 1 && c.Is(i, "count"):
			i++
			if r.count, err = c.Int(i); r.count <= 0 {
				r.count = noCount
			}
		case more >= 1 && c.Is(i, "streams"):
			r.first = i + 1
			err = r.balanced()
		case more >= 2 && c.Is(i, "group"):
			if !grouped {
				return errGroupInRead
			}
			r.group, r.consumer = c.Args[i+1], c.Args[i+2]
			i += 2
		case c.Is(i, "noack"):
			if !grouped {
				return errNoAckInRead
			}
			r.noAck = true
		default:
			err = wire.ErrSyntax
		}
		if err != nil {
			return err
		}
	}
	if r.first == 0 {
		return wire.ErrSyntax
	}
	if grouped && r.group == nil {
		return errNoGroup
	}
	return nil
}

// longest is a wait in milliseconds that a time.Duration can hold.
const longest = math.MaxInt64 / 1_000_000

func (r *request) timeout(i int) error {
	ms, ok := command.ParseInt(r.c.Args[i])
	switch {
	case !ok:
		return errTimeout
	case ms < 0:
		return wire.ErrNegTimeout
	}
	r.block, r.timeoutMs = true, min(ms, longest)
	return nil
}

func (r *request) balanced() error {
	n := len(r.c.Args) - r.first
	if n%2 == 0 {
		r.from = make([]source, n/2)
		return nil
	}
	return errUnbalanced
}

// resolve finds stream i and what is to be read of it.
func (r *request) resolve(i int) (err error) {
	c, s := r.c, &r.from[i]
	s.key = c.Args[r.first+i]
	id := c.Args[r.first+len(r.from)+i]
	if s.h, err = c.Stream(s.key); err != nil {
		switch {
		case !c.Retry:
			return err
		case r.group != nil:
			return errKeyGone
		}
		s.gone = true // it may be a stream again some day
	}
	if r.group != nil {
		if err := r.known(s); err != nil {
			return err
		}
	}
	switch {
	case string(id) == "$" && r.group != nil:
		return errLastInGroup
	case string(id) == "$":
		if !s.gone {
			s.after = s.h.Read().Last()
		}
		return nil
	case string(id) == ">" && r.group == nil:
		return errNewInRead
	case string(id) == ">":
		s.fresh = true
		return nil
	}
	s.after, err = parseID(id, 0)
	s.fresh = r.group != nil && s.after == stream.MaxID
	return err
}

// known makes sure that the stream has the group.
func (r *request) known(s *source) error {
	if _, ok := s.h.Read().Group(r.group); ok {
		return nil
	}
	switch {
	case !r.c.Retry:
		return wire.Errorf("NOGROUP No such key '%s' or consumer group '%s' in XREADGROUP with GROUP option", s.key, r.group)
	case !s.h.Exists():
		return errKeyGone
	}
	return errGroupGone
}

// serves reports whether stream i has something to answer with. A consumer's
// own history always has, be it empty.
func (r *request) serves(i int) bool {
	s := &r.from[i]
	switch {
	case s.gone:
		return false
	case r.group == nil:
		return s.h.Read().After(s.after) > 0
	case !s.fresh:
		return true
	}
	g, _ := s.h.Read().Group(r.group)
	left := int64(s.h.Read().After(g.Last()))
	for _, before := range r.from[:i] {
		if before.fresh && bytes.Equal(before.key, s.key) { // the same stream again
			left -= min(left, r.count)
		}
	}
	return left > 0
}

// wait parks the client. It is the entries after those of today that it waits
// for: "$" is replaced by the ID that it means now.
func (r *request) wait() error {
	c := r.c
	if !r.block {
		c.Reply.NullArray()
		return nil
	}
	if !c.Nested {
		for i := range r.from {
			at := r.first + len(r.from) + i
			if string(c.Args[at]) == "$" {
				c.Args[at] = r.from[i].after.Append(nil)
			}
		}
	}
	return c.Wait(command.Block{
		Keys: c.Args[r.first : r.first+len(r.from)], TimeoutMs: r.timeoutMs, Gone: r.group != nil, OnTimeout: wire.Reply.NullArray,
	})
}

// serve replies one stream: its name and its entries.
func (r *request) serve(s *source) {
	reply := r.c.Reply
	if reply.Proto() != 3 {
		reply.Array(2)
	}
	reply.Bulk(s.key)
	switch {
	case r.group == nil:
		r.entries(s, s.after, nil)
	case s.fresh:
		r.deliver(s)
	default:
		r.history(s)
	}
}

// entries replies what comes after an ID, up to the count, and appends the IDs.
func (r *request) entries(s *source, after stream.ID, ids []stream.ID) []stream.ID {
	from, ok := after.Next()
	mark, n := r.c.Reply.OpenArray(), int64(0)
	if ok {
		s.h.Read().Range(from, stream.MaxID, func(e stream.Entry) bool {
			replyEntry(r.c.Reply, e)
			if r.group != nil {
				ids = append(ids, e.ID)
			}
			n++
			return n < r.count
		})
	}
	r.c.Reply.CloseArray(mark, int(n))
	return ids
}
