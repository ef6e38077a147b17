// Package exchange carries values between the keyspace and Redis' RDB format:
// frozen records into bytes, and decoded values into a database.
//
// It knows both sides. It must not know commands, files or locks.
package exchange

import (
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/rdb"
)

// Append appends a frozen value, type and encoding, to b.
func Append(b []byte, f *keyspace.Frozen) []byte {
	switch f.Type {
	case keyspace.String:
		b = rdb.AppendString(b, f.Str())
	case keyspace.List:
		b = rdb.AppendCollection(b, rdb.List, f.Len())
		f.RangeList(func(v []byte) bool {
			b = rdb.AppendItem(b, v)
			return true
		})
	case keyspace.Set:
		b = rdb.AppendCollection(b, rdb.Set, f.Len())
		f.RangeSet(func(m []byte) bool {
			b = rdb.AppendItem(b, m)
			return true
		})
	case keyspace.ZSet:
		b = rdb.AppendCollection(b, rdb.ZSet, f.Len())
		f.RangeZSet(func(m []byte, score float64) bool {
			b = rdb.AppendScore(rdb.AppendItem(b, m), score)
			return true
		})
	case keyspace.Hash:
		b = rdb.AppendCollection(b, rdb.Hash, f.Len())
		f.RangeHash(func(field, value []byte) bool {
			b = rdb.AppendItem(rdb.AppendItem(b, field), value)
			return true
		})
	case keyspace.Stream:
		b = appendStream(b, f.Stream())
	}
	return b
}

func appendStream(b []byte, s *stream.Content) []byte {
	w := rdb.NewStreamWriter(b)
	var fields [][]byte
	s.Range(stream.ID{}, stream.MaxID, func(e stream.Entry) bool {
		fields = fields[:0]
		e.Each(func(name, value []byte) { fields = append(fields, name, value) })
		w.Entry(rdb.ID(e.ID), fields)
		return true
	})
	v := &rdb.StreamValue{Last: rdb.ID(s.Last()), MaxDeleted: rdb.ID(s.MaxDeleted()), Added: s.Added()}
	s.RangeGroups(func(g stream.Group) bool {
		v.Groups = append(v.Groups, group(g))
		return true
	})
	return w.End(v)
}

func group(g stream.Group) rdb.StreamGroup {
	out := rdb.StreamGroup{Name: []byte(g.Name()), Last: rdb.ID(g.Last()), Read: g.Read()}
	number := map[string]int{}
	g.RangeConsumers(func(c stream.Consumer) bool {
		number[c.Name()] = len(out.Consumers)
		out.Consumers = append(out.Consumers, rdb.StreamConsumer{Name: []byte(c.Name()), SeenMs: c.Seen()})
		return true
	})
	g.RangePending(stream.ID{}, func(p stream.Pending) bool {
		out.Pending = append(out.Pending, rdb.StreamPending{
			ID: rdb.ID(p.ID), DeliveredMs: p.Delivered, Count: p.Count, Consumer: number[p.Consumer],
		})
		return true
	})
	return out
}
