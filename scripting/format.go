package scripting

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// conversion is one % item of string.format.
type conversion struct {
	minus, plus, space, alt, zero bool
	width, prec                   int // prec -1: none
	verb                          byte
}

func strFormat(L *lua.LState) int {
	format := checkString(L, 1, "format")
	s := stateOf(L)
	var out []byte
	arg := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			out = append(out, format[i])
			continue
		}
		if i++; i < len(format) && format[i] == '%' {
			out = append(out, '%')
			continue
		}
		if arg++; arg > L.GetTop() {
			argError(L, arg, "format", "no value")
		}
		c, next := parseConversion(L, format, i)
		i = next
		out = c.append(L, out, arg)
		if len(out) > 1<<12 {
			if err := s.charge(len(out)); err != nil {
				raise(L, "%v", err)
			}
		}
	}
	L.Push(lua.LString(out))
	return 1
}

// parseConversion reads the item whose % stands before i. next is the index of
// its last byte.
func parseConversion(L *lua.LState, format string, i int) (c conversion, next int) {
	start := i
	for ; i < len(format) && strings.IndexByte("-+ #0", format[i]) >= 0; i++ {
		switch format[i] {
		case '-':
			c.minus = true
		case '+':
			c.plus = true
		case ' ':
			c.space = true
		case '#':
			c.alt = true
		case '0':
			c.zero = true
		}
	}
	if i-start > 5 {
		raise(L, "invalid format (repeated flags)")
	}
	number := func() (n int) {
		for k := 0; i < len(format) && isDigit(format[i]); i, k = i+1, k+1 {
			if k == 2 {
				raise(L, "invalid format (width or precision too long)")
			}
			n = n*10 + int(format[i]-'0')
		}
		return n
	}
	c.width, c.prec = number(), -1
	if i < len(format) && format[i] == '.' {
		i++
		c.prec = number()
	}
	if i < len(format) {
		c.verb = format[i]
	}
	if c.verb == 0 || strings.IndexByte("cdiouxXeEfgGqs", c.verb) < 0 {
		raise(L, "invalid option '%%%s' to 'format'", strings.TrimRight(string([]byte{c.verb}), "\x00"))
	}
	return c, i
}

func (c *conversion) append(L *lua.LState, out []byte, n int) []byte {
	switch c.verb {
	case 'c':
		return c.pad(out, "", string([]byte{byte(checkInt(L, n, "format"))}), false)
	case 'd', 'i':
		return c.integer(out, truncInt(checkNumber(L, n, "format")))
	case 'o', 'u', 'x', 'X':
		return c.unsigned(out, unsignedOf(checkNumber(L, n, "format")))
	case 'e', 'E', 'f', 'g', 'G':
		return c.float(out, checkNumber(L, n, "format"))
	case 'q':
		return quote(out, checkString(L, n, "format"))
	}
	s := checkString(L, n, "format")
	if c.prec >= 0 && c.prec < len(s) {
		s = s[:c.prec]
	}
	return c.pad(out, "", s, false)
}

// unsignedOf converts as C does on a PC: negative numbers wrap around.
func unsignedOf(f float64) uint64 {
	if f >= 1<<63 && f < 1<<64 {
		return uint64(f)
	}
	return uint64(truncInt(f))
}

// pad appends sign and text with the item's width.
func (c *conversion) pad(out []byte, sign, text string, zero bool) []byte {
	fill := c.width - len(sign) - len(text)
	if fill > 0 && !c.minus && !zero {
		out = append(out, strings.Repeat(" ", fill)...)
	}
	out = append(out, sign...)
	if fill > 0 && !c.minus && zero {
		out = append(out, strings.Repeat("0", fill)...)
	}
	out = append(out, text...)
	if fill > 0 && c.minus {
		out = append(out, strings.Repeat(" ", fill)...)
	}
	return out
}

func (c *conversion) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case c.plus:
		return "+"
	case c.space:
		return " "
	}
	return ""
}

func (c *conversion) digits(s string) string {
	if c.prec == 0 && s == "0" {
		return ""
	}
	if n := c.prec - len(s); n > 0 {
		return strings.Repeat("0", n) + s
	}
	return s
}

func (c *conversion) integer(out []byte, n int64) []byte {
	u := uint64(n)
	if n < 0 {
		u = -u
	}
	return c.pad(out, c.sign(n < 0), c.digits(strconv.FormatUint(u, 10)), c.zero && c.prec < 0)
}

func (c *conversion) unsigned(out []byte, u uint64) []byte {
	prefix, text := "", ""
	switch c.verb {
	case 'o':
		text = strconv.FormatUint(u, 8)
		if c.alt && text[0] != '0' {
			text = "0" + text
		}
	case 'u':
		text = strconv.FormatUint(u, 10)
	default:
		text = strconv.FormatUint(u, 16)
		if c.alt && u != 0 {
			prefix = "0x"
		}
		if c.verb == 'X' {
			text, prefix = strings.ToUpper(text), strings.ToUpper(prefix)
		}
	}
	return c.pad(out, prefix, c.digits(text), c.zero && c.prec < 0)
}

func (c *conversion) float(out []byte, f float64) []byte {
	negative := math.Signbit(f)
	abs := math.Abs(f)
	lower := c.verb | 0x20
	if math.IsInf(f, 0) || math.IsNaN(f) {
		text := "inf"
		if math.IsNaN(f) {
			text = "nan"
		}
		if c.verb < 'a' {
			text = strings.ToUpper(text)
		}
		return c.pad(out, c.sign(negative), text, false)
	}
	prec := c.prec
	if prec < 0 {
		prec = 6
	}
	var text string
	switch lower {
	case 'g':
		if prec == 0 {
			prec = 1
		}
		text = strconv.FormatFloat(abs, 'g', prec, 64)
		if c.alt {
			text = keepZeros(abs, prec)
		}
	default:
		text = strconv.FormatFloat(abs, lower, prec, 64)
		if c.alt && prec == 0 {
			mantissa, exp, has := strings.Cut(text, "e")
			if text = mantissa + "."; has {
				text += "e" + exp
			}
		}
	}
	if c.verb < 'a' {
		text = strings.ToUpper(text)
	}
	return c.pad(out, c.sign(negative), text, c.zero)
}

// keepZeros is %#g: trailing zeros stay.
func keepZeros(f float64, prec int) string {
	e := strconv.FormatFloat(f, 'e', prec-1, 64)
	_, exp, _ := strings.Cut(e, "e")
	x, _ := strconv.Atoi(exp)
	if x < -4 || x >= prec {
		return e
	}
	text := strconv.FormatFloat(f, 'f', max(prec-1-x, 0), 64)
	if !strings.Contains(text, ".") {
		text += "."
	}
	return text
}

// quote is %q: a string that Lua reads back.
func quote(out []byte, s string) []byte {
	out = append(out, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			out = append(out, '\\', c)
		case '\r':
			out = append(out, `\r`...)
		case 0:
			out = append(out, `\000`...)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
