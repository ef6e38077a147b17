package hll

import (
	"bytes"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errNoSketch wire.Error = "WRONGTYPE Key is not a valid HyperLogLog string value."
	errBroken   wire.Error = "INVALIDOBJ Corrupted HLL object detected"
)

// load returns the sketch at key, nil when there is none. It must not be written to.
func load(c *command.Call, key []byte) (sketch, error) {
	val, exists, err := c.String(key)
	switch {
	case err != nil || !exists:
		return nil, err
	case !valid(val):
		return nil, errNoSketch
	}
	return val, nil
}

func store(c *command.Call, key []byte, s sketch) {
	c.In(key).SetString(key, s, keyspace.KeepTTL)
	c.In(key).SetRange(key, 0, nil) // Redis' encoding is raw, however short it is
}

func pfadd(c *command.Call) error {
	key := c.Args[1]
	stored, err := load(c, key)
	if err != nil {
		return err
	}
	s, new := sketch(bytes.Clone(stored)), stored == nil
	if new {
		s = newSketch()
	}
	s, grown, err := addAll(c, s, c.Args[2:])
	if err != nil {
		return err
	}
	if !new && !grown {
		c.Reply.Int(0)
		return nil
	}
	s.outdate() // a new one too, though it is known to be empty
	store(c, key, s)
	c.Changed(key, hook.String, "pfadd")
	c.Reply.Int(1)
	return nil
}

// addAll counts elements in s, which it may write to, and reports whether a
// register has changed.
func addAll(c *command.Call, s sketch, elements [][]byte) (_ sketch, grown bool, err error) {
	limit := headBytes + int(c.Config.Memory.HLLSparseMaxBytes)
	for _, element := range elements {
		register, length := locate(element)
		if s.sparse() {
			next, what := s.raise(register, length)
			switch {
			case what == broken:
				return s, false, errBroken
			case what == unchanged:
				continue
			case what == changed && len(next) <= limit:
				s, grown = next, true
				continue
			}
			var ok bool
			if s, ok = s.dense(); !ok {
				return s, false, errBroken
			}
		}
		if s.get(register) < length {
			s.set(register, length)
			grown = true
		}
	}
	return s, grown, nil
}

func pfcount(c *command.Call) error {
	if len(c.Args) > 2 {
		return countUnion(c)
	}
	key := c.Args[1]
	s, err := load(c, key)
	switch {
	case err != nil:
		return err
	case s == nil:
		c.Reply.Int(0)
		return nil
	}
	if n, ok := s.cached(); ok {
		c.Reply.Int(int64(n))
		return nil
	}
	h, ok := s.histogram()
	if !ok {
		return errBroken
	}
	n := h.estimate()
	// The cache is in the string, so the command writes: whoever has the log must
	// come to the same bytes.
	head := bytes.Clone(s[:headBytes])
	sketch(head).cache(n)
	c.In(key).SetRange(key, 0, head)
	c.Changed(key, hook.String, "")
	c.Log(c.Args...)
	c.Reply.Int(int64(n))
	return nil
}

// countUnion counts what is in any of several sketches.
func countUnion(c *command.Call) error {
	u, _, err := unite(c, c.Args[1:])
	if err != nil {
		return err
	}
	c.Reply.Int(int64(u.estimate()))
	return nil
}

// unite takes the registers of all the sketches; sparse says that none is dense.
func unite(c *command.Call, keys [][]byte) (u *union, sparse bool, err error) {
	u, sparse = new(union), true
	for _, key := range keys {
		s, err := load(c, key)
		if err != nil {
			return nil, false, err
		}
		if s == nil {
			continue
		}
		sparse = sparse && s.sparse()
		if !u.add(s) {
			return nil, false, errBroken
		}
	}
	return u, sparse, nil
}

func pfmerge(c *command.Call) error {
	u, sparse, err := unite(c, c.Args[1:])
	if err != nil {
		return err
	}
	s := u.sketch(sparse, int(c.Config.Memory.HLLSparseMaxBytes))
	if old, err := load(c, c.Args[1]); err == nil && old != nil {
		copy(s[cacheAt:headBytes], old[cacheAt:headBytes])
		s.outdate()
	}
	store(c, c.Args[1], s)
	c.Changed(c.Args[1], hook.String, "pfadd")
	c.Reply.Status("OK")
	return nil
}

func pfdebug(c *command.Call) error {
	key := c.Args[2]
	s, err := load(c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return wire.Error("ERR The specified key does not exist")
	}
	switch {
	case c.Is(1, "getreg"):
		d, err := makeDense(c, key, s)
		if err != nil {
			return err
		}
		c.Reply.Array(registers)
		for i := range registers {
			c.Reply.Int(int64(d.get(i)))
		}
	case c.Is(1, "decode"):
		if !s.sparse() {
			return wire.Error("ERR HLL encoding is not sparse")
		}
		c.Reply.BulkString(s.describe())
	case c.Is(1, "encoding"):
		c.Reply.Status(map[bool]string{true: "sparse", false: "dense"}[s.sparse()])
	case c.Is(1, "todense"):
		was := s.sparse()
		if _, err := makeDense(c, key, s); err != nil {
			return err
		}
		c.Reply.Int(map[bool]int64{true: 1}[was])
	default:
		return wire.Errorf("ERR Unknown PFDEBUG subcommand '%s'", c.Args[1])
	}
	return nil
}

// makeDense makes the sketch at key a dense one.
func makeDense(c *command.Call, key []byte, s sketch) (sketch, error) {
	if !s.sparse() {
		return s, nil
	}
	d, ok := s.dense()
	if !ok {
		return nil, errBroken
	}
	store(c, key, d)
	c.Changed(key, hook.String, "")
	return d, nil
}

// describe shows the runs of a sparse sketch, as far as they can be read: z and
// Z are zeros in one byte and two, v is a value and how often.
func (s sketch) describe() string {
	var b []byte
	for at := headBytes; at < len(s); {
		r, size := nextRun(s[at:])
		if size == 0 {
			break
		}
		switch {
		case r.v > 0:
			b = strconv.AppendInt(append(b, 'v', ':'), int64(r.v), 10)
			b = strconv.AppendInt(append(b, ','), int64(r.n), 10)
		case size == 1:
			b = strconv.AppendInt(append(b, 'z', ':'), int64(r.n), 10)
		default:
			b = strconv.AppendInt(append(b, 'Z', ':'), int64(r.n), 10)
		}
		b = append(b, ' ')
		at += size
	}
	return string(bytes.TrimSuffix(b, []byte(" ")))
}
