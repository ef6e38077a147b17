package keyspace

import "encoding/binary"

// rec is one record as it lies in its slot:
//
//	[0]    type, flags << 4 (0xff: a free slot)
//	[1]    epoch of the view that has it
//	[2:4]  length of the value
//	[4]    length of the key, unless it is long
//	[5:8]  access clock or counter
//	if ext  [8:16] deadline, Unix ms, 0 none   [16:20] position in the wheel, 0 none
//	if long [..+2] length of the key; longOut: the key is with the large value
//	key, value
//
// A large value's four bytes are its number in the table's side table.
type rec []byte

const (
	flagExt   = 0x10 // there is room for a deadline
	flagLarge = 0x20 // the value is outside
	flagConv  = 0x40 // OBJECT ENCODING's sticky bit: raw, hashtable, skiplist
	flagLong  = 0x80 // the key is longer than 255 bytes

	headBytes = 8
	extBytes  = 12
	longOut   = 0xffff
	keyShort  = 255
	keyInside = 1024 // longer keys go to the side table
)

func (r rec) typ() Type          { return Type(r[0] & 0x0f) }
func (r rec) has(flag byte) bool { return r[0]&flag != 0 }
func (r rec) epoch() byte        { return r[1] }
func (r rec) setEpoch(e byte)    { r[1] = e }

func (r rec) setFlag(flag byte, on bool) {
	if on {
		r[0] |= flag
	} else {
		r[0] &^= flag
	}
}

func (r rec) access() uint32 {
	return uint32(r[5]) | uint32(r[6])<<8 | uint32(r[7])<<16
}

func (r rec) setAccess(a uint32) { r[5], r[6], r[7] = byte(a), byte(a>>8), byte(a>>16) }

func (r rec) deadline() int64 {
	if r[0]&flagExt == 0 {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(r[8:]))
}

func (r rec) setDeadline(ms int64) { binary.LittleEndian.PutUint64(r[8:], uint64(ms)) }

// wheelPos is where the deadline index has the record; only where there is room for it.
func (r rec) wheelPos() uint32 {
	if r[0]&flagExt == 0 {
		return 0
	}
	return binary.LittleEndian.Uint32(r[16:])
}

func (r rec) setWheelPos(p uint32) { binary.LittleEndian.PutUint32(r[16:], p) }

func (r rec) keyAt() int {
	if r[0]&flagExt != 0 {
		return headBytes + extBytes
	}
	return headBytes
}

// inlineKey returns the key, or out when it is with the large value.
func (r rec) inlineKey() (key []byte, end int, out bool) {
	at := r.keyAt()
	if r[0]&flagLong == 0 {
		end = at + int(r[4])
		return r[at:end:end], end, false
	}
	n := int(binary.LittleEndian.Uint16(r[at:]))
	at += 2
	if n == longOut {
		return nil, at, true
	}
	return r[at : at+n : at+n], at + n, false
}

func (r rec) valueLen() int { return int(binary.LittleEndian.Uint16(r[2:])) }

func (r rec) setValueLen(n int) { binary.LittleEndian.PutUint16(r[2:], uint16(n)) }

// value returns the value's bytes; its capacity ends with it.
func (r rec) value() []byte {
	_, at, _ := r.inlineKey()
	end := at + r.valueLen()
	return r[at:end:end]
}

func (r rec) size() int {
	_, at, _ := r.inlineKey()
	return at + r.valueLen()
}

// largeNo returns the number of a large value.
func (r rec) largeNo() uint32 { return binary.LittleEndian.Uint32(r.value()) }

// shape is what decides how long a record is.
type shape struct {
	key   int
	value int // 4 for a large value
	ext   bool
	large bool
}

// shapeOf returns the shape of a record with this key and a value of this length, and whether the
// value must be outside.
func shapeOf(key, value int, ext bool) shape {
	s := shape{key: key, value: value}
	if key > keyInside || s.bytes() > slotMax-extBytes { // with or without a deadline
		s.large, s.value = true, 4
	}
	s.ext = ext
	return s
}

func (s shape) bytes() int {
	n := headBytes + s.value
	if s.ext {
		n += extBytes
	}
	switch {
	case s.key <= keyShort:
		n += s.key
	case s.key <= keyInside:
		n += 2 + s.key
	default:
		n += 2
	}
	return n
}

// write lays out the head and key of a record and returns where its value goes.
func (r rec) write(t Type, s shape, key []byte) []byte {
	clear(r[:headBytes])
	r[0] = byte(t)
	at := headBytes
	if s.ext {
		r[0] |= flagExt
		clear(r[at : at+extBytes])
		at += extBytes
	}
	if s.large {
		r[0] |= flagLarge
	}
	switch {
	case s.key <= keyShort:
		r[4] = byte(s.key)
	case s.key <= keyInside:
		r[0] |= flagLong
		binary.LittleEndian.PutUint16(r[at:], uint16(s.key))
		at += 2
	default:
		r[0] |= flagLong
		binary.LittleEndian.PutUint16(r[at:], longOut)
		r.setValueLen(s.value)
		return r[at+2 : at+2+s.value]
	}
	copy(r[at:], key)
	at += s.key
	r.setValueLen(s.value)
	return r[at : at+s.value]
}
