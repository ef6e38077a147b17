// Package bitmap is the group of commands that treat strings as arrays of bits.
//
// It knows the keyspace's strings and what Redis 7.0 answers. It must not know
// other groups or the engine. Bit 0 is the highest bit of the first byte.
package bitmap

import "github.com/kevy-lua/kevy-lua/engine/command"

const (
	readKey   = command.KeyRO | command.KeyAccess
	updateKey = command.KeyRW | command.KeyAccess | command.KeyUpdate
	writes    = command.Write | command.DenyOOM
)

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	read := []command.KeySpec{command.Key(1, readKey)}
	return []command.Spec{
		{Name: "setbit", Arity: 4, Flags: writes, Group: command.GroupBitmap, Since: "2.2.0",
			Keys:    []command.KeySpec{command.Key(1, updateKey)},
			Summary: "Sets or clears a bit and returns what it was", Complexity: "O(1)", Syntax: "key offset value", Run: setbit},
		{Name: "getbit", Arity: 3, Flags: command.ReadOnly | command.Fast, Group: command.GroupBitmap, Since: "2.2.0", Keys: read,
			Summary: "Returns a bit, 0 behind the end of the string", Complexity: "O(1)", Syntax: "key offset", Run: getbit},
		{Name: "bitcount", Arity: -2, Flags: command.ReadOnly, Group: command.GroupBitmap, Since: "2.6.0", Keys: read,
			Summary: "Counts the bits that are set, in the whole string or a range of it", Complexity: "O(N) for N bytes",
			Syntax: "key [start end [BYTE|BIT]]", Run: bitcount},
		{Name: "bitpos", Arity: -3, Flags: command.ReadOnly, Group: command.GroupBitmap, Since: "2.8.7", Keys: read,
			Summary: "Finds the first bit that is set, or clear, in the whole string or a range of it", Complexity: "O(N) for N bytes",
			Syntax: "key bit [start [end [BYTE|BIT]]]", Run: bitpos},
		{Name: "bitop", Arity: -4, Flags: writes, Group: command.GroupBitmap, Since: "2.6.0",
			Keys:    []command.KeySpec{command.Key(2, command.KeyOW|command.KeyUpdate), command.Keys(3, -1, 1, readKey)},
			Summary: "Combines strings bit by bit and stores the result", Complexity: "O(N) for N bytes",
			Syntax: "<AND|OR|XOR|NOT> destkey key [key ...]", Run: bitop},
		{Name: "bitfield", Arity: -2, Flags: writes, Group: command.GroupBitmap, Since: "3.2.0",
			Keys: []command.KeySpec{{Index: 1, Step: 1, Flags: updateKey | command.KeyVariable,
				Notes: "Whether the key is written depends on the operations"}},
			Summary: "Reads, sets and increments integers of any width inside a string", Complexity: "O(1) for each operation",
			Syntax: "key [GET encoding offset | [OVERFLOW <WRAP|SAT|FAIL>] <SET encoding offset value | INCRBY encoding offset increment> ...]", Run: bitfield},
		{Name: "bitfield_ro", Arity: -2, Flags: command.ReadOnly | command.Fast, Group: command.GroupBitmap, Since: "6.0.0", Keys: read,
			Summary: "Reads integers of any width inside a string", Complexity: "O(1) for each operation",
			Syntax: "key [GET encoding offset [GET encoding offset ...]]", Run: bitfieldRO},
	}
}
