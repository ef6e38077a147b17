package rdb

import (
	"encoding/binary"
	"strconv"
)

// ID is the ID of a stream's entry.
type ID struct{ Ms, Seq uint64 }

// Less reports whether id comes before other.
func (id ID) Less(other ID) bool { return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq }

// StreamValue is a stream: its entries, oldest first, what XINFO tells of it, and
// its consumer groups.
type StreamValue struct {
	Entries    []StreamEntry
	Last       ID
	MaxDeleted ID
	Added      uint64
	Groups     []StreamGroup
	Old        bool // of before Redis 7, which did not keep what groups have read
}

// StreamEntry is an entry; each field is followed by its value.
type StreamEntry struct {
	ID     ID
	Fields [][]byte
}

// StreamGroup is a consumer group.
type StreamGroup struct {
	Name      []byte
	Last      ID
	Read      int64 // entries read; -1: not known
	Pending   []StreamPending
	Consumers []StreamConsumer
}

// StreamPending is an entry that was delivered and not acknowledged.
type StreamPending struct {
	ID          ID
	DeliveredMs int64
	Count       uint64
	Consumer    int // index of the consumer that has it
}

// StreamConsumer is a member of a group. What is pending for it is in the group.
type StreamConsumer struct {
	Name   []byte
	SeenMs int64
}

// stream reads a stream: nodes of entries, counters, groups.
func (r *reader) stream(t Type) *StreamValue {
	s := &StreamValue{Old: t == typeStream}
	for n := r.count(2); n > 0 && r.err == nil; n-- {
		r.streamNode(s)
	}
	length := r.length()
	s.Last = r.id()
	if r.err == nil && length != uint64(len(s.Entries)) {
		r.fail()
	}
	s.Added = length
	if t != typeStream {
		r.id() // the first entry's, which the entries tell
		s.MaxDeleted = r.id()
		s.Added = r.length()
	}
	if n := len(s.Entries); n > 0 && s.Last.Less(s.Entries[n-1].ID) {
		r.fail()
	}
	for n := r.count(5); n > 0 && r.err == nil; n-- {
		s.Groups = append(s.Groups, r.streamGroup(t, s))
	}
	return s
}

func (r *reader) id() ID { return ID{r.length(), r.length()} }

// rawID reads an ID of 16 bytes.
func (r *reader) rawID() ID {
	b := r.cut(16)
	if b == nil {
		return ID{}
	}
	return ID{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (r *reader) timeMs() int64 {
	b := r.cut(8)
	if b == nil {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// Flags of an entry in a node.
const (
	entryDeleted    = 1
	entrySameFields = 2
)

// streamNode reads a node: the ID of its master entry, and a listpack with the
// master's field names and the entries as differences from it.
func (r *reader) streamNode(s *StreamValue) {
	key := r.string()
	items := r.items(listpack)
	if r.err != nil {
		return
	}
	if len(key) != 16 {
		r.fail()
		return
	}
	n := &node{items: items}
	master := ID{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])}
	valid, deleted := n.int(), n.int()
	fields := n.take(n.int())
	n.int() // the end of the master entry
	for left := valid + deleted; left > 0 && !n.bad; left-- {
		if e, there := n.entry(master, fields); there && !n.bad {
			if last := len(s.Entries) - 1; last >= 0 && !s.Entries[last].ID.Less(e.ID) {
				n.bad = true
			}
			s.Entries = append(s.Entries, e)
			valid--
		}
	}
	if n.bad || valid != 0 || len(n.items) > 0 {
		r.fail()
	}
}

// node reads the elements of a node's listpack.
type node struct {
	items [][]byte
	bad   bool
}

func (n *node) take(count int64) [][]byte {
	if n.bad || count < 0 || count > int64(len(n.items)) {
		n.bad = true
		return nil
	}
	items := n.items[:count:count]
	n.items = n.items[count:]
	return items
}

func (n *node) int() int64 {
	item := n.take(1)
	if n.bad {
		return 0
	}
	v, err := strconv.ParseInt(string(item[0]), 10, 64)
	if err != nil {
		n.bad = true
	}
	return v
}

// entry reads an entry; there is false for one that was deleted.
func (n *node) entry(master ID, names [][]byte) (e StreamEntry, there bool) {
	flags := n.int()
	e.ID = ID{master.Ms + uint64(n.int()), master.Seq + uint64(n.int())}
	elements := int64(3)
	if flags&entrySameFields != 0 {
		values := n.take(int64(len(names)))
		for i, v := range values {
			e.Fields = append(e.Fields, names[i], v)
		}
		elements += int64(len(values))
	} else {
		pairs := n.int()
		if pairs > int64(len(n.items)) {
			n.bad = true
		}
		e.Fields = n.take(2 * pairs)
		elements += 1 + 2*pairs
	}
	if n.int() != elements || len(e.Fields) == 0 {
		n.bad = true
	}
	return e, flags&entryDeleted == 0
}

func (r *reader) streamGroup(t Type, s *StreamValue) StreamGroup {
	g := StreamGroup{Name: r.string(), Last: r.id(), Read: -1}
	if t != typeStream {
		g.Read = int64(r.length())
	}
	for _, other := range s.Groups {
		if string(other.Name) == string(g.Name) {
			r.fail()
		}
	}
	at := map[ID]int{} // of what no consumer has yet
	for n := r.count(16 + 8 + 1); n > 0 && r.err == nil; n-- {
		p := StreamPending{ID: r.rawID(), DeliveredMs: r.timeMs(), Count: r.length()}
		if _, twice := at[p.ID]; twice {
			r.fail()
		}
		at[p.ID] = len(g.Pending)
		g.Pending = append(g.Pending, p)
	}
	names := map[string]bool{}
	for n := r.count(1 + 8 + 1); n > 0 && r.err == nil; n-- {
		c := StreamConsumer{Name: r.string(), SeenMs: r.timeMs()}
		if t == typeStream3 {
			r.timeMs() // when it was last given an entry
		}
		if names[string(c.Name)] {
			r.fail()
		}
		names[string(c.Name)] = true
		for m := r.count(16); m > 0 && r.err == nil; m-- {
			id := r.rawID()
			i, ok := at[id]
			if !ok {
				r.fail()
				break
			}
			delete(at, id)
			g.Pending[i].Consumer = len(g.Consumers)
		}
		g.Consumers = append(g.Consumers, c)
	}
	if len(at) > 0 {
		r.fail() // pending for nobody
	}
	return g
}
