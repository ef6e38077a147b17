package scripting

import (
	"encoding/binary"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// packNesting is how deep tables are packed; what lies deeper becomes nil.
const packNesting = 16

// unpackNesting bounds recursion while unpacking.
const unpackNesting = 1000

func cmsgpackValues() map[string]lua.LValue {
	m := functions(map[string]lua.LGFunction{
		"pack": msgPack, "unpack": msgUnpack, "unpack_one": msgUnpackOne, "unpack_limit": msgUnpackLimit,
	})
	m["_NAME"], m["_VERSION"] = lua.LString("cmsgpack"), lua.LString("lua-cmsgpack 0.4.0")
	m["_COPYRIGHT"] = lua.LString("Copyright (C) 2012, Salvatore Sanfilippo")
	m["_DESCRIPTION"] = lua.LString("MessagePack C implementation for Lua")
	return m
}

func msgPack(L *lua.LState) int {
	if L.GetTop() == 0 {
		argError(L, 0, "pack", "MessagePack pack needs input.")
	}
	p := &packer{L: L, s: stateOf(L)}
	for i := 1; i <= L.GetTop(); i++ {
		p.value(L.Get(i), 0)
	}
	L.Push(lua.LString(p.out))
	return 1
}

type packer struct {
	L       *lua.LState
	s       *state
	out     []byte
	charged int
}

func (p *packer) value(v lua.LValue, level int) {
	if len(p.out)-p.charged > 1<<16 {
		p.charged = len(p.out)
		if err := p.s.charge(len(p.out)); err != nil {
			raise(p.L, "%v", err)
		}
	}
	switch v := v.(type) {
	case lua.LString:
		p.bytes(string(v))
	case lua.LBool:
		if v {
			p.out = append(p.out, 0xc3)
		} else {
			p.out = append(p.out, 0xc2)
		}
	case lua.LNumber:
		p.number(float64(v))
	case *lua.LTable:
		if level < packNesting {
			p.table(v, level)
			return
		}
		p.out = append(p.out, 0xc0)
	default:
		p.out = append(p.out, 0xc0)
	}
}

func (p *packer) bytes(s string) {
	switch n := len(s); {
	case n < 32:
		p.out = append(p.out, 0xa0|byte(n))
	case n <= math.MaxUint8:
		p.out = append(p.out, 0xd9, byte(n))
	case n <= math.MaxUint16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, 0xda), uint16(n))
	default:
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xdb), uint32(n))
	}
	p.out = append(p.out, s...)
}

func (p *packer) number(f float64) {
	i, ok := exactInt(f)
	if !ok {
		if g := float32(f); float64(g) == f {
			p.out = binary.BigEndian.AppendUint32(append(p.out, 0xca), math.Float32bits(g))
		} else {
			p.out = binary.BigEndian.AppendUint64(append(p.out, 0xcb), math.Float64bits(f))
		}
		return
	}
	switch {
	case i >= 0 && i <= 127, i < 0 && i >= -32:
		p.out = append(p.out, byte(i))
	case i >= 0 && i <= math.MaxUint8:
		p.out = append(p.out, 0xcc, byte(i))
	case i >= 0 && i <= math.MaxUint16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, 0xcd), uint16(i))
	case i >= 0 && i <= math.MaxUint32:
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xce), uint32(i))
	case i >= 0:
		p.out = binary.BigEndian.AppendUint64(append(p.out, 0xcf), uint64(i))
	case i >= math.MinInt8:
		p.out = append(p.out, 0xd0, byte(i))
	case i >= math.MinInt16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, 0xd1), uint16(i))
	case i >= math.MinInt32:
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xd2), uint32(i))
	default:
		p.out = binary.BigEndian.AppendUint64(append(p.out, 0xd3), uint64(i))
	}
}

// header appends the head of an array (fix 0x90) or map (fix 0x80).
func (p *packer) header(fix, wide byte, n int) {
	switch {
	case n < 16:
		p.out = append(p.out, fix|byte(n))
	case n <= math.MaxUint16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, wide), uint16(n))
	default:
		p.out = binary.BigEndian.AppendUint32(append(p.out, wide+1), uint32(n))
	}
}

func (p *packer) table(t *lua.LTable, level int) {
	n, array := 0, true
	most := lua.LNumber(0)
	for k := range pairs(t) {
		n++
		f, ok := k.(lua.LNumber)
		if !ok || f < 1 || float64(f) != math.Trunc(float64(f)) {
			array = false
		}
		most = max(most, f)
	}
	if array && most == lua.LNumber(n) {
		p.header(0x90, 0xdc, n)
		for i := 1; i <= n; i++ {
			p.value(element(t, i), level+1)
		}
		return
	}
	p.header(0x80, 0xde, n)
	for k, v := range pairs(t) {
		p.value(k, level+1)
		p.value(v, level+1)
	}
}

