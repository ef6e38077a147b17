package key

import (
	"bytes"
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// sortOptions are the words behind SORT key.
type sortOptions struct {
	desc, alpha bool
	offset      int64
	count       int64 // negative: all
	by          []byte
	unsorted    bool // BY a pattern without *: the order of the collection
	get         [][]byte
	store       []byte
}

func sortStore(c *command.Call) error { return sortKey(c, true) }
func sortRO(c *command.Call) error    { return sortKey(c, false) }

func readSortOptions(c *command.Call, mayStore bool) (o sortOptions, err error) {
	o.count = -1
	for i := 2; i < len(c.Args); i++ {
		left := len(c.Args) - i - 1
		switch {
		case c.Is(i, "asc"):
			o.desc = false
		case c.Is(i, "desc"):
			o.desc = true
		case c.Is(i, "alpha"):
			o.alpha = true
		case c.Is(i, "limit") && left >= 2:
			if o.offset, err = c.Int(i + 1); err != nil {
				return o, err
			}
			if o.count, err = c.Int(i + 2); err != nil {
				return o, err
			}
			i += 2
		case mayStore && c.Is(i, "store") && left >= 1:
			i++
			o.store = c.Args[i]
		case c.Is(i, "by") && left >= 1:
			i++
			o.by = c.Args[i]
			o.unsorted = !bytes.ContainsRune(o.by, '*')
		case c.Is(i, "get") && left >= 1:
			i++
			o.get = append(o.get, c.Args[i])
		default:
			return o, wire.ErrSyntax
		}
	}
	return o, nil
}

// element is one element that is sorted. An element without weight is 0, or
// comes before all texts.
type element struct {
	value  []byte
	score  float64
	weight []byte // with ALPHA; nil: none
}

// sortKey is SORT and SORT_RO.
func sortKey(c *command.Call, mayStore bool) error {
	o, err := readSortOptions(c, mayStore)
	if err != nil {
		return err
	}
	key := c.Args[1]
	kind := c.In(key).Type(key)
	if kind == keyspace.Set && o.unsorted && (o.store != nil || c.Script) {
		// The order of a set is a matter of chance; what is kept must not be.
		o.unsorted, o.alpha, o.by = false, true, nil
	}
	elements, err := collect(c, kind, &o)
	if err != nil {
		return err
	}
	if !o.unsorted {
		if err := o.weigh(c, elements); err != nil {
			return err
		}
		slices.SortStableFunc(elements, o.compare)
	}
	elements = o.limit(elements)
	if o.store == nil {
		o.reply(c, elements)
		return nil
	}
	storeSorted(c, o.store, o.results(c, elements))
	return nil
}

// collect lists the elements of the collection. Lists and sorted sets come in
// their order, or backwards for DESC where it is not to be sorted.
func collect(c *command.Call, kind keyspace.Type, o *sortOptions) (all []element, err error) {
	key := c.Args[1]
	add := func(v []byte) bool {
		all = append(all, element{value: v})
		return true
	}
	switch kind {
	case keyspace.None:
	case keyspace.List:
		l, _ := c.List(key)
		l.Range(0, l.Len(), add)
	case keyspace.Set:
		s, _ := c.Set(key)
		// A set of integers shows each as text in the same few bytes.
		s.Range(func(m []byte) bool { return add(bytes.Clone(m)) })
		return all, nil
	case keyspace.ZSet:
		z, _ := c.ZSet(key)
		z.Range(0, z.Len(), func(m []byte, _ float64) bool { return add(m) })
	default:
		return nil, wire.ErrWrongType
	}
	if o.unsorted && o.desc {
		slices.Reverse(all)
	}
	return all, nil
}

// weigh looks up what each element is sorted by.
func (o *sortOptions) weigh(c *command.Call, elements []element) error {
	for i := range elements {
		e := &elements[i]
		e.weight = e.value
		if o.by != nil {
			var found bool
			if e.weight, found = lookup(c, o.by, e.value); !found {
				e.weight = nil
				continue
			}
			if e.weight == nil {
				e.weight = []byte{} // an empty text, not none
			}
		}
		if !o.alpha {
			var ok bool
			if e.score, ok = parseScore(e.weight); !ok {
				return wire.Error("ERR One or more scores can't be converted into double")
			}
		}
	}
	return nil
}

// compare orders two elements. Equal scores are told apart by the elements
// themselves, so that the order is always the same.
func (o *sortOptions) compare(a, b element) (order int) {
	switch {
	case o.alpha && (a.weight == nil || b.weight == nil):
		switch {
		case a.weight != nil:
			order = 1
		case b.weight != nil:
			order = -1
		}
	case o.alpha:
		order = bytes.Compare(a.weight, b.weight)
	case a.score > b.score:
		order = 1
	case a.score < b.score:
		order = -1
	default:
		order = bytes.Compare(a.value, b.value)
	}
	if o.desc {
		return -order
	}
	return order
}

// limit cuts out what LIMIT asks for.
func (o *sortOptions) limit(elements []element) []element {
	n := int64(len(elements))
	first := min(max(o.offset, 0), n)
	last := n
	if o.count >= 0 {
		last = first + min(o.count, n-first)
	}
	return elements[first:last]
}

// each calls fn for the results of each element: itself, or what GET says. A
// missing one is not found.
func (o *sortOptions) each(c *command.Call, elements []element, fn func(val []byte, found bool)) {
	for i := range elements {
		if len(o.get) == 0 {
			fn(elements[i].value, true)
		}
		for _, pattern := range o.get {
			fn(lookup(c, pattern, elements[i].value))
		}
	}
}

func (o *sortOptions) reply(c *command.Call, elements []element) {
	c.Reply.Array(len(elements) * max(len(o.get), 1))
	o.each(c, elements, func(val []byte, found bool) {
		if found {
			c.Reply.Bulk(val)
		} else {
			c.Reply.Null()
		}
	})
}

// results are copies of what is to be stored: storing may overwrite the source.
func (o *sortOptions) results(c *command.Call, elements []element) [][]byte {
	all := make([][]byte, 0, len(elements)*max(len(o.get), 1))
	o.each(c, elements, func(val []byte, _ bool) { all = append(all, slices.Clone(val)) })
	return all
}

// storeSorted makes key a list of elements. The log gets the elements and not
// the command, whose weights may have expired when it is replayed.
func storeSorted(c *command.Call, key []byte, elements [][]byte) {
	d := c.In(key)
	existed := d.Delete(key)
	if existed {
		c.Log(delWord, key)
	}
	if len(elements) == 0 {
		if existed {
			c.Changed(key, hook.Generic, "del")
		}
		c.Reply.Int(0)
		return
	}
	l, _ := d.List(key) // just deleted: of no other type
	for _, e := range elements {
		l.PushBack(e)
	}
	c.Changed(key, hook.List, "sortstore")
	const batch = 1024 // elements in one record
	for part := range slices.Chunk(elements, batch) {
		c.Log(append([][]byte{rpushWord, key}, part...)...)
	}
	c.Reply.Int(int64(len(elements)))
}
