package set

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
)

// parse reads a member that is an integer in the one way in which integers are written: no sign but
// -, no leading zero. Only such a member comes back as it was given.
func parse(m []byte) (v int64, ok bool) {
	digits := m
	negative := len(m) > 0 && m[0] == '-'
	if negative {
		digits = m[1:]
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && len(m) > 1 {
		return 0, false
	}
	var u uint64 // 19 digits fit
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	if negative {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u <= math.MaxInt64
}

func format(room []byte, v int64) []byte { return strconv.AppendInt(room[:0], v, 10) }

// widthOf returns the least width that an integer needs.
func widthOf(v int64) int {
	switch {
	case v == int64(int16(v)):
		return 2
	case v == int64(int32(v)):
		return 4
	}
	return 8
}

// int returns the integer with index i.
func (p Packed) int(w, i int) int64 {
	b := p[block.SeqHead+i*w:]
	switch w {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

func (p Packed) setInt(w, i int, v int64) {
	b := p[block.SeqHead+i*w:]
	switch w {
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	default:
		binary.LittleEndian.PutUint64(b, uint64(v))
	}
}

// search returns the index of the first integer that is not below v, and whether it is v.
func (p Packed) search(w int, v int64) (i int, ok bool) {
	n := (len(p) - block.SeqHead) / w
	lo, hi := 0, n
	for lo < hi {
		if mid := (lo + hi) / 2; p.int(w, mid) < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < n && p.int(w, lo) == v
}

func (p Packed) addInt(v int64) (changed Packed, added bool) {
	if len(p) == 0 {
		p = append(p, 0, 0)
		binary.LittleEndian.PutUint16(p, uint16(marks+widthOf(v)))
	}
	w := p.width()
	if need := widthOf(v); need > w {
		p = p.widen(w, need)
		w = need
	}
	i, ok := p.search(w, v)
	if ok {
		return p, false
	}
	at := block.SeqHead + i*w
	p = slices.Grow(p, w)
	p = p[:len(p)+w]
	copy(p[at+w:], p[at:])
	p.setInt(w, i, v)
	return p, true
}

// widen rewrites the integers with another width, from the last one on so that it can be in place.
func (p Packed) widen(from, to int) Packed {
	n := (len(p) - block.SeqHead) / from
	p = slices.Grow(p, n*(to-from))
	p = p[:block.SeqHead+n*to]
	for i := n - 1; i >= 0; i-- {
		p.setInt(to, i, p.int(from, i))
	}
	binary.LittleEndian.PutUint16(p, uint16(marks+to))
	return p
}

func (p Packed) removeInt(w int, v int64) (changed Packed, ok bool) {
	i, ok := p.search(w, v)
	if !ok {
		return p, false
	}
	at := block.SeqHead + i*w
	return p[:at+copy(p[at:], p[at+w:])], true
}

func (p Packed) rangeInts(w int, fn func(m []byte) bool) {
	room := make([]byte, 0, 20)
	for i := range (len(p) - block.SeqHead) / w {
		if !fn(format(room, p.int(w, i))) {
			return
		}
	}
}

func (p Packed) validInts(w int) bool {
	if w != 2 && w != 4 && w != 8 || (len(p)-block.SeqHead)%w != 0 {
		return false
	}
	for i := 1; i < (len(p)-block.SeqHead)/w; i++ {
		if p.int(w, i-1) >= p.int(w, i) {
			return false
		}
	}
	return true
}
