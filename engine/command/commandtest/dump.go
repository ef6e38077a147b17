package commandtest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
)

// Dump shows the whole data, one entry a key: "db/key" → type, deadline, value.
// Sets and hashes are in order of their members, so that equal data gives equal dumps.
func (s *Server) Dump() map[string]string {
	s.begin(s.Now)
	dump := map[string]string{}
	for i := range s.shards {
		for db := range s.space.Databases() {
			d := s.space.Shard(i).DB(db)
			var keys [][]byte
			d.Range(func(key []byte, _ keyspace.Type) bool {
				keys = append(keys, slices.Clone(key))
				return true
			})
			for _, key := range keys {
				deadline, _ := d.Deadline(key)
				if deadline == 0 {
					deadline = -1
				}
				dump[fmt.Sprintf("%d/%s", db, key)] = entry(d.Type(key).String(), deadline, content(d, key))
			}
		}
	}
	return dump
}

// entry is one key of a dump; deadline -1 is none. value is as content gives it.
func entry(typ string, deadline int64, value []string) string {
	switch typ {
	case "set":
		slices.Sort(value)
	case "hash":
		pairs := make([]string, 0, len(value)/2)
		for i := 0; i+1 < len(value); i += 2 {
			pairs = append(pairs, Line(value[i:i+2]))
		}
		slices.Sort(pairs)
		return fmt.Sprintf("hash %d %s", deadline, strings.Join(pairs, ", "))
	}
	return fmt.Sprintf("%s %d %s", typ, deadline, Line(value))
}

// content returns the value in flat form: elements, field and value in turn,
// member and score in turn.
func content(d *keyspace.DB, key []byte) (value []string) {
	add := func(v ...[]byte) bool {
		for _, b := range v {
			value = append(value, string(b))
		}
		return true
	}
	switch d.Type(key) {
	case keyspace.String:
		v, _, _ := d.String(key)
		add(v)
	case keyspace.Hash:
		h, _ := d.Hash(key)
		h.Range(func(f, v []byte) bool { return add(f, v) })
	case keyspace.List:
		l, _ := d.List(key)
		l.Range(0, l.Len(), func(v []byte) bool { return add(v) })
	case keyspace.Set:
		m, _ := d.Set(key)
		m.Range(func(v []byte) bool { return add(v) })
	case keyspace.ZSet:
		z, _ := d.ZSet(key)
		z.Range(0, z.Len(), func(m []byte, score float64) bool {
			return add(m, strconv.AppendFloat(nil, score, 'g', 17, 64))
		})
	case keyspace.Stream:
		s, _ := d.Stream(key)
		return streamContent(s.Read())
	}
	return value
}

// streamContent shows all of a stream but times, which are those of a server's
// own clock.
func streamContent(s *stream.Content) (value []string) {
	value = append(value, s.Last().String(), s.MaxDeleted().String(), strconv.FormatUint(s.Added(), 10))
	s.Range(stream.ID{}, stream.MaxID, func(e stream.Entry) bool {
		value = append(value, e.ID.String())
		e.Each(func(name, v []byte) { value = append(value, string(name), string(v)) })
		return true
	})
	s.RangeGroups(func(g stream.Group) bool {
		value = append(value, "group", g.Name(), g.Last().String(), strconv.FormatInt(g.Read(), 10))
		g.RangePending(stream.ID{}, func(p stream.Pending) bool {
			value = append(value, p.ID.String(), p.Consumer, strconv.FormatUint(p.Count, 10))
			return true
		})
		g.RangeConsumers(func(c stream.Consumer) bool {
			value = append(value, "consumer", c.Name(), strconv.Itoa(c.Pending()))
			return true
		})
		return true
	})
	return value
}

// diff names the first keys in which two dumps differ; "" when they are equal.
func diff(want, got map[string]string) string {
	all := maps.Clone(want)
	maps.Copy(all, got)
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if want[key] == got[key] {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s\n  want %s\n  got  %s", Quote(key), short(want[key]), short(got[key])))
		if len(lines) == 5 {
			break
		}
	}
	return strings.Join(lines, "\n")
}

func short(s string) string {
	if len(s) > 400 {
		return s[:400] + "…"
	}
	return s
}
