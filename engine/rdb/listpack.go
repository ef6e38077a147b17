package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// A listpack is its size in four bytes, the number of its elements in two
// (65535: they are to be counted), the elements, and 0xff. An element is a
// string or an integer, and behind it stands how many bytes that took, for
// reading backwards.
const (
	listpackHead    = 6
	listpackUnknown = math.MaxUint16
	listpackEnd     = 0xff
)

// listpack reads all elements; integers as their digits.
func listpack(b []byte) (items [][]byte, ok bool) {
	if len(b) < listpackHead+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) || b[len(b)-1] != listpackEnd {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint16(b[4:]))
	r := reader{b: b[listpackHead : len(b)-1]}
	if n != listpackUnknown {
		items = make([][]byte, 0, min(n, len(b)/2))
	}
	for len(r.b) > 0 {
		before := r.b
		item := r.element()
		size := len(before) - len(r.b)
		var tail [5]byte
		back := appendBackLen(tail[:0], size)
		if string(r.cut(uint64(len(back)))) != string(back) {
			return nil, false
		}
		items = append(items, item)
	}
	return items, r.err == nil && (n == listpackUnknown || n == len(items))
}

// element reads what stands before an element's own length.
func (r *reader) element() []byte {
	h := r.byte()
	switch {
	case r.err != nil:
	case h < 0x80: // 7 bits, unsigned
		return strconv.AppendUint(nil, uint64(h), 10)
	case h < 0xc0: // a string whose length has 6 bits
		return r.cut(uint64(h & 0x3f))
	case h < 0xe0: // 13 bits, signed
		v := int64(h&0x1f)<<8 | int64(r.byte())
		return strconv.AppendInt(nil, v<<51>>51, 10)
	case h < 0xf0: // a string whose length has 12 bits
		return r.cut(uint64(h&0x0f)<<8 | uint64(r.byte()))
	case h == 0xf0: // a string whose length has 32 bits
		if b := r.cut(4); b != nil {
			return r.cut(uint64(binary.LittleEndian.Uint32(b)))
		}
	case h == 0xf1:
		return r.integer(2)
	case h == 0xf2:
		return r.integer(3)
	case h == 0xf3:
		return r.integer(4)
	case h == 0xf4:
		return r.integer(8)
	}
	r.fail()
	return nil
}

// integer reads a signed number of so many bytes, the lowest first, as digits.
func (r *reader) integer(bytes int) []byte {
	var wide [8]byte
	copy(wide[8-bytes:], r.cut(uint64(bytes)))
	if r.err != nil {
		return nil
	}
	return strconv.AppendInt(nil, int64(binary.LittleEndian.Uint64(wide[:]))>>(64-8*bytes), 10)
}

// appendBackLen writes how many bytes an element took: 7 bits in a byte, the
// highest first, with a mark in all but the first. The limits are Redis', which
// are one short of what the bits could hold from two bytes on.
func appendBackLen(b []byte, n int) []byte {
	size := 1
	switch {
	case n <= 127:
	case n < 1<<14-1:
		size = 2
	case n < 1<<21-1:
		size = 3
	case n < 1<<28-1:
		size = 4
	default:
		size = 5
	}
	for i := size - 1; i >= 0; i-- {
		v := byte(n>>(7*i)) & 127
		if i < size-1 {
			v |= 128
		}
		b = append(b, v)
	}
	return b
}

// packer writes a listpack.
type packer struct {
	b []byte
	n int
}

func newPacker() packer { return packer{b: make([]byte, listpackHead, 512)} }

// int adds an integer.
func (p *packer) int(v int64) {
	from := len(p.b)
	switch {
	case v >= 0 && v <= 127:
		p.b = append(p.b, byte(v))
	case v >= -4096 && v <= 4095:
		p.b = append(p.b, 0xc0|byte(v>>8)&0x1f, byte(v))
	case v >= math.MinInt16 && v <= math.MaxInt16:
		p.b = binary.LittleEndian.AppendUint16(append(p.b, 0xf1), uint16(v))
	case v >= -1<<23 && v < 1<<23:
		p.b = append(p.b, 0xf2, byte(v), byte(v>>8), byte(v>>16))
	case v >= math.MinInt32 && v <= math.MaxInt32:
		p.b = binary.LittleEndian.AppendUint32(append(p.b, 0xf3), uint32(v))
	default:
		p.b = binary.LittleEndian.AppendUint64(append(p.b, 0xf4), uint64(v))
	}
	p.done(from)
}

// string adds a string; one that looks like an integer is kept as one.
func (p *packer) string(v []byte) {
	if i, ok := integer(v); ok {
		p.int(i)
		return
	}
	from, n := len(p.b), len(v)
	switch {
	case n < 64:
		p.b = append(p.b, 0x80|byte(n))
	case n < 4096:
		p.b = append(p.b, 0xe0|byte(n>>8), byte(n))
	default:
		p.b = binary.LittleEndian.AppendUint32(append(p.b, 0xf0), uint32(n))
	}
	p.b = append(p.b, v...)
	p.done(from)
}

func (p *packer) done(from int) {
	p.b = appendBackLen(p.b, len(p.b)-from)
	p.n++
}

// bytes ends the listpack and returns it.
func (p *packer) bytes() []byte {
	p.b = append(p.b, listpackEnd)
	binary.LittleEndian.PutUint32(p.b, uint32(len(p.b)))
	binary.LittleEndian.PutUint16(p.b[4:], uint16(min(p.n, listpackUnknown)))
	return p.b
}

// integer reads b as an integer if its digits are the only way to write it.
func integer(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 || b[0] != '-' && (b[0] < '0' || b[0] > '9') {
		return 0, false
	}
	v, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return 0, false
	}
	var digits [20]byte
	return v, string(strconv.AppendInt(digits[:0], v, 10)) == string(b)
}
