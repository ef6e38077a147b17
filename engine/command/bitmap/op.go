package bitmap

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// operations combine a byte of the result with a byte of the next string.
var operations = []struct {
	name    string
	combine func(a, b byte) byte
}{
	{"and", func(a, b byte) byte { return a & b }},
	{"or", func(a, b byte) byte { return a | b }},
	{"xor", func(a, b byte) byte { return a ^ b }},
	{"not", nil},
}

func bitop(c *command.Call) error {
	for _, op := range operations {
		if !c.Is(1, op.name) {
			continue
		}
		if op.combine == nil && len(c.Args) != 4 {
			return wire.Error("ERR BITOP NOT must be called with a single source key.")
		}
		return combine(c, op.combine)
	}
	return wire.ErrSyntax
}

// combine is BITOP; a nil function is NOT. Strings that are too short count as
// padded with zeros.
func combine(c *command.Call, fn func(a, b byte) byte) error {
	sources := c.Args[3:]
	longest := 0
	for _, key := range sources {
		val, _, err := c.String(key)
		if err != nil {
			return err
		}
		longest = max(longest, len(val))
	}
	result := make([]byte, longest)
	for i, key := range sources {
		val, _, _ := c.String(key) // its type has been checked
		if i == 0 {
			copy(result, val)
			continue
		}
		for j := range result {
			var b byte
			if j < len(val) {
				b = val[j]
			}
			result[j] = fn(result[j], b)
		}
	}
	if fn == nil {
		for j := range result {
			result[j] = ^result[j]
		}
	}
	store(c, c.Args[2], result)
	c.Reply.Int(int64(longest))
	return nil
}

// store sets the destination, or deletes it when there is nothing to store.
func store(c *command.Call, key, result []byte) {
	d := c.In(key)
	switch {
	case len(result) > 0:
		d.SetString(key, result, 0)
		d.SetRange(key, 0, nil) // what is calculated is raw, however short
		c.Changed(key, hook.String, "set")
	case d.Delete(key):
		c.Changed(key, hook.Generic, "del")
	}
}
