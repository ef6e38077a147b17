package scripting

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

var inf = math.Inf(1)

// appendNumber appends f as Lua's tostring prints it: C's %.14g.
func appendNumber(b []byte, f float64) []byte {
	if i := int64(f); float64(i) == f && i > -1e14 && i < 1e14 && (i != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(b, i, 10)
	}
	return appendG(b, f, 14)
}

// appendG appends f as C's %.<prec>g prints it on a PC: without trailing
// zeros, infinities as inf, the default NaN as -nan.
func appendG(b []byte, f float64, prec int) []byte {
	switch {
	case math.IsNaN(f) && math.Signbit(f):
		return append(b, "-nan"...)
	case math.IsNaN(f):
		return append(b, "nan"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	}
	return strconv.AppendFloat(b, f, 'g', prec, 64)
}

func numberText(n lua.LNumber) string {
	var buf [32]byte
	return string(appendNumber(buf[:0], float64(n)))
}

// appendArg appends a number as an argument of redis.call: as C's %.17g prints it,
// which loses nothing, and has no exponent for integers of up to 17 digits.
func appendArg(b []byte, f float64) []byte {
	if i, ok := exactInt(f); ok && math.Abs(f) < 1e17 && (i != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(b, i, 10)
	}
	return appendG(b, f, 17)
}

// exactInt returns f as an integer when it is one that fits.
func exactInt(f float64) (int64, bool) {
	if f >= -1<<63 && f < 1<<63 && f == math.Trunc(f) {
		return int64(f), true
	}
	return 0, false
}

// truncInt converts as a C cast does on a PC: what does not fit, and NaN,
// becomes the smallest integer.
func truncInt(f float64) int64 {
	if f >= -1<<63 && f < 1<<63 {
		return int64(f)
	}
	return math.MinInt64
}

// parseNumber reads a number as Lua 5.1 does with C's strtod: spaces around
// it, decimal or hexadecimal, inf and nan; the whole of s.
func parseNumber(s string) (float64, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	if s == "" || strings.IndexByte(s, '_') >= 0 {
		return 0, false
	}
	digits := strings.TrimLeft(s[:1], "+-") + s[1:]
	if len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' && !strings.ContainsAny(digits, "pP") {
		s += "p0"
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		if e, ok := err.(*strconv.NumError); !ok || e.Err != strconv.ErrRange {
			return 0, false
		}
	}
	return f, true
}

// toNumber converts a number, or a string that holds one.
func toNumber(v lua.LValue) (lua.LNumber, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return v, true
	case lua.LString:
		f, ok := parseNumber(string(v))
		return lua.LNumber(f), ok
	}
	return 0, false
}

// toText converts a string, or a number to Lua's text of it.
func toText(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return numberText(v), true
	}
	return "", false
}
