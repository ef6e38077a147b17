package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A request is a command encoded once; what varies are fields of fieldWidth
// digits inside it, which are overwritten for each sending. In the source
// text {r} stands for a random number below the key space, {s} for the next
// number of a sequence, {t} for a random number above base; everything else is
// sent as it is. Fields of fixed width keep the lengths in the encoding valid.
type request struct {
	encoded   []byte
	fields    []field
	sequences int // {s} fields in one request
	base      uint64
}

// field is the place of a number in a request.
type field struct {
	offset int
	kind   byte // r, s or t
}

const fieldWidth = 12

// newRequest encodes a command. Each argument may contain {r}, {s} and {t}.
func newRequest(args ...string) request {
	var r request
	r.encoded = fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		text, fields := expand(a)
		r.encoded = fmt.Appendf(r.encoded, "$%d\r\n", len(text))
		for _, f := range fields {
			f.offset += len(r.encoded)
			r.fields = append(r.fields, f)
			if f.kind == 's' {
				r.sequences++
			}
		}
		r.encoded = append(append(r.encoded, text...), '\r', '\n')
	}
	return r
}

// words makes a request from text whose arguments are separated by spaces.
func words(text string) request { return newRequest(strings.Fields(text)...) }

// expand replaces the placeholders of one argument with digits.
func expand(arg string) (text []byte, fields []field) {
	for {
		i := strings.IndexByte(arg, '{')
		if i < 0 || i+3 > len(arg) {
			return append(text, arg...), fields
		}
		text = append(text, arg[:i]...)
		switch arg[i : i+3] {
		case "{r}", "{s}", "{t}":
			fields = append(fields, field{offset: len(text), kind: arg[i+1]})
			text = append(text, strings.Repeat("0", fieldWidth)...)
			arg = arg[i+3:]
		default:
			text = append(text, '{')
			arg = arg[i+1:]
		}
	}
}

// repeat returns n requests behind one another.
func (r *request) repeat(n int) []byte {
	out := make([]byte, 0, n*len(r.encoded))
	for range n {
		out = append(out, r.encoded...)
	}
	return out
}

// fill writes the fields of the first n requests of buf, which repeat made.
// Random fields are below space; sequence fields count on from first, the number
// of the first of these requests.
func (r *request) fill(buf []byte, n int, rng *rand.PCG, space, first uint64) {
	next := first * uint64(r.sequences)
	for i := range n {
		one := buf[i*len(r.encoded):]
		for _, f := range r.fields {
			v := next
			switch f.kind {
			case 's':
				next++
			case 'r':
				v = below(rng, space)
			case 't':
				v = r.base + below(rng, space)
			}
			digits((*[fieldWidth]byte)(one[f.offset:]), v)
		}
	}
}

// below returns a random number below n. Its bias, at most n in 2^64, does not
// matter here.
func below(rng *rand.PCG, n uint64) uint64 {
	if n < 1<<32 {
		return rng.Uint64() >> 32 * n >> 32
	}
	return rng.Uint64() % n
}

// digits writes v with leading zeros; what exceeds the width is cut off.
func digits(to *[fieldWidth]byte, v uint64) {
	for i := fieldWidth - 2; i >= 0; i -= 2 {
		q := v / 100
		d := (v - q*100) * 2
		to[i], to[i+1] = pairs[d], pairs[d+1]
		v = q
	}
}

// pairs has the digits of 00 to 99.
var pairs = func() string {
	var b strings.Builder
	for i := range 100 {
		b.WriteString(strconv.Itoa(i / 10))
		b.WriteString(strconv.Itoa(i % 10))
	}
	return b.String()
}()
