package scripting

import (
	"encoding/binary"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// structFunctions is the struct library: C structures as strings, with the
// sizes of a 64-bit PC.
var structFunctions = map[string]lua.LGFunction{"pack": structPack, "unpack": structUnpack, "size": structSize}

// maxIntSize is the most bytes an integer item may have, maxAlign the widest
// alignment of the machine.
const (
	maxIntSize = 32
	maxAlign   = 8
)

// layout walks a format.
type layout struct {
	L     *lua.LState
	fmt   string
	at    int
	order binary.ByteOrder
	align int
}

func newLayout(L *lua.LState, fn string) *layout {
	return &layout{L: L, fmt: checkString(L, 1, fn), order: binary.LittleEndian, align: 1}
}

// next returns the next item with its size and the padding before it at
// position pos. opt is 0 at the end.
func (l *layout) next(pos int) (opt byte, size, pad int) {
	if l.at == len(l.fmt) {
		return 0, 0, 0
	}
	opt = l.fmt[l.at]
	l.at++
	switch opt {
	case 'B', 'b', 'x':
		size = 1
	case 'H', 'h':
		size = 2
	case 'L', 'l', 'T', 'd':
		size = 8
	case 'f':
		size = 4
	case 'I', 'i':
		if size = l.number(4); size > maxIntSize {
			raise(l.L, "integral size %d is larger than limit of %d", size, maxIntSize)
		}
		if size == 0 {
			raise(l.L, "integral size must be at least 1")
		}
	case 'c':
		size = l.number(1)
	}
	if size == 0 || opt == 'c' {
		return opt, size, 0
	}
	if a := min(size, l.align); a > 1 && a&(a-1) == 0 {
		pad = (a - pos&(a-1)) & (a - 1)
	}
	return opt, size, pad
}

func (l *layout) number(def int) int {
	if l.at == len(l.fmt) || !isDigit(l.fmt[l.at]) {
		return def
	}
	n := 0
	for ; l.at < len(l.fmt) && isDigit(l.fmt[l.at]); l.at++ {
		if n = n*10 + int(l.fmt[l.at]-'0'); n > math.MaxInt32 {
			raise(l.L, "integral size overflow")
		}
	}
	return n
}

// control handles what is no item: byte order, alignment, spaces.
func (l *layout) control(opt byte) {
	switch opt {
	case ' ':
	case '>':
		l.order = binary.BigEndian
	case '<', '=':
		l.order = binary.LittleEndian
	case '!':
		a := l.number(maxAlign)
		if a == 0 || a&(a-1) != 0 {
			raise(l.L, "alignment is not a power of 2")
		}
		l.align = a
	default:
		argError(l.L, 1, "pack", "invalid format option '%c'", opt)
	}
}

func structPack(L *lua.LState) int {
	l := newLayout(L, "pack")
	s := stateOf(L)
	var out []byte
	arg := 1
	for {
		opt, size, pad := l.next(len(out))
		if opt == 0 {
			break
		}
		if err := s.charge(len(out) + size); err != nil {
			raise(L, "%v", err)
		}
		out = append(out, make([]byte, pad)...)
		switch opt {
		case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
			arg++
			out = appendInt(out, checkNumber(L, arg, "pack"), size, l.order)
		case 'x':
			out = append(out, 0)
		case 'f':
			arg++
			var b [4]byte
			l.order.PutUint32(b[:], math.Float32bits(float32(checkNumber(L, arg, "pack"))))
			out = append(out, b[:]...)
		case 'd':
			arg++
			var b [8]byte
			l.order.PutUint64(b[:], math.Float64bits(checkNumber(L, arg, "pack")))
			out = append(out, b[:]...)
		case 'c', 's':
			arg++
			text := checkString(L, arg, "pack")
			if opt == 's' || size == 0 {
				size = len(text)
			}
			if len(text) < size {
				argError(L, arg+1, "pack", "string too short") // one too many, as in the original
			}
			if out = append(out, text[:size]...); opt == 's' {
				out = append(out, 0)
			}
		default:
			l.control(opt)
		}
	}
	L.Push(lua.LString(out))
	return 1
}

// appendInt appends the low bytes of a number; beyond 64 bits zeros, as in the
// library that this follows.
func appendInt(out []byte, f float64, size int, order binary.ByteOrder) []byte {
	var v uint64
	if f < 0 {
		v = uint64(truncInt(f))
	} else {
		v = unsignedOf(f)
	}
	start := len(out)
	for range size {
		out = append(out, byte(v))
		v >>= 8
	}
	if order == binary.BigEndian {
		reverse(out[start:])
	}
	return out
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

func structUnpack(L *lua.LState) int {
	l := newLayout(L, "unpack")
	data := checkString(L, 2, "unpack")
	pos := optInt(L, 3, "unpack", 1) - 1
	if pos < 0 {
		argError(L, 3, "unpack", "offset must be 1 or greater")
	}
	pos = min(pos, len(data)+1)
	n := 0
	push := func(v lua.LValue) {
		if n++; n >= maxStack-2 {
			raise(L, "too many results to unpack")
		}
		L.Push(v)
	}
	for {
		opt, size, pad := l.next(pos)
		if opt == 0 {
			break
		}
		pos += pad
		if size > len(data)-pos {
			argError(L, 2, "unpack", "data string too short")
		}
		switch opt {
		case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
			push(lua.LNumber(readInt(data[pos:pos+size], opt >= 'a', l.order)))
		case 'x':
		case 'f':
			push(lua.LNumber(math.Float32frombits(l.order.Uint32([]byte(data[pos : pos+4])))))
		case 'd':
			push(lua.LNumber(math.Float64frombits(l.order.Uint64([]byte(data[pos : pos+8])))))
		case 'c':
			if size == 0 {
				last, ok := L.Get(-1).(lua.LNumber)
				if n == 0 || !ok {
					raise(L, "format 'c0' needs a previous size")
				}
				size = int(truncInt(float64(last)))
				L.Pop(1)
				n--
				if size < 0 || size > len(data)-pos {
					argError(L, 2, "unpack", "data string too short")
				}
			}
			push(lua.LString(data[pos : pos+size]))
		case 's':
			end := pos
			for end < len(data) && data[end] != 0 {
				end++
			}
			if end >= len(data) {
				raise(L, "unfinished string in data")
			}
			push(lua.LString(data[pos:end]))
			size = end - pos + 1
		default:
			l.control(opt)
		}
		pos += size
	}
	L.Push(lua.LNumber(pos + 1))
	return n + 1
}

// readInt reads an integer of any size; of a longer one than 64 bits the low
// bytes count.
func readInt(data string, signed bool, order binary.ByteOrder) float64 {
	b := []byte(data)
	if order == binary.LittleEndian {
		reverse(b)
	}
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	if !signed {
		return float64(v)
	}
	if len(b) < 8 {
		shift := 64 - 8*len(b)
		return float64(int64(v<<shift) >> shift)
	}
	return float64(int64(v))
}

func structSize(L *lua.LState) int {
	l := newLayout(L, "size")
	pos := 0
	for {
		opt, size, pad := l.next(pos)
		switch {
		case opt == 0:
			L.Push(lua.LNumber(pos))
			return 1
		case opt == 's':
			argError(L, 1, "size", "variable-size format in 'size'")
		case opt == 'c' && size == 0:
			argError(L, 1, "size", "variable-length format in 'size'")
		case size == 0:
			l.control(opt)
		}
		pos += pad + size
	}
}
