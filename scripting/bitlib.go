package scripting

import (
	"math"
	"math/bits"

	lua "github.com/yuin/gopher-lua"
)

// bitFunctions is the bit library: operations on signed numbers of 32 bits.
var bitFunctions = map[string]lua.LGFunction{
	"tobit":   func(L *lua.LState) int { return pushBits(L, checkBits(L, 1, "tobit")) },
	"bnot":    func(L *lua.LState) int { return pushBits(L, ^checkBits(L, 1, "bnot")) },
	"bswap":   func(L *lua.LState) int { return pushBits(L, bits.ReverseBytes32(checkBits(L, 1, "bswap"))) },
	"band":    bitFold("band", func(a, b uint32) uint32 { return a & b }),
	"bor":     bitFold("bor", func(a, b uint32) uint32 { return a | b }),
	"bxor":    bitFold("bxor", func(a, b uint32) uint32 { return a ^ b }),
	"lshift":  bitShift("lshift", func(a uint32, n int) uint32 { return a << n }),
	"rshift":  bitShift("rshift", func(a uint32, n int) uint32 { return a >> n }),
	"arshift": bitShift("arshift", func(a uint32, n int) uint32 { return uint32(int32(a) >> n) }),
	"rol":     bitShift("rol", bits.RotateLeft32),
	"ror":     bitShift("ror", func(a uint32, n int) uint32 { return bits.RotateLeft32(a, -n) }),
	"tohex":   bitToHex,
}

// checkBits takes a number modulo 2^32, rounded to the nearest.
func checkBits(L *lua.LState, n int, fn string) uint32 {
	f := checkNumber(L, n, fn)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return uint32(int64(math.Mod(math.RoundToEven(f), 1<<32)))
}

func pushBits(L *lua.LState, u uint32) int {
	L.Push(lua.LNumber(int32(u)))
	return 1
}

func bitFold(name string, op func(a, b uint32) uint32) lua.LGFunction {
	return func(L *lua.LState) int {
		u := checkBits(L, 1, name)
		for i := 2; i <= L.GetTop(); i++ {
			u = op(u, checkBits(L, i, name))
		}
		return pushBits(L, u)
	}
}

func bitShift(name string, op func(a uint32, n int) uint32) lua.LGFunction {
	return func(L *lua.LState) int {
		return pushBits(L, op(checkBits(L, 1, name), int(checkBits(L, 2, name)&31)))
	}
}

func bitToHex(L *lua.LState) int {
	u, n, digits := checkBits(L, 1, "tohex"), 8, "0123456789abcdef"
	if L.GetTop() > 1 {
		n = int(int32(checkBits(L, 2, "tohex")))
	}
	if n < 0 {
		n, digits = -n, "0123456789ABCDEF"
	}
	n = max(min(n, 8), 0)
	buf := make([]byte, n)
	for i := n - 1; i >= 0; i-- {
		buf[i] = digits[u&15]
		u >>= 4
	}
	L.Push(lua.LString(buf))
	return 1
}
