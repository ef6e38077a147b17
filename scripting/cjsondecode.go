package scripting

import (
	"strconv"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// jsonToken is a kind of token, named as cjson's errors name them.
type jsonToken string

const (
	tObjBegin jsonToken = "T_OBJ_BEGIN"
	tObjEnd   jsonToken = "T_OBJ_END"
	tArrBegin jsonToken = "T_ARR_BEGIN"
	tArrEnd   jsonToken = "T_ARR_END"
	tString   jsonToken = "T_STRING"
	tNumber   jsonToken = "T_NUMBER"
	tBoolean  jsonToken = "T_BOOLEAN"
	tNull     jsonToken = "T_NULL"
	tColon    jsonToken = "T_COLON"
	tComma    jsonToken = "T_COMMA"
	tEnd      jsonToken = "T_END"
)

// jsonDecoder reads one value. Other values of jsonToken are lexical errors.
type jsonDecoder struct {
	L     *lua.LState
	s     *state
	c     jsonConfig
	src   string
	at    int
	start int // of the last token
	depth int
	value lua.LValue // of the last token
	count int
}

func cjsonDecode(L *lua.LState) int {
	if L.GetTop() != 1 {
		argError(L, 1, "decode", "expected 1 argument")
	}
	s := stateOf(L)
	d := &jsonDecoder{L: L, s: s, c: s.json, src: checkString(L, 1, "decode")}
	if len(d.src) >= 2 && (d.src[0] == 0 || d.src[1] == 0) {
		raise(L, "JSON parser does not support UTF-16 or UTF-32")
	}
	v := d.parse(d.next())
	if t := d.next(); t != tEnd {
		d.expected("the end", t)
	}
	L.Push(v)
	return 1
}

func (d *jsonDecoder) expected(what string, found jsonToken) {
	raise(d.L, "Expected %s but found %s at character %d", what, found, d.start+1)
}

// next reads a token.
func (d *jsonDecoder) next() jsonToken {
	for d.at < len(d.src) && strings.IndexByte(" \t\n\r", d.src[d.at]) >= 0 {
		d.at++
	}
	d.start = d.at
	if d.at == len(d.src) {
		return tEnd
	}
	if d.count++; d.count%matchSlice == 0 {
		if d.s.check(); d.s.stopErr != nil {
			raise(d.L, "%v", d.s.stopErr)
		}
	}
	switch c := d.src[d.at]; c {
	case '{':
		return d.one(tObjBegin)
	case '}':
		return d.one(tObjEnd)
	case '[':
		return d.one(tArrBegin)
	case ']':
		return d.one(tArrEnd)
	case ':':
		return d.one(tColon)
	case ',':
		return d.one(tComma)
	case '"':
		return d.text()
	case 't':
		return d.word("true", tBoolean, lua.LTrue)
	case 'f':
		return d.word("false", tBoolean, lua.LFalse)
	case 'n':
		if !strings.HasPrefix(d.src[d.at:], "nan") {
			return d.word("null", tNull, cjsonNull)
		}
	}
	return d.number()
}

func (d *jsonDecoder) one(t jsonToken) jsonToken {
	d.at++
	return t
}

func (d *jsonDecoder) word(w string, t jsonToken, v lua.LValue) jsonToken {
	if !strings.HasPrefix(d.src[d.at:], w) {
		return "invalid token"
	}
	d.at += len(w)
	d.value = v
	return t
}

func (d *jsonDecoder) number() jsonToken {
	end := d.at
	for end < len(d.src) && strings.IndexByte("+-.0123456789abcdefABCDEFxXpPinfINFtyTYn", d.src[end]) >= 0 {
		end++
	}
	// The longest prefix that is a number counts, as with strtod.
	c := d.src[d.at]
	if !(isDigit(c) || c == '-' || d.c.decodeInvalid && strings.IndexByte("+iInN", c) >= 0) {
		return "invalid token"
	}
	for ; end > d.at; end-- {
		if f, ok := parseNumber(d.src[d.at:end]); ok {
			if !d.c.decodeInvalid && !plainJSONNumber(d.src[d.at:end]) {
				return "invalid number"
			}
			d.at, d.value = end, lua.LNumber(f)
			return tNumber
		}
		if end-d.at > 400 {
			end = d.at + 400
		}
	}
	if c == '-' {
		return "invalid number"
	}
	return "invalid token"
}

func plainJSONNumber(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || !isDigit(digits[0]) || len(digits) > 1 && digits[0] == '0' && isDigit(digits[1]) {
		return false
	}
	return strings.Trim(digits, "0123456789.eE+-") == ""
}

func (d *jsonDecoder) text() jsonToken {
	d.at++
	from := d.at
	i := strings.IndexAny(d.src[from:], "\"\\")
	if i >= 0 && d.src[from+i] == '"' {
		d.value, d.at = lua.LString(d.src[from:from+i]), from+i+1
		return tString
	}
	var out []byte
	for d.at < len(d.src) {
		c := d.src[d.at]
		switch c {
		case '"':
			d.at++
			d.value = lua.LString(out)
			return tString
		case '\\':
			begin := d.at
			d.at++
			var ok bool
			if out, ok = d.escape(out); !ok {
				d.start = begin
				return "invalid escape code"
			}
		default:
			out = append(out, c)
			d.at++
		}
	}
	d.start = d.at
	return "unexpected end of string"
}

func (d *jsonDecoder) escape(out []byte) ([]byte, bool) {
	if d.at == len(d.src) {
		return out, false
	}
	c := d.src[d.at]
	d.at++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return append(out, "\"\\/\b\f\n\r\t"[i]), true
	}
	if c != 'u' {
		return out, false
	}
	r, ok := d.hex4()
	if !ok {
		return out, false
	}
	if r >= 0xd800 && r < 0xdc00 {
		if !strings.HasPrefix(d.src[d.at:], `\u`) {
			return out, false
		}
		d.at += 2
		low, ok := d.hex4()
		if !ok || low < 0xdc00 || low > 0xdfff {
			return out, false
		}
		r = 0x10000 + (r-0xd800)<<10 + (low - 0xdc00)
	} else if r >= 0xdc00 && r <= 0xdfff {
		return out, false
	}
	return utf8.AppendRune(out, r), true
}

