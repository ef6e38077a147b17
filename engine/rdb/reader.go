package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// reader takes an encoding apart. After an error all that it returns is empty or
// zero, and the error stays.
type reader struct {
	b   []byte
	err error
	src *source // of more than b; nil: there is no more
}

func (r *reader) fail() {
	r.err, r.b = ErrFormat, nil
}

// cut takes n bytes.
func (r *reader) cut(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.b)) && (r.src == nil || !r.src.fill(r, n)) {
		r.fail()
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	if r.src != nil {
		r.src.used += int64(n)
	}
	return b
}

// left is how many bytes there are.
func (r *reader) left() uint64 {
	if r.src != nil && r.err == nil {
		return uint64(len(r.b)) + uint64(r.src.left)
	}
	return uint64(len(r.b))
}

func (r *reader) byte() byte {
	if b := r.cut(1); b != nil {
		return b[0]
	}
	return 0
}

// The first two bits of a length say how it goes on; special marks, in place of
// a length, how a string is encoded.
func (r *reader) lengthOrSpecial() (n uint64, special bool) {
	first := r.byte()
	switch first >> 6 {
	case 0:
		return uint64(first & 0x3f), false
	case 1:
		return uint64(first&0x3f)<<8 | uint64(r.byte()), false
	case 3:
		return uint64(first & 0x3f), true
	}
	switch first {
	case 0x80:
		if b := r.cut(4); b != nil {
			return uint64(binary.BigEndian.Uint32(b)), false
		}
	case 0x81:
		if b := r.cut(8); b != nil {
			return binary.BigEndian.Uint64(b), false
		}
	default:
		r.fail()
	}
	return 0, false
}

func (r *reader) length() uint64 {
	n, special := r.lengthOrSpecial()
	if special {
		r.fail()
		return 0
	}
	return n
}

// count reads how many things follow, each of at least so many bytes.
func (r *reader) count(bytes uint64) int {
	n := r.length()
	if n > r.left()/bytes {
		r.fail()
		return 0
	}
	return int(n)
}

// Encodings of a string in place of its length.
const (
	stringInt8 = iota
	stringInt16
	stringInt32
	stringLZF
)

// string reads a string.
func (r *reader) string() []byte {
	n, special := r.lengthOrSpecial()
	if !special {
		return r.cut(n)
	}
	var v int64
	switch n {
	case stringInt8:
		v = int64(int8(r.byte()))
	case stringInt16:
		if b := r.cut(2); b != nil {
			v = int64(int16(binary.LittleEndian.Uint16(b)))
		}
	case stringInt32:
		if b := r.cut(4); b != nil {
			v = int64(int32(binary.LittleEndian.Uint32(b)))
		}
	case stringLZF:
		return r.compressed()
	default:
		r.fail()
	}
	if r.err != nil {
		return nil
	}
	return strconv.AppendInt(nil, v, 10)
}

func (r *reader) compressed() []byte {
	packed, size := r.length(), r.length()
	in := r.cut(packed)
	if r.err != nil {
		return nil
	}
	out, ok := unpack(in, size)
	if !ok {
		r.fail()
	}
	return out
}

// double reads a number of 8 bytes.
func (r *reader) double() float64 {
	b := r.cut(8)
	if b == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// textDouble reads a number as text behind its length, or one of three marks.
func (r *reader) textDouble() float64 {
	switch n := r.byte(); n {
	case 253:
		return math.NaN()
	case 254:
		return math.Inf(1)
	case 255:
		return math.Inf(-1)
	default:
		f, err := strconv.ParseFloat(string(r.cut(uint64(n))), 64)
		if err != nil {
			r.fail()
		}
		return f
	}
}