func msgUnpack(L *lua.LState) int { return unpackFull(L, "unpack", 0, 0) }

func msgUnpackOne(L *lua.LState) int {
	return unpackFull(L, "unpack_one", 1, optInt(L, 2, "unpack_one", 0))
}

func msgUnpackLimit(L *lua.LState) int {
	return unpackFull(L, "unpack_limit", checkInt(L, 2, "unpack_limit"), optInt(L, 3, "unpack_limit", 0))
}

// unpackFull unpacks up to limit values (0: all) from offset on. With a limit,
// the offset where to go on comes first, -1 at the end.
func unpackFull(L *lua.LState, fn string, limit, offset int) int {
	src := checkString(L, 1, fn)
	if offset < 0 || limit < 0 {
		raise(L, "Invalid request to unpack with offset of %d and limit of %d.", offset, len(src))
	}
	if offset > len(src) {
		raise(L, "Start offset %d greater than input length %d.", offset, len(src))
	}
	u := &unpacker{L: L, s: stateOf(L), src: src, at: offset}
	var values []lua.LValue
	for u.at < len(src) && (limit == 0 || len(values) < limit) {
		values = append(values, u.value(0))
		if len(values) >= maxStack-2 {
			raise(L, "in function mp_unpack_full: too many results to unpack")
		}
	}
	if limit > 0 {
		next := u.at
		if next == len(src) {
			next = -1
		}
		L.Push(lua.LNumber(next))
	}
	for _, v := range values {
		L.Push(v)
	}
	if limit > 0 {
		return len(values) + 1
	}
	return len(values)
}

type unpacker struct {
	L     *lua.LState
	s     *state
	src   string
	at    int
	count int
}

func (u *unpacker) take(n int) string {
	if n < 0 || n > len(u.src)-u.at {
		raise(u.L, "Missing bytes in input.")
	}
	u.at += n
	return u.src[u.at-n : u.at]
}

// uint reads n bytes, most significant first.
func (u *unpacker) uint(n int) (v uint64) {
	for _, c := range []byte(u.take(n)) {
		v = v<<8 | uint64(c)
	}
	return v
}

func (u *unpacker) value(depth int) lua.LValue {
	if u.count++; u.count%matchSlice == 0 {
		if u.s.check(); u.s.stopErr != nil {
			raise(u.L, "%v", u.s.stopErr)
		}
	}
	if depth > unpackNesting {
		raise(u.L, "too many nested data structures")
	}
	c := u.take(1)[0]
	switch {
	case c <= 0x7f:
		return lua.LNumber(c)
	case c >= 0xe0:
		return lua.LNumber(int8(c))
	case c&0xe0 == 0xa0:
		return lua.LString(u.take(int(c & 0x1f)))
	case c&0xf0 == 0x90:
		return u.array(int(c&0xf), depth)
	case c&0xf0 == 0x80:
		return u.mapping(int(c&0xf), depth)
	}
	switch c {
	case 0xc0:
		return lua.LNil
	case 0xc2:
		return lua.LFalse
	case 0xc3:
		return lua.LTrue
	case 0xca:
		return lua.LNumber(math.Float32frombits(uint32(u.uint(4))))
	case 0xcb:
		return lua.LNumber(math.Float64frombits(u.uint(8)))
	case 0xcc, 0xcd, 0xce, 0xcf:
		return lua.LNumber(u.uint(1 << (c - 0xcc)))
	case 0xd0:
		return lua.LNumber(int8(u.uint(1)))
	case 0xd1:
		return lua.LNumber(int16(u.uint(2)))
	case 0xd2:
		return lua.LNumber(int32(u.uint(4)))
	case 0xd3:
		return lua.LNumber(int64(u.uint(8)))
	case 0xc4, 0xc5, 0xc6:
		return lua.LString(u.take(int(u.uint(1 << (c - 0xc4)))))
	case 0xd9, 0xda, 0xdb:
		return lua.LString(u.take(int(u.uint(1 << (c - 0xd9)))))
	case 0xdc, 0xdd:
		return u.array(int(u.uint(2<<(c-0xdc))), depth)
	case 0xde, 0xdf:
		return u.mapping(int(u.uint(2<<(c-0xde))), depth)
	}
	raise(u.L, "Bad data format in input.")
	return lua.LNil
}

func (u *unpacker) array(n, depth int) lua.LValue {
	t := u.L.CreateTable(min(n, len(u.src)-u.at), 0)
	for i := 1; i <= n; i++ {
		t.RawSetInt(i, u.value(depth+1))
	}
	return t
}

func (u *unpacker) mapping(n, depth int) lua.LValue {
	t := u.L.CreateTable(0, min(n, 64))
	for range n {
		k := u.value(depth + 1)
		v := u.value(depth + 1)
		if k == lua.LNil || isNaN(k) {
			raise(u.L, "Bad data format in input.")
		}
		t.RawSet(k, v)
	}
	return t
}
