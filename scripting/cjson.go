package scripting

import (
	"iter"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// cjsonNull is cjson.null. It is compared by identity only.
var cjsonNull = &lua.LUserData{Metatable: lua.LNil}

// jsonConfig is what the functions of cjson that set options change. It lasts
// for one run.
type jsonConfig struct {
	sparseConvert            bool
	sparseRatio, sparseSafe  int
	encodeDepth, decodeDepth int
	precision                int
	keepBuffer               bool
	encodeInvalid            string // off, on, null
	decodeInvalid            bool
}

var jsonDefaults = jsonConfig{
	sparseRatio: 2, sparseSafe: 10, encodeDepth: 1000, decodeDepth: 1000, precision: 14,
	keepBuffer: true, encodeInvalid: "off", decodeInvalid: true,
}

func cjsonValues() map[string]lua.LValue {
	m := functions(map[string]lua.LGFunction{
		"encode": cjsonEncode, "decode": cjsonDecode, "new": cjsonNew,
		"encode_sparse_array": cjsonSparse, "encode_max_depth": cjsonEncodeDepth, "decode_max_depth": cjsonDecodeDepth,
		"encode_number_precision": cjsonPrecision, "encode_keep_buffer": cjsonKeepBuffer,
		"encode_invalid_numbers": cjsonEncodeInvalid, "decode_invalid_numbers": cjsonDecodeInvalid,
	})
	m["null"], m["_NAME"], m["_VERSION"] = cjsonNull, lua.LString("cjson"), lua.LString("2.1.0")
	return m
}

func cjsonNew(L *lua.LState) int {
	L.Push(stateOf(L).runner.shelf.globals["cjson"])
	return 1
}

func intOption(L *lua.LState, n int, fn string, v *int, least, most int) {
	if L.Get(n) == lua.LNil {
		return
	}
	i := checkInt(L, n, fn)
	if i < least || i > most {
		argError(L, n, fn, "expected integer between %d and %d", least, most)
	}
	*v = i
}

func cjsonSparse(L *lua.LState) int {
	c := &stateOf(L).json
	if v, ok := L.Get(1).(lua.LBool); ok {
		c.sparseConvert = bool(v)
	}
	intOption(L, 2, "encode_sparse_array", &c.sparseRatio, 0, math.MaxInt32)
	intOption(L, 3, "encode_sparse_array", &c.sparseSafe, 0, math.MaxInt32)
	L.Push(lua.LBool(c.sparseConvert))
	L.Push(lua.LNumber(c.sparseRatio))
	L.Push(lua.LNumber(c.sparseSafe))
	return 3
}

func cjsonEncodeDepth(L *lua.LState) int {
	c := &stateOf(L).json
	intOption(L, 1, "encode_max_depth", &c.encodeDepth, 1, maxJSONDepth)
	L.Push(lua.LNumber(c.encodeDepth))
	return 1
}

func cjsonDecodeDepth(L *lua.LState) int {
	c := &stateOf(L).json
	intOption(L, 1, "decode_max_depth", &c.decodeDepth, 1, maxJSONDepth)
	L.Push(lua.LNumber(c.decodeDepth))
	return 1
}

// maxJSONDepth is what a script may raise the depth limits to: recursion takes
// Go stack.
const maxJSONDepth = 100_000

func cjsonPrecision(L *lua.LState) int {
	c := &stateOf(L).json
	intOption(L, 1, "encode_number_precision", &c.precision, 1, 16)
	L.Push(lua.LNumber(c.precision))
	return 1
}

func cjsonKeepBuffer(L *lua.LState) int {
	c := &stateOf(L).json
	if v, ok := L.Get(1).(lua.LBool); ok {
		c.keepBuffer = bool(v)
	}
	L.Push(lua.LBool(c.keepBuffer))
	return 1
}

func cjsonEncodeInvalid(L *lua.LState) int {
	c := &stateOf(L).json
	switch v := L.Get(1).(type) {
	case lua.LBool:
		c.encodeInvalid = map[bool]string{true: "on", false: "off"}[bool(v)]
	case lua.LString:
		if v != "on" && v != "off" && v != "null" {
			argError(L, 1, "encode_invalid_numbers", "invalid option '%s'", v)
		}
		c.encodeInvalid = string(v)
	}
	if c.encodeInvalid == "null" {
		L.Push(lua.LString("null"))
	} else {
		L.Push(lua.LBool(c.encodeInvalid == "on"))
	}
	return 1
}

func cjsonDecodeInvalid(L *lua.LState) int {
	c := &stateOf(L).json
	switch v := L.Get(1).(type) {
	case lua.LBool:
		c.decodeInvalid = bool(v)
	case lua.LString:
		c.decodeInvalid = v == "on"
	}
	L.Push(lua.LBool(c.decodeInvalid))
	return 1
}

// jsonEncoder writes one value.
type jsonEncoder struct {
	L       *lua.LState
	s       *state
	c       *jsonConfig
	out     []byte
	charged int
}

func cjsonEncode(L *lua.LState) int {
	if L.GetTop() != 1 {
		argError(L, 1, "encode", "expected 1 argument")
	}
	e := newEncoder(L)
	e.value(L.Get(1), 0)
	return e.push()
}

func newEncoder(L *lua.LState) jsonEncoder {
	s := stateOf(L)
	return jsonEncoder{L: L, s: s, c: &s.json, out: s.jsonText[:0]}
}

// push returns the text to Lua, and keeps its buffer for the next.
func (e *jsonEncoder) push() int {
	e.L.Push(lua.LString(e.out))
	if cap(e.out) <= maxIdleArena {
		e.s.jsonText = e.out
	}
	return 1
}

// account lets the run's limits look at a large result while it grows.
func (e *jsonEncoder) account() {
	if len(e.out)-e.charged > 1<<16 {
		e.charged = len(e.out)
		if err := e.s.charge(len(e.out)); err != nil {
			raise(e.L, "%v", err)
		}
	}
}

func (e *jsonEncoder) value(v lua.LValue, depth int) {
	switch v := v.(type) {
	case lua.LString:
		e.text(string(v))
	case lua.LNumber:
		e.number(float64(v))
	case lua.LBool:
		if v {
			e.out = append(e.out, "true"...)
		} else {
			e.out = append(e.out, "false"...)
		}
	case *lua.LTable:
		if depth++; depth > e.c.encodeDepth {
			raise(e.L, "Cannot serialise, excessive nesting (%d)", depth)
		}
		e.table(v, depth)
	default:
		if v != lua.LNil && v != lua.LValue(cjsonNull) {
			raise(e.L, "Cannot serialise %s: type not supported", v.Type())
		}
		e.out = append(e.out, "null"...)
	}
	e.account()
}

func (e *jsonEncoder) table(t *lua.LTable, depth int) {
	if n := e.arrayLength(t); n > 0 {
		e.out = append(e.out, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				e.out = append(e.out, ',')
			}
			e.value(element(t, i), depth)
		}
		e.out = append(e.out, ']')
		return
	}
	e.object(pairs(t), depth)
}

