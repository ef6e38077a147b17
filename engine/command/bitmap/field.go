package bitmap

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// verb is what an operation of BITFIELD does.
type verb uint8

const (
	read verb = iota
	write
	increment
)

// overflow is what happens to a result that does not fit.
type overflow uint8

const (
	wrap overflow = iota
	saturate
	fail
)

// operation is one operation of BITFIELD.
type operation struct {
	verb   verb
	kind   integer
	offset int64
	value  int64
	over   overflow
}

func bitfieldRO(c *command.Call) error {
	ops, writes, err := parseField(c)
	if err != nil {
		return err
	}
	if writes {
		return wire.Error("ERR BITFIELD_RO only supports the GET subcommand")
	}
	val, _, err := c.String(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Array(len(ops))
	for i := range ops {
		c.Reply.Int(ops[i].kind.load(val, ops[i].offset))
	}
	return nil
}

func bitfield(c *command.Call) error {
	ops, writes, err := parseField(c)
	if err != nil {
		return err
	}
	key := c.Args[1]
	val, _, err := c.String(key)
	if err != nil {
		return err
	}
	w := newWindow(ops, val)
	grows := writes && w.end > len(val)
	c.Reply.Array(len(ops))
	changed := false
	for i := range ops {
		changed = ops[i].run(c.Reply, w) || changed
	}
	if !grows && !changed {
		return nil
	}
	// Only the bytes that may differ are written, and the last one where the string grows.
	c.In(key).SetRange(key, w.begin, w.bytes)
	if changed || w.wrote {
		c.Changed(key, hook.String, "setbit")
	} else { // an overflow that failed still makes room, as in Redis
		c.Changed(key, hook.String, "")
	}
	return nil
}

// window is a copy of the part of a string that operations touch, so that a
// small operation on a large string stays small.
type window struct {
	begin, end int // bytes of the string
	bytes      []byte
	wrote      bool // a value was stored, be it the one that was there
}

func newWindow(ops []operation, val []byte) *window {
	w := &window{begin: math.MaxInt}
	for i := range ops {
		first, last := ops[i].span()
		if ops[i].verb == read {
			last = min(last, len(val)) // what is behind the end reads as zeros
		}
		w.begin, w.end = min(w.begin, first), max(w.end, last)
	}
	w.begin = min(w.begin, w.end)
	w.bytes = make([]byte, w.end-w.begin)
	if w.begin < len(val) {
		copy(w.bytes, val[w.begin:])
	}
	return w
}

// span returns the bytes that the operation touches, last not included.
func (op *operation) span() (first, last int) {
	return int(op.offset >> 3), int((op.offset+int64(op.kind.bits)-1)>>3) + 1
}

// run executes the operation, replies, and reports whether it changed a bit.
func (op *operation) run(r wire.Reply, w *window) (changed bool) {
	offset := op.offset - int64(w.begin)*8
	old := op.kind.load(w.bytes, offset)
	var next int64
	fits := true
	switch op.verb {
	case read:
		r.Int(old)
		return false
	case write:
		next, fits = op.kind.add(op.value, 0, op.over)
	case increment:
		next, fits = op.kind.add(old, op.value, op.over)
	}
	if !fits && op.over == fail {
		r.Null()
		return false
	}
	if op.verb == write {
		r.Int(old)
	} else {
		r.Int(next)
	}
	w.wrote = true
	op.kind.store(w.bytes, offset, next)
	return old != next
}

// parseField reads all operations before any of them is executed.
func parseField(c *command.Call) (ops []operation, writes bool, err error) {
	over := wrap
	for i := 2; i < len(c.Args); {
		left := len(c.Args) - i - 1
		if c.Is(i, "overflow") && left >= 1 {
			if over, err = overflowAt(c, i+1); err != nil {
				return nil, false, err
			}
			i += 2
			continue
		}
		op := operation{over: over}
		words := 4
		switch {
		case c.Is(i, "get") && left >= 2:
			words = 3
		case c.Is(i, "set") && left >= 3:
			op.verb = write
		case c.Is(i, "incrby") && left >= 3:
			op.verb = increment
		default:
			return nil, false, wire.ErrSyntax
		}
		if op.kind, err = integerAt(c, i+1); err != nil {
			return nil, false, err
		}
		if op.offset, err = offsetAt(c, i+2, op.kind.bits); err != nil {
			return nil, false, err
		}
		if op.verb != read {
			writes = true
			if op.value, err = c.Int(i + 3); err != nil {
				return nil, false, err
			}
		}
		ops = append(ops, op)
		i += words
	}
	return ops, writes, nil
}

func overflowAt(c *command.Call, i int) (overflow, error) {
	switch {
	case c.Is(i, "wrap"):
		return wrap, nil
	case c.Is(i, "sat"):
		return saturate, nil
	case c.Is(i, "fail"):
		return fail, nil
	}
	return wrap, wire.Error("ERR Invalid OVERFLOW type specified")
}
