package rdb

import (
	"encoding/binary"
	"strconv"
)

// The packed forms of small values in Redis before 7.0, which its later
// versions still read, and sets of integers, which they still write.

// ziplist reads all elements of a ziplist: its size, where its last element is,
// how many there are (two bytes; 65535: they are to be counted), the elements,
// each behind the size of the one before it, and 0xff.
func ziplist(b []byte) (items [][]byte, ok bool) {
	const head = 10
	if len(b) < head+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) || b[len(b)-1] != 0xff {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint16(b[8:]))
	r := reader{b: b[head : len(b)-1]}
	for before := uint64(0); len(r.b) > 0; {
		left := len(r.b)
		if r.previous() != before {
			return nil, false
		}
		items = append(items, r.zipElement())
		before = uint64(left - len(r.b))
	}
	return items, r.err == nil && (n == 1<<16-1 || n == len(items))
}

// previous reads the size of the element before.
func (r *reader) previous() uint64 {
	n := r.byte()
	if n < 254 {
		return uint64(n)
	}
	if b := r.cut(4); n == 254 && b != nil {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	r.fail()
	return 0
}

func (r *reader) zipElement() []byte {
	h := r.byte()
	switch {
	case r.err != nil:
	case h>>6 == 0:
		return r.cut(uint64(h & 0x3f))
	case h>>6 == 1:
		return r.cut(uint64(h&0x3f)<<8 | uint64(r.byte()))
	case h == 0x80:
		if b := r.cut(4); b != nil {
			return r.cut(uint64(binary.BigEndian.Uint32(b)))
		}
	case h == 0xc0:
		return r.integer(2)
	case h == 0xd0:
		return r.integer(4)
	case h == 0xe0:
		return r.integer(8)
	case h == 0xf0:
		return r.integer(3)
	case h == 0xfe:
		return r.integer(1)
	case h > 0xf0 && h < 0xfe: // 0 to 12 in the byte itself
		return strconv.AppendInt(nil, int64(h-0xf1), 10)
	}
	r.fail()
	return nil
}

// zipmap reads the fields and values of a hash of Redis 2.4: behind a byte with
// their number, each is its length and its bytes, a value with a byte between
// them that says how much room is unused behind it; at the end is 0xff.
func zipmap(b []byte) (items [][]byte, ok bool) {
	if len(b) < 2 || b[len(b)-1] != 0xff {
		return nil, false
	}
	r := reader{b: b[1 : len(b)-1]}
	for len(r.b) > 0 {
		field := r.cut(r.mapLength())
		size := r.mapLength()
		free := r.byte()
		value := r.cut(size)
		r.cut(uint64(free))
		items = append(items, field, value)
	}
	return items, r.err == nil && (b[0] >= 254 || int(b[0]) == len(items)/2)
}

func (r *reader) mapLength() uint64 {
	n := r.byte()
	if n < 254 {
		return uint64(n)
	}
	if b := r.cut(4); n == 254 && b != nil {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	r.fail()
	return 0
}

// intset reads a set of integers: how many bytes one takes, how many there are,
// and they themselves, ascending.
func intset(b []byte) (items [][]byte, ok bool) {
	if len(b) < 8 {
		return nil, false
	}
	width, n := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if width != 2 && width != 4 && width != 8 || uint64(len(b)-8) != uint64(width)*uint64(n) {
		return nil, false
	}
	items = make([][]byte, 0, n)
	for at, last := 8, int64(0); at < len(b); at += int(width) {
		var v int64
		switch width {
		case 2:
			v = int64(int16(binary.LittleEndian.Uint16(b[at:])))
		case 4:
			v = int64(int32(binary.LittleEndian.Uint32(b[at:])))
		case 8:
			v = int64(binary.LittleEndian.Uint64(b[at:]))
		}
		if at > 8 && v <= last {
			return nil, false
		}
		last = v
		items = append(items, strconv.AppendInt(nil, v, 10))
	}
	return items, true
}
