package exchange

import (
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/rdb"
)

// Build makes a key, which does not exist, the value. The shard of d is locked.
func Build(d *keyspace.DB, key []byte, v *rdb.Value, limits stream.Limits) {
	switch v.Kind {
	case rdb.String:
		d.SetString(key, v.Items[0], 0)
	case rdb.List:
		l, _ := d.List(key)
		for _, item := range v.Items {
			l.PushBack(item)
		}
	case rdb.Set:
		s, _ := d.Set(key)
		for _, item := range v.Items {
			s.Add(item)
		}
	case rdb.ZSet:
		z, _ := d.ZSet(key)
		for i, item := range v.Items {
			z.Set(item, v.Scores[i])
		}
	case rdb.Hash:
		h, _ := d.Hash(key)
		for i := 0; i < len(v.Items); i += 2 {
			h.Set(v.Items[i], v.Items[i+1])
		}
	case rdb.Stream:
		h, _ := d.Stream(key)
		h.Write(func(s *stream.Stream) { buildStream(s, v.Stream, limits) })
	}
}

func buildStream(s *stream.Stream, v *rdb.StreamValue, limits stream.Limits) {
	for _, e := range v.Entries {
		s.Add(stream.ID(e.ID), e.Fields, limits)
	}
	s.SetID(stream.ID(v.Last), v.Added, stream.ID(v.MaxDeleted))
	for i := range v.Groups {
		g := &v.Groups[i]
		read := g.Read
		if v.Old {
			read = s.Ordinal(stream.ID(g.Last))
		}
		s.CreateGroup(g.Name, stream.ID(g.Last), read)
		for _, consumer := range g.Consumers {
			s.CreateConsumer(g.Name, consumer.Name, consumer.SeenMs)
		}
		for _, p := range g.Pending {
			s.Assign(g.Name, g.Consumers[p.Consumer].Name, stream.ID(p.ID), p.DeliveredMs, p.Count)
		}
	}
}
