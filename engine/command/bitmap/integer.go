package bitmap

import (
	"math/bits"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// integer is a type of BITFIELD: i1 to i64, u1 to u63.
type integer struct {
	signed bool
	bits   int
}

func integerAt(c *command.Call, i int) (t integer, err error) {
	const invalid wire.Error = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
	arg := c.Args[i]
	if len(arg) < 2 || arg[0] != 'i' && arg[0] != 'u' {
		return t, invalid
	}
	t.signed = arg[0] == 'i'
	n, ok := command.ParseInt(arg[1:])
	if !ok || n < 1 || t.signed && n > 64 || !t.signed && n > 63 {
		return t, invalid
	}
	t.bits = int(n)
	return t, nil
}

// load reads the integer that begins at bit offset; bits behind the end are 0.
func (t integer) load(val []byte, offset int64) int64 {
	var u uint64
	for i, left := offset, t.bits; left > 0; {
		n := min(left, 8-int(i&7)) // bits of this byte
		var b byte
		if at := i >> 3; at < int64(len(val)) {
			b = val[at]
		}
		b = b << (i & 7) >> (8 - n)
		u = u<<n | uint64(b)
		i, left = i+int64(n), left-n
	}
	return t.extend(u)
}

// extend turns the lowest bits of u into a value of type t.
func (t integer) extend(u uint64) int64 {
	shift := 64 - t.bits
	if t.signed {
		return int64(u<<shift) >> shift
	}
	return int64(u << shift >> shift)
}

// store writes the lowest bits of n at bit offset. val is long enough.
func (t integer) store(val []byte, offset, n int64) {
	for i, left := offset, t.bits; left > 0; {
		width := min(left, 8-int(i&7))
		left -= width
		shift := 8 - int(i&7) - width
		mask := byte(1<<width-1) << shift
		val[i>>3] = val[i>>3]&^mask | byte(uint64(n)>>left)<<shift&mask
		i += int64(width)
	}
}

// limits are the smallest and the largest value.
func (t integer) limits() (least, most int64) {
	if t.signed {
		most = int64(uint64(1)<<(t.bits-1) - 1)
		return -most - 1, most
	}
	return 0, int64(uint64(1)<<t.bits - 1)
}

// add returns a+b as over has it, and whether the sum fits. a need not fit
// itself: SET adds 0 to its value. An unsigned type takes a as unsigned.
func (t integer) add(a, b int64, over overflow) (sum int64, fits bool) {
	least, most := t.limits()
	var above, below bool
	if t.signed {
		above, below = t.signedOverflow(a, b)
	} else {
		above, below = unsignedOverflow(uint64(a), b, uint64(most))
	}
	switch {
	case !above && !below:
		return a + b, true
	case over == saturate && above:
		return most, false
	case over == saturate:
		return least, false
	}
	return t.extend(uint64(a) + uint64(b)), false
}

// signedOverflow reports whether a+b is above or below the limits. The room is
// calculated in 64 bits, as Redis does: SET with a value near -2^63 wraps it
// around and counts as too large.
func (t integer) signedOverflow(a, b int64) (above, below bool) {
	least, most := t.limits()
	up, down := most-a, least-a
	narrow := t.bits < 64
	if a > most || b > up && (narrow || a >= 0 && b > 0) {
		return true, false
	}
	return false, a < least || b < down && (narrow || a < 0 && b < 0)
}

// unsignedOverflow reports whether a+b is above most or below 0.
func unsignedOverflow(a uint64, b int64, most uint64) (above, below bool) {
	if a > most {
		return true, false
	}
	if b >= 0 {
		sum, carry := bits.Add64(a, uint64(b), 0)
		return carry != 0 || sum > most, false
	}
	return false, uint64(-b) > a
}
