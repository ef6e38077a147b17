package engine

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// debugReload takes the data through the way of a rewrite and a start, in
// memory: dump, empty keyspace, replay. Neither the log nor the watchers learn
// of it, since afterwards all is as before.
func debugReload(c *command.Call) error {
	e, flush, merge := engineOf(c), true, false
	for i := 2; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "noflush"):
			flush = false
		case c.Is(i, "merge"):
			merge = true
		case c.Is(i, "nosave"):
			return wire.Error("ERR DEBUG RELOAD NOSAVE needs a snapshot, which this server does not keep")
		default:
			return wire.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
		}
	}
	if !flush {
		// What would be loaded is what is there: it collides, or there is nothing to merge.
		if !merge && !e.isEmpty() {
			return wire.Error("ERR Error trying to load the RDB dump, check server logs.")
		}
		return debugOK(c)
	}
	if c.Unit.Recording {
		return wire.Error("ERR DEBUG RELOAD is not allowed inside a script or hook")
	}
	records, err := e.dumpHeld()
	if err != nil {
		return err
	}
	u, mark, now, want := c.Unit, c.Unit.Mark(), c.Unit.NowMs, c.Unit.Want
	u.Want = 0
	p := e.record(u)
	for _, s := range e.shards {
		for db := range e.space.Databases() {
			s.DB(db).Clear()
		}
	}
	// As in Replay, no deadline has passed for the commands of a dump.
	u.NowMs = 0
	e.eachHeld(u, func(s *shard) { s.SetNow(0) })
	for i := range records {
		if err = e.reloadOne(c, &records[i]); err != nil {
			break
		}
	}
	e.eachHeld(u, func(s *shard) { s.TakeCreated() })
	u.NowMs, u.Want = now, want
	e.eachHeld(u, func(s *shard) { s.SetNow(now) })
	if err != nil {
		e.rollback(u, p)
	}
	e.commit(u, p)
	u.Truncate(mark)
	if err != nil {
		return wire.Errorf("ERR reload: %v", err)
	}
	return debugOK(c)
}

// isEmpty reports whether a dump would hold nothing, neither keys nor what other
// packages add. The caller holds all locks.
func (e *Engine) isEmpty() bool {
	for _, s := range e.shards {
		for db := range e.space.Databases() {
			if s.DB(db).Len() > 0 {
				return false
			}
		}
	}
	found := errors.New("engine: there is something to dump")
	for _, dump := range e.parts.dumps() {
		if dump(func(int, ...[]byte) error { return found }) != nil {
			return false
		}
	}
	return true
}

func (e *Engine) reloadOne(c *command.Call, r *command.Record) error {
	spec, err := e.table.Resolve(r.Args)
	if err != nil {
		return err
	}
	child := *c
	child.DB, child.Replay, child.Nested, child.Parent = r.DB, true, true, c
	child.Begin(spec, r.Args, discard{})
	mark := child.Unit.Mark()
	err = e.call(&child, false)
	child.Unit.Truncate(mark)
	return err
}

// dumpHeld is a snapshot's dump for a caller that holds all locks.
func (e *Engine) dumpHeld() (records []command.Record, err error) {
	view := e.space.Freeze()
	if view == nil {
		return nil, errors.New("the log is being rewritten at the moment")
	}
	defer view.Release()
	var b keyspace.Batch
	var s Snapshot
	for i := range e.shards {
		for done := false; !done; {
			b.Reset()
			done = view.Slice(i, paceMax, &b)
			b.Range(func(f *keyspace.Frozen) bool {
				err = s.emitValue(f, func(db int, args ...[]byte) error {
					kept := make([][]byte, len(args))
					for i, a := range args {
						kept[i] = append([]byte(nil), a...)
					}
					records = append(records, command.Record{DB: db, Args: kept})
					return nil
				})
				return err == nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	b.Reset()
	return records, nil
}

// digest is a sum of hashes, so that the order of what it sums up does not count.
type digest [sha1.Size]byte

// mix adds the hash of parts, each with its length in front.
func (d *digest) mix(parts ...[]byte) {
	h := sha1.New()
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p)))) // never fails
		h.Write(p)
	}
	for i, b := range h.Sum(nil) {
		d[i] ^= b
	}
}

func (d *digest) String() string { return hex.EncodeToString(d[:]) }

// digestOf sums up a value: its type, its elements, with their places where
// they have an order, and whether it has a deadline.
func digestOf(f *keyspace.Frozen) (d digest) {
	kind := []byte(f.Type.String())
	d.mix(kind)
	number := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	switch f.Type {
	case keyspace.String:
		d.mix(kind, f.Str())
	case keyspace.List:
		i := uint64(0)
		f.RangeList(func(v []byte) bool {
			d.mix(kind, number(i), v)
			i++
			return true
		})
	case keyspace.Set:
		f.RangeSet(func(m []byte) bool {
			d.mix(kind, m)
			return true
		})
	case keyspace.Hash:
		f.RangeHash(func(field, value []byte) bool {
			d.mix(kind, field, value)
			return true
		})
	case keyspace.ZSet:
		f.RangeZSet(func(m []byte, score float64) bool {
			d.mix(kind, m, number(math.Float64bits(score)))
			return true
		})
	case keyspace.Stream:
		d.mixStream(f.Stream())
	}
	if f.Deadline != 0 {
		d.mix([]byte("deadline"))
	}
	return d
}

// mixStream sums up a stream: counters, entries, groups, and what is pending.
func (d *digest) mixStream(s *stream.Content) {
	number := func(n uint64) []byte { return strconv.AppendUint(nil, n, 10) }
	d.mix([]byte("counters"), s.Last().Append(nil), s.MaxDeleted().Append(nil), number(s.Added()))
	s.Range(stream.ID{}, stream.MaxID, func(e stream.Entry) bool {
		parts := [][]byte{[]byte("entry"), e.ID.Append(nil)}
		e.Each(func(name, value []byte) { parts = append(parts, name, value) })
		d.mix(parts...)
		return true
	})
	s.RangeGroups(func(g stream.Group) bool {
		name := []byte(g.Name())
		d.mix([]byte("group"), name, g.Last().Append(nil), appendInt(nil, g.Read()))
		g.RangeConsumers(func(c stream.Consumer) bool {
			d.mix([]byte("consumer"), name, []byte(c.Name()))
			return true
		})
		g.RangePending(stream.ID{}, func(p stream.Pending) bool {
			d.mix([]byte("pending"), name, p.ID.Append(nil), []byte(p.Consumer), appendInt(nil, p.Delivered), number(p.Count))
			return true
		})
		return true
	})
}

func debugDigestValue(c *command.Call) error {
	c.Reply.Array(len(c.Args) - 2)
	for _, key := range c.Args[2:] {
		var d digest
		if c.In(key).Exists(key) {
			if f, ok := c.In(key).Freeze(key); ok {
				d = digestOf(&f)
				f.Release()
			}
		}
		c.Reply.Status(d.String())
	}
	return nil
}

func debugDigest(c *command.Call) error {
	e := engineOf(c)
	var sum digest
	for _, s := range e.shards {
		for db := range e.space.Databases() {
			var keys [][]byte
			s.DB(db).Range(func(key []byte, _ keyspace.Type) bool {
				keys = append(keys, append([]byte(nil), key...))
				return true
			})
			for _, key := range keys {
				if f, ok := s.DB(db).Freeze(key); ok {
					d := digestOf(&f)
					f.Release()
					sum.mix([]byte{byte(db >> 8), byte(db)}, key, d[:])
				}
			}
		}
	}
	c.Reply.Status(sum.String())
	return nil
}