func (e *jsonEncoder) object(fields iter.Seq2[lua.LValue, lua.LValue], depth int) {
	e.out = append(e.out, '{')
	first := true
	for k, v := range fields {
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		switch k := k.(type) {
		case lua.LString:
			e.text(string(k))
		case lua.LNumber:
			e.out = append(e.out, '"')
			e.number(float64(k))
			e.out = append(e.out, '"')
		default:
			raise(e.L, "Cannot serialise %s: table key must be a number or string", k.Type())
		}
		e.out = append(e.out, ':')
		e.value(v, depth)
	}
	e.out = append(e.out, '}')
}

// arrayLength is the length as an array, or 0 for an object.
func (e *jsonEncoder) arrayLength(t *lua.LTable) int {
	most, n := 0, 0
	for k := range pairs(t) {
		f, ok := k.(lua.LNumber)
		if !ok || f < 1 || f > math.MaxInt32 || float64(f) != math.Trunc(float64(f)) {
			return 0
		}
		most = max(most, int(f))
		n++
	}
	if e.c.sparseRatio > 0 && most > n*e.c.sparseRatio && most > e.c.sparseSafe {
		if !e.c.sparseConvert {
			raise(e.L, "Cannot serialise table: excessively sparse array")
		}
		return 0
	}
	return most
}

func (e *jsonEncoder) number(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		switch e.c.encodeInvalid {
		case "null":
			e.out = append(e.out, "null"...)
			return
		case "off":
			raise(e.L, "Cannot serialise number: must not be NaN or Inf")
		}
	}
	if e.c.precision == 14 {
		e.out = appendNumber(e.out, f)
	} else {
		e.out = appendG(e.out, f, e.c.precision)
	}
}

const hexDigits = "0123456789abcdef"

// jsonEscapes are the characters with an escape of their own.
var jsonEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', '\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r'}

func (e *jsonEncoder) text(s string) {
	e.out = append(e.out, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		short := jsonEscapes[c]
		if short == 0 && c >= 32 && c != 127 {
			continue
		}
		e.out = append(e.out, s[from:i]...)
		if short != 0 {
			e.out = append(e.out, '\\', short)
		} else {
			e.out = append(e.out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		from = i + 1
	}
	e.out = append(append(e.out, s[from:]...), '"')
}
