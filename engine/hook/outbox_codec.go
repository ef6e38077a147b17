package hook

import (
	"fmt"
	"strconv"
)

// An event lies in an outbox as the fields of a stream's entry. Those of the
// value come last and repeat: v (a string, an element of a list or set), f and v
// (a hash's), m and s (a sorted set's), e and then f and v (a stream's entries).

// maxStored is the size above which an event goes into an outbox without its value.
const maxStored = 1 << 20

// Encode returns an event as names and values in turn; ok is false for kinds
// that outboxes do not carry.
func Encode(ev Event) (fields [][]byte, ok bool) {
	put := func(name string, value []byte) { fields = append(fields, []byte(name), value) }
	number := func(name string, n int64) { put(name, strconv.AppendInt(nil, n, 10)) }
	put("event", []byte(ev.Kind()))
	number("db", int64(ev.Database()))
	number("depth", int64(ev.Depth()))
	put("key", ev.Subject())
	switch ev := ev.(type) {
	case *Expired:
		number("at", ev.AtMs)
		number("deadline", ev.DeadlineMs)
		put("cause", []byte(ev.Cause))
		put("type", []byte(ev.Type))
		return appendValue(fields, ev.Type, ev.Value), true
	case *Evicted:
		number("at", ev.AtMs)
		put("policy", []byte(ev.Policy))
		put("type", []byte(ev.Type))
		return appendValue(fields, ev.Type, ev.Value), true
	case *Key:
		number("at", ev.AtMs)
		put("name", []byte(ev.Name))
		put("class", []byte(ev.Class.String()))
		return fields, true
	}
	return nil, false
}

func appendValue(fields [][]byte, typ string, v Value) [][]byte {
	if v == nil {
		return fields
	}
	n, size := len(fields), 0
	put := func(name string, value []byte) bool {
		size += len(value) + len(name)
		fields = append(fields, []byte(name), append([]byte(nil), value...))
		return size <= maxStored
	}
	switch typ {
	case "string":
		put("v", v.Str())
	case "list":
		v.RangeList(func(b []byte) bool { return put("v", b) })
	case "set":
		v.RangeSet(func(b []byte) bool { return put("v", b) })
	case "hash":
		v.RangeHash(func(f, b []byte) bool { return put("f", f) && put("v", b) })
	case "zset":
		v.RangeZSet(func(m []byte, score float64) bool {
			return put("m", m) && put("s", strconv.AppendFloat(nil, score, 'g', 17, 64))
		})
	case "stream":
		v.RangeStream(func(ms, seq uint64, list [][]byte) bool {
			ok := put("e", fmt.Appendf(nil, "%d-%d", ms, seq))
			for i := 0; ok && i+1 < len(list); i += 2 {
				ok = put("f", list[i]) && put("v", list[i+1])
			}
			return ok
		})
	}
	if size > maxStored {
		return append(fields[:n:n], []byte("omitted"), strconv.AppendInt(nil, int64(v.Len()), 10))
	}
	return fields
}

// Decode reads what Encode has written. The event keeps the fields.
func Decode(fields [][]byte) (Event, error) {
	head := map[string]string{}
	i := 0
	for ; i+1 < len(fields); i += 2 {
		name := string(fields[i])
		head[name] = string(fields[i+1])
		if name == "type" || name == "class" { // the last ones
			i += 2
			break
		}
	}
	var err error
	number := func(name string) int64 {
		n, e := strconv.ParseInt(head[name], 10, 64)
		if e != nil && err == nil {
			err = fmt.Errorf("hook: %s of an event in an outbox is %q", name, head[name])
		}
		return n
	}
	origin := Origin{DB: int(number("db")), Nest: int(number("depth")), AtMs: number("at")}
	switch Kind(head["event"]) {
	case KindExpired:
		ev := &Expired{Origin: origin, Key: []byte(head["key"]), Type: head["type"], DeadlineMs: number("deadline"), Cause: Cause(head["cause"])}
		ev.Value = storedValue(fields[i:])
		return ev, err
	case KindEvicted:
		ev := &Evicted{Origin: origin, Key: []byte(head["key"]), Type: head["type"], Policy: head["policy"]}
		ev.Value = storedValue(fields[i:])
		return ev, err
	case KindKey:
		class, _ := ParseClass(head["class"])
		return &Key{Origin: origin, Key: []byte(head["key"]), Name: head["name"], Class: class}, err
	}
	return nil, fmt.Errorf("hook: an entry of an outbox is no event (event is %q)", head["event"])
}

// storedValue is the value that an event lies in an outbox with; nil where it was
// left out.
func storedValue(fields [][]byte) Value {
	if len(fields) > 0 && string(fields[0]) == "omitted" {
		return nil
	}
	return stored(fields)
}

// stored is a value as Encode has written it.
type stored [][]byte

var _ Value = stored(nil)

// Len returns the number of elements.
func (v stored) Len() (n int) {
	entries := len(v) > 0 && string(v[0]) == "e"
	for i := 0; i < len(v); i += 2 {
		switch string(v[i]) {
		case "v", "s":
			if !entries {
				n++
			}
		case "e":
			n++
		}
	}
	return n
}

func (v stored) Str() []byte {
	if len(v) < 2 {
		return nil
	}
	return v[1]
}

// RangeList calls fn for the elements.
func (v stored) RangeList(fn func(element []byte) bool) {
	for i := 0; i+1 < len(v) && fn(v[i+1]); i += 2 {
	}
}

// RangeSet calls fn for the members.
func (v stored) RangeSet(fn func(member []byte) bool) { v.RangeList(fn) }

// RangeHash calls fn for the fields.
func (v stored) RangeHash(fn func(field, value []byte) bool) {
	for i := 0; i+3 < len(v) && fn(v[i+1], v[i+3]); i += 4 {
	}
}

// RangeZSet calls fn for the members.
func (v stored) RangeZSet(fn func(member []byte, score float64) bool) {
	v.RangeHash(func(m, s []byte) bool {
		score, _ := strconv.ParseFloat(string(s), 64)
		return fn(m, score)
	})
}

// RangeStream calls fn for the entries.
func (v stored) RangeStream(fn func(ms, seq uint64, fields [][]byte) bool) {
	for i := 0; i+1 < len(v); {
		var ms, seq uint64
		fmt.Sscanf(string(v[i+1]), "%d-%d", &ms, &seq)
		var fields [][]byte
		for i += 2; i+3 < len(v) && string(v[i]) == "f"; i += 4 {
			fields = append(fields, v[i+1], v[i+3])
		}
		if !fn(ms, seq, fields) {
			return
		}
	}
}
