package command

import (
	"bytes"
	"math"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// EqualFold reports whether b is s in any ASCII case. s is in lower case.
func EqualFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := 0; i < len(b); i++ {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != s[i] {
			return false
		}
	}
	return true
}

// ParseInt reads a decimal integer as Redis does for values and arguments: no
// leading zeros, spaces or plus sign, the whole of b, within 64 bits.
func ParseInt(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	digits, neg := b, false
	if b[0] == '-' {
		digits, neg = b[1:], true
	}
	if len(digits) == 0 || digits[0] == '0' {
		return 0, len(digits) == 1 && !neg
	}
	var u uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		d := uint64(c - '0')
		if u > (math.MaxUint64-d)/10 {
			return 0, false
		}
		u = u*10 + d
	}
	switch {
	case neg && u <= 1<<63:
		return -int64(u), true
	case !neg && u <= math.MaxInt64:
		return int64(u), true
	}
	return 0, false
}

// ParseFloat reads a floating-point number as Redis does, by the rules of C's
// strtod: decimal or hexadecimal, inf and infinity with a sign, the whole of b;
// never NaN, and nothing that is too large or too small for 64 bits.
func ParseFloat(b []byte) (f float64, ok bool) {
	if len(b) == 0 || b[0] == ' ' {
		return 0, false
	}
	if n, ok := shortInt(b); ok {
		return float64(n), true
	}
	text, hex, power, digits := string(b), false, false, false
	for i, c := range b {
		switch {
		case c == '_': // Go allows it in literals
			return 0, false
		case c == 'x' || c == 'X':
			hex = true
		case c == 'p' || c == 'P':
			power = true
		case '1' <= c && c <= '9' && (i == 0 || !exponentBefore(b[:i])):
			digits = true
		}
	}
	if hex && !power { // Go wants an exponent, C does not
		text += "p0"
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || f == 0 && digits {
		return 0, false
	}
	return f, true
}

// shortInt reads what is nothing but up to 15 digits, which most numbers are: a
// float64 holds each such integer.
func shortInt(b []byte) (n int64, ok bool) {
	if len(b) > 15 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// exponentBefore reports whether what stands before a digit makes it part of a
// decimal exponent.
func exponentBefore(b []byte) bool { return bytes.ContainsAny(b, "eEpP") }

// Int returns argument i as an integer, or ErrNotInteger.
func (c *Call) Int(i int) (int64, error) {
	n, ok := ParseInt(c.Args[i])
	if !ok {
		return 0, wire.ErrNotInteger
	}
	return n, nil
}

// Float returns argument i as a number, or ErrNotFloat.
func (c *Call) Float(i int) (float64, error) {
	f, ok := ParseFloat(c.Args[i])
	if !ok {
		return 0, wire.ErrNotFloat
	}
	return f, nil
}

// Is reports whether argument i is the keyword (lower case) in any case.
func (c *Call) Is(i int, keyword string) bool {
	return i < len(c.Args) && EqualFold(c.Args[i], keyword)
}
