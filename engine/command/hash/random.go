package hash

import (
	"math"
	"math/rand/v2"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const errCountRange wire.Error = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"

func hrandfield(c *command.Call) error {
	if len(c.Args) == 2 {
		h, err := c.Hash(c.Args[1])
		if err != nil {
			return err
		}
		if h.Len() == 0 {
			c.Reply.Null()
			return nil
		}
		field, _ := h.Random()
		c.Reply.Bulk(field)
		return nil
	}
	count, err := c.Int(2)
	if err != nil {
		return err
	}
	if count == math.MinInt64 {
		return errCountRange
	}
	withValues := len(c.Args) == 4
	switch {
	case len(c.Args) > 4 || withValues && !c.Is(3, "withvalues"):
		return wire.ErrSyntax
	case withValues && (count < -(math.MaxInt64/2) || count > math.MaxInt64/2):
		return wire.Error("ERR value is out of range")
	}
	h, err := c.Hash(c.Args[1])
	if err != nil {
		return err
	}
	out := writer{c.Reply, withValues}
	size := int64(h.Len())
	switch {
	case count == 0 || size == 0:
		c.Reply.Array(0)
	case count < 0:
		out.begin(-count)
		for range -count {
			out.put(h.Random())
		}
	case count >= size:
		out.begin(size)
		h.Range(func(field, val []byte) bool {
			out.put(field, val)
			return true
		})
	default:
		out.begin(count)
		distinct(&h, int(count), out)
	}
	return nil
}

// writer replies fields, with their values if wanted: as pairs in RESP3, one
// after the other in RESP2.
type writer struct {
	reply      wire.Reply
	withValues bool
}

func (w writer) begin(n int64) {
	if w.withValues && w.reply.Proto() < 3 {
		n *= 2
	}
	w.reply.Array(int(n))
}

func (w writer) put(field, val []byte) {
	if !w.withValues {
		w.reply.Bulk(field)
		return
	}
	if w.reply.Proto() >= 3 {
		w.reply.Array(2)
	}
	w.reply.Bulk(field)
	w.reply.Bulk(val)
}

// distinct writes n different fields of a hash that has more. Where n is a
// large part of them, drawing until a new one comes would take long: then all
// are listed and the first n of a shuffle taken.
func distinct(h *keyspace.HashHandle, n int, out writer) {
	const largePart = 3
	if n*largePart <= h.Len() {
		seen := make(map[string]bool, n)
		for len(seen) < n {
			field, val := h.Random()
			if !seen[string(field)] {
				seen[string(field)] = true
				out.put(field, val)
			}
		}
		return
	}
	all := make([][2][]byte, 0, h.Len())
	h.Range(func(field, val []byte) bool {
		all = append(all, [2][]byte{field, val})
		return true
	})
	for i := range n {
		j := i + rand.IntN(len(all)-i)
		all[i], all[j] = all[j], all[i]
		out.put(all[i][0], all[i][1])
	}
}
