package hll

import (
	"encoding/binary"
	"math/bits"
)

// A sketch is a header and registers. Each of the 16384 registers holds the
// longest run of zeros, plus one, at the end of the hashes that fell to it.
//
//	HYLL encoding _ _ _ cache
//
// The cache is the last count, 8 bytes, the lowest first; its highest bit says
// that registers have changed since.
const (
	magic      = "HYLL"
	headBytes  = 16
	cacheAt    = 8
	denseForm  = 0 // 6 bits for each register
	sparseForm = 1 // runs of equal registers
	lastForm   = sparseForm

	indexBits    = 14
	registers    = 1 << indexBits
	registerBits = 6
	maxRun       = 64 - indexBits // zeros there can be
	denseBytes   = headBytes + registers*registerBits/8
)

// sketch is the string that a HyperLogLog is.
type sketch []byte

// newSketch returns an empty sketch.
func newSketch() sketch {
	s := make(sketch, headBytes, headBytes+2)
	copy(s, magic)
	s[4] = sparseForm
	return appendRun(s, run{n: registers})
}

// valid reports whether b looks like a sketch: the registers of a sparse one are
// checked when they are read.
func valid(b []byte) bool {
	return len(b) >= headBytes && string(b[:4]) == magic && b[4] <= lastForm && (b[4] != denseForm || len(b) == denseBytes)
}

func (s sketch) sparse() bool { return s[4] == sparseForm }

// cached returns the last count, if it is still true.
func (s sketch) cached() (n uint64, ok bool) {
	n = binary.LittleEndian.Uint64(s[cacheAt:])
	return n, n>>63 == 0
}

func (s sketch) cache(n uint64) { binary.LittleEndian.PutUint64(s[cacheAt:], n) }

// outdate says that registers have changed.
func (s sketch) outdate() { s[cacheAt+7] |= 0x80 }

// get returns a register of a dense sketch.
func (s sketch) get(i int) uint8 {
	at, shift := headBytes+i*registerBits/8, i*registerBits%8
	v := uint16(s[at]) >> shift
	if at+1 < len(s) {
		v |= uint16(s[at+1]) << (8 - shift)
	}
	return uint8(v & (1<<registerBits - 1))
}

// set changes a register of a dense sketch.
func (s sketch) set(i int, v uint8) {
	const mask = 1<<registerBits - 1
	at, shift := headBytes+i*registerBits/8, i*registerBits%8
	s[at] = s[at]&^byte(mask<<shift) | v<<shift
	if shift > 8-registerBits {
		s[at+1] = s[at+1]&^byte(mask>>(8-shift)) | v>>(8-shift)
	}
}

// locate hashes an element: its register, and the length of its run.
func locate(element []byte) (register int, length uint8) {
	h := murmur(element)
	register = int(h & (registers - 1))
	rest := h>>indexBits | 1<<maxRun // the run ends at the latest here
	return register, uint8(bits.TrailingZeros64(rest)) + 1
}

// murmur is MurmurHash64A with Redis' seed. Numbers are read the lowest byte
// first on every machine, so that values can be moved.
func murmur(b []byte) uint64 {
	const (
		seed = 0xadc83b19
		m    = 0xc6a4a7935bd1e995
		r    = 47
	)
	h := uint64(seed) ^ uint64(len(b))*m
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * m
		k ^= k >> r
		h = (h ^ k*m) * m
	}
	if len(b) > 0 {
		var last [8]byte
		copy(last[:], b)
		h = (h ^ binary.LittleEndian.Uint64(last[:])) * m
	}
	h ^= h >> r
	h *= m
	return h ^ h>>r
}
