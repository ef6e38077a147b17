package bitmap

import (
	"encoding/binary"
	"math/bits"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// span is a range of bits, last not included.
type span struct{ first, last int64 }

// spanOf turns start and end, both included and negative from the end, into
// bits among those of n bytes. inBits says that they count bits, not bytes.
func spanOf(start, end, n int64, inBits bool) span {
	unit := int64(8)
	if inBits {
		n, unit = n*8, 1
	}
	if start < 0 {
		start = max(start+n, 0)
	}
	if end < 0 {
		end = max(end+n, 0)
	}
	end = min(end, n-1)
	if start > end {
		return span{}
	}
	return span{start * unit, (end + 1) * unit}
}

// inBits reads BYTE or BIT from argument i.
func inBits(c *command.Call, i int) (bool, error) {
	switch {
	case c.Is(i, "bit"):
		return true, nil
	case c.Is(i, "byte"):
		return false, nil
	}
	return false, wire.ErrSyntax
}

func bitcount(c *command.Call) error {
	val, exists, err := c.String(c.Args[1])
	if err != nil {
		return err
	}
	if !exists {
		c.Reply.Int(0)
		return nil
	}
	s := span{0, int64(len(val)) * 8}
	switch n := len(c.Args); {
	case n == 4 || n == 5:
		start, err := c.Int(2)
		if err != nil {
			return err
		}
		end, err := c.Int(3)
		if err != nil {
			return err
		}
		if start < 0 && end < 0 && start > end {
			c.Reply.Int(0) // also where both are before the first byte, and whatever the unit says
			return nil
		}
		byBit := false
		if n == 5 {
			if byBit, err = inBits(c, 4); err != nil {
				return err
			}
		}
		s = spanOf(start, end, int64(len(val)), byBit)
	case n != 2:
		return wire.ErrSyntax
	}
	c.Reply.Int(count(val, s))
	return nil
}

// count counts the bits of val that are set in s.
func count(val []byte, s span) (n int64) {
	for s.first < s.last && s.first&7 != 0 {
		n += bitOf(val, s.first)
		s.first++
	}
	for s.first < s.last && s.last&7 != 0 {
		s.last--
		n += bitOf(val, s.last)
	}
	b := val[s.first>>3 : s.last>>3]
	for ; len(b) >= 8; b = b[8:] {
		n += int64(bits.OnesCount64(binary.LittleEndian.Uint64(b)))
	}
	for _, x := range b {
		n += int64(bits.OnesCount8(x))
	}
	return n
}

func bitpos(c *command.Call) error {
	bit, err := c.Int(2)
	if err != nil {
		return err
	}
	if bit != 0 && bit != 1 {
		return wire.Error("ERR The bit argument must be 1 or 0.")
	}
	val, exists, err := c.String(c.Args[1])
	if err != nil {
		return err
	}
	if !exists {
		c.Reply.Int(-bit)
		return nil
	}
	s, endGiven, err := posSpan(c, int64(len(val)))
	if err != nil {
		return err
	}
	pos := find(val, s, bit)
	// Behind the end of the string there are zeros, but not behind an end that was asked for.
	if pos < 0 && bit == 0 && !endGiven && s.first < s.last {
		pos = int64(len(val)) * 8
	}
	c.Reply.Int(pos)
	return nil
}

// posSpan reads BITPOS' range in a string of n bytes.
func posSpan(c *command.Call, n int64) (s span, endGiven bool, err error) {
	if len(c.Args) > 6 {
		return s, false, wire.ErrSyntax
	}
	if len(c.Args) == 3 {
		return span{0, n * 8}, false, nil
	}
	start, err := c.Int(3)
	if err != nil {
		return s, false, err
	}
	byBit := false
	if len(c.Args) == 6 {
		if byBit, err = inBits(c, 5); err != nil {
			return s, false, err
		}
	}
	end := n - 1
	if endGiven = len(c.Args) >= 5; endGiven {
		if end, err = c.Int(4); err != nil {
			return s, false, err
		}
	}
	return spanOf(start, end, n, byBit), endGiven, nil
}

// find returns the first bit of s that is bit, or -1.
func find(val []byte, s span, bit int64) int64 {
	skip := byte(0)
	if bit == 0 {
		skip = 0xff
	}
	for at := s.first; at < s.last; {
		if at&7 == 0 && at+8 <= s.last && val[at>>3] == skip {
			at += 8
			continue
		}
		if bitOf(val, at) == bit {
			return at
		}
		at++
	}
	return -1
}
