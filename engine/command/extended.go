package command

import (
	"bytes"
	"math/big"
	"strings"
)

// Extended numbers are those of INCRBYFLOAT and HINCRBYFLOAT, where Redis
// calculates with the 80-bit format of x86: a mantissa of 64 bits. The results
// are the same here on every machine.
const (
	extendedBits   = 64
	extendedMaxExp = 16384  // 2^16384 is the first number that is too large
	extendedMinExp = -16445 // numbers below the smallest one are refused
	maxExtendedLen = 5*1024 - 1
)

// ParseExtended reads an extended number: decimal or hexadecimal, or inf with
// a sign, the whole of b. ok is false for anything else, NaN included.
func ParseExtended(b []byte) (f *big.Float, ok bool) {
	if len(b) == 0 || len(b) > maxExtendedLen {
		return nil, false
	}
	digits, neg := b, b[0] == '-'
	if neg || b[0] == '+' {
		digits = b[1:]
	}
	f = new(big.Float).SetPrec(extendedBits)
	if EqualFold(digits, "inf") || EqualFold(digits, "infinity") {
		return f.SetInf(neg), true
	}
	text, base, ok := extendedSyntax(digits)
	if !ok {
		return nil, false
	}
	if _, _, err := f.Parse(text, base); err != nil || f.IsInf() {
		return nil, false
	}
	if exp := f.MantExp(nil); exp > extendedMaxExp || f.Sign() != 0 && exp < extendedMinExp {
		return nil, false
	}
	if f.Sign() == 0 && strings.Trim(mantissa(text), "0.") != "" {
		return nil, false // it was too small even for Parse
	}
	if neg {
		f.Neg(f)
	}
	return f, true
}

// mantissa cuts off the exponent of a decimal number.
func mantissa(text string) string {
	if i := strings.IndexAny(text, "eE"); i >= 0 && !strings.HasPrefix(text, "0x") {
		return text[:i]
	}
	return text
}

// extendedSyntax checks an unsigned number against C's syntax, which is
// narrower than that of package big, and returns it with the base to read it in.
func extendedSyntax(digits []byte) (text string, base int, ok bool) {
	base, exponent, set := 10, "e", "0123456789"
	lower := string(bytes.ToLower(digits))
	rest := lower
	if strings.HasPrefix(rest, "0x") {
		base, exponent, set = 0, "p", "0123456789abcdef"
		rest = rest[2:]
	}
	rest, whole := cutDigits(rest, set)
	fraction := 0
	if strings.HasPrefix(rest, ".") {
		rest, fraction = cutDigits(rest[1:], set)
	}
	if whole+fraction == 0 {
		return "", 0, false
	}
	if strings.HasPrefix(rest, exponent) {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		var n int
		if rest, n = cutDigits(rest, "0123456789"); n == 0 || n > 9 {
			return "", 0, false
		}
	}
	return lower, base, rest == ""
}

func cutDigits(s, set string) (rest string, n int) {
	rest = strings.TrimLeft(s, set)
	return rest, len(s) - len(rest)
}

// AddExtended returns a+b. ok is false when the sum is not finite.
func AddExtended(a, b *big.Float) (sum *big.Float, ok bool) {
	if a.IsInf() || b.IsInf() {
		return nil, false
	}
	sum = new(big.Float).SetPrec(extendedBits).Add(a, b)
	return sum, sum.MantExp(nil) <= extendedMaxExp
}

// FormatExtended prints a finite number as Redis does: without exponent, at
// most 17 digits behind the point, no trailing zeros.
func FormatExtended(f *big.Float) []byte {
	const tiny = -60 // 2^-60 is below half of the 17th digit
	if f.MantExp(nil) < tiny {
		return []byte("0")
	}
	b := f.Append(nil, 'f', 17)
	b = bytes.TrimRight(b, "0")
	b = bytes.TrimSuffix(b, []byte("."))
	if string(b) == "-0" || len(b) == 0 {
		return []byte("0")
	}
	return b
}