func (d *jsonDecoder) hex4() (rune, bool) {
	if len(d.src)-d.at < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(d.src[d.at:d.at+4], 16, 32)
	d.at += 4
	return rune(n), err == nil
}

func (d *jsonDecoder) parse(t jsonToken) lua.LValue {
	switch t {
	case tString, tNumber, tBoolean, tNull:
		return d.value
	case tObjBegin:
		d.descend()
		v := d.object()
		d.depth--
		return v
	case tArrBegin:
		d.descend()
		v := d.array()
		d.depth--
		return v
	}
	d.expected("value", t)
	return lua.LNil
}

func (d *jsonDecoder) descend() {
	if d.depth++; d.depth > d.c.decodeDepth {
		raise(d.L, "Found too many nested data structures (%d) at character %d", d.depth, d.start+1)
	}
}

func (d *jsonDecoder) object() lua.LValue {
	obj := d.L.CreateTable(0, 4)
	t := d.next()
	if t == tObjEnd {
		return obj
	}
	for {
		if t != tString {
			d.expected("object key string", t)
		}
		key := d.value
		if t = d.next(); t != tColon {
			d.expected("colon", t)
		}
		v := d.parse(d.next())
		obj.RawSet(key, v)
		switch t = d.next(); t {
		case tObjEnd:
			return obj
		case tComma:
			t = d.next()
		default:
			d.expected("comma or object end", t)
		}
	}
}

func (d *jsonDecoder) array() lua.LValue {
	arr := d.L.CreateTable(4, 0)
	t := d.next()
	if t == tArrEnd {
		return arr
	}
	for i := 1; ; i++ {
		arr.RawSetInt(i, d.parse(t))
		switch t = d.next(); t {
		case tArrEnd:
			return arr
		case tComma:
			t = d.next()
		default:
			d.expected("comma or array end", t)
		}
	}
}
