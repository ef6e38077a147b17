package rdb

import (
	"encoding/binary"
	"math"
)

// The writers append to b and return it. A collection is its beginning, with
// the number of its elements, and then the elements.

// AppendString appends a string value.
func AppendString(b, v []byte) []byte { return appendString(append(b, byte(typeString)), v) }

// AppendCollection begins a list, set, sorted set or hash of n elements. They
// follow as AppendItem says, in a sorted set each with AppendScore, in a hash
// each field with its value.
func AppendCollection(b []byte, k Kind, n int) []byte {
	t := map[Kind]Type{List: typeList, Set: typeSet, ZSet: typeZSet, Hash: typeHash}[k]
	return appendLength(append(b, byte(t)), uint64(n))
}

// AppendItem appends an element, member, field or value.
func AppendItem(b, v []byte) []byte { return appendString(b, v) }

// AppendScore appends the score of the member before it.
func AppendScore(b []byte, score float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(score))
}

func appendLength(b []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(b, byte(n))
	case n < 1<<14:
		return append(b, 0x40|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, 0x80), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, 0x81), n)
}

// appendString appends a string, a small integer in its short form.
func appendString(b, v []byte) []byte {
	if i, ok := integer(v); ok {
		switch {
		case i >= math.MinInt8 && i <= math.MaxInt8:
			return append(b, 0xc0+stringInt8, byte(i))
		case i >= math.MinInt16 && i <= math.MaxInt16:
			return binary.LittleEndian.AppendUint16(append(b, 0xc0+stringInt16), uint16(i))
		case i >= math.MinInt32 && i <= math.MaxInt32:
			return binary.LittleEndian.AppendUint32(append(b, 0xc0+stringInt32), uint32(i))
		}
	}
	return append(appendLength(b, uint64(len(v))), v...)
}
