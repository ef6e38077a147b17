package scripting

import (
	"math"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// sink is the wire.Reply of redis.call: it builds the Lua value while the
// handler writes, without any bytes in between.
type sink struct {
	s       *state
	proto   int
	discard bool // nobody looks at the result
	result  lua.LValue
	has     bool
	open    []aggregate
	marks   []sinkMark
	text    []byte
}

// aggregate is a table whose elements are still being written.
type aggregate struct {
	table *lua.LTable
	kind  wire.Kind
	next  int        // elements written
	left  int        // elements to come; -1: until CloseArray
	key   lua.LValue // of a map: the key whose value comes next
}

// sinkMark is what Rewind restores.
type sinkMark struct {
	open   []aggregate
	has    bool
	result lua.LValue
}

var _ wire.Reply = (*sink)(nil)

func (k *sink) reset(proto int) {
	k.proto, k.discard, k.result, k.has = proto, false, lua.LNil, false
	clear(k.open)
	k.open = k.open[:0]
	k.marks = k.marks[:0]
}

// Proto is the protocol that redis.setresp chose.
func (k *sink) Proto() int { return k.proto }

func (k *sink) add(v lua.LValue) {
	for {
		if len(k.open) == 0 {
			k.result, k.has = v, true
			return
		}
		a := &k.open[len(k.open)-1]
		a.put(v)
		if a.left != 0 {
			return
		}
		v = a.value()
		k.open = k.open[:len(k.open)-1]
	}
}

func (a *aggregate) put(v lua.LValue) {
	if a.left > 0 {
		a.left--
	}
	a.next++
	switch {
	case a.kind == wire.KindMap && a.key == nil:
		a.key = v
	case a.kind == wire.KindMap:
		if a.key != lua.LNil && !isNaN(a.key) {
			a.table.RawSet(a.key, v)
		}
		a.key = nil
	case a.kind == wire.KindSet:
		if v != lua.LNil && !isNaN(v) {
			a.table.RawSet(v, lua.LTrue)
		}
	default:
		a.table.RawSetInt(a.next, v)
	}
}

func isNaN(v lua.LValue) bool {
	n, ok := v.(lua.LNumber)
	return ok && math.IsNaN(float64(n))
}

// value is the finished aggregate as the script sees it.
func (a *aggregate) value() lua.LValue {
	switch a.kind {
	case wire.KindMap:
		return single("map", a.table)
	case wire.KindSet:
		return single("set", a.table)
	}
	return a.table
}

func single(field string, v lua.LValue) *lua.LTable {
	t := (*lua.LState)(nil).CreateTable(0, 1)
	t.RawSetString(field, v)
	return t
}

func (k *sink) begin(kind wire.Kind, n int) {
	if k.discard {
		return
	}
	hash := 0
	if kind != wire.KindArray {
		hash = min(max(n, 0), 1024)
	}
	t := k.s.L.CreateTable(min(max(n, 0), maxArray), hash)
	if kind == wire.KindMap {
		n *= 2
	}
	k.open = append(k.open, aggregate{table: t, kind: kind, left: n})
	if n == 0 {
		v := k.open[len(k.open)-1].value()
		k.open = k.open[:len(k.open)-1]
		k.add(v)
	}
}

// smallNumbers are ready-made values: each other number is an allocation.
var smallNumbers = func() (list [1024]lua.LValue) {
	for i := range list {
		list[i] = lua.LNumber(i)
	}
	return list
}()

func number(n int64) lua.LValue {
	if n >= 0 && n < int64(len(smallNumbers)) {
		return smallNumbers[n]
	}
	return lua.LNumber(n)
}

// Int adds a number.
func (k *sink) Int(n int64) {
	if !k.discard {
		k.add(number(n))
	}
}

// Bulk adds a string.
func (k *sink) Bulk(b []byte) {
	if !k.discard {
		k.add(lua.LString(b))
	}
}

// BulkString adds a string.
func (k *sink) BulkString(s string) {
	if !k.discard {
		k.add(lua.LString(s))
	}
}

// Status adds {ok=s}.
func (k *sink) Status(s string) {
	if !k.discard {
		k.add(single("ok", lua.LString(s)))
	}
}

// Error adds {err=…}, as an element of a reply.
func (k *sink) Error(e wire.Error) {
	if !k.discard {
		k.add(errorTable(string(e)))
	}
}

func errorTable(text string) *lua.LTable {
	t := (*lua.LState)(nil).CreateTable(0, 2)
	t.RawSetString("err", lua.LString(text))
	t.RawSetString(countedField, lua.LTrue)
	return t
}

// Null adds false, or nil when the script chose RESP3.
func (k *sink) Null() {
	switch {
	case k.discard:
	case k.proto == 3:
		k.add(lua.LNil)
	default:
		k.add(lua.LFalse)
	}
}

// NullArray is Null.
func (k *sink) NullArray() { k.Null() }

// Double adds {double=f}, or the string of RESP2.
func (k *sink) Double(f float64) {
	switch {
	case k.discard:
	case k.proto == 3:
		k.add(single("double", lua.LNumber(f)))
	default:
		k.text = wire.AppendDouble(k.text[:0], f)
		k.add(lua.LString(k.text))
	}
}

// DoubleText adds {double=f}, or the text as the string of RESP2.
func (k *sink) DoubleText(f float64, text []byte) {
	if k.proto == 3 {
		k.Double(f)
		return
	}
	k.Bulk(text)
}

// Bool adds a boolean, or 1 or 0.
func (k *sink) Bool(b bool) {
	switch {
	case k.discard:
	case k.proto == 3:
		k.add(lua.LBool(b))
	case b:
		k.add(lua.LNumber(1))
	default:
		k.add(lua.LNumber(0))
	}
}

// BigNumber adds {big_number=s}, or a string.
func (k *sink) BigNumber(s string) {
	switch {
	case k.discard:
	case k.proto == 3:
		k.add(single("big_number", lua.LString(s)))
	default:
		k.add(lua.LString(s))
	}
}

// Verbatim adds {verbatim_string={format=, string=}}, or a string.
func (k *sink) Verbatim(format, text string) {
	switch {
	case k.discard:
	case k.proto == 3:
		t := k.s.L.CreateTable(0, 2)
		t.RawSetString("format", lua.LString(format))
		t.RawSetString("string", lua.LString(text))
		k.add(single("verbatim_string", t))
	default:
		k.add(lua.LString(text))
	}
}

// Array begins a table of n elements.
func (k *sink) Array(n int) { k.begin(wire.KindArray, n) }

// Push is Array.
func (k *sink) Push(n int) { k.begin(wire.KindArray, n) }

// Map begins {map={…}}, or a flat table.
func (k *sink) Map(n int) {
	if k.proto == 3 {
		k.begin(wire.KindMap, n)
	} else {
		k.begin(wire.KindArray, 2*n)
	}
}

// Set begins {set={member=true…}}, or a table.
func (k *sink) Set(n int) {
	if k.proto == 3 {
		k.begin(wire.KindSet, n)
	} else {
		k.begin(wire.KindArray, n)
	}
}

// OpenArray begins a table of unknown length.
func (k *sink) OpenArray() int {
	if !k.discard {
		k.open = append(k.open, aggregate{table: k.s.L.CreateTable(0, 0), kind: wire.KindArray, left: -1})
	}
	return len(k.open)
}

// CloseArray ends the table that OpenArray began.
func (k *sink) CloseArray(mark, n int) {
	if k.discard || mark != len(k.open) || mark == 0 {
		return
	}
	t := k.open[mark-1].table
	k.open = k.open[:mark-1]
	k.add(t)
}

// Mark returns a position for Rewind.
func (k *sink) Mark() int {
	if !k.has && len(k.open) == 0 {
		return 0
	}
	k.marks = append(k.marks, sinkMark{slices.Clone(k.open), k.has, k.result})
	return len(k.marks)
}

// Rewind forgets what was written since the mark.
func (k *sink) Rewind(mark int) {
	if mark == 0 {
		k.open, k.marks, k.result, k.has = k.open[:0], k.marks[:0], lua.LNil, false
		return
	}
	m := k.marks[mark-1]
	k.marks = k.marks[:mark-1]
	k.open, k.has, k.result = append(k.open[:0], m.open...), m.has, m.result
	for i := range k.open {
		if a := &k.open[i]; a.kind == wire.KindArray {
			for n := a.table.Len(); n > a.next; n-- {
				a.table.RawSetInt(n, lua.LNil)
			}
		}
	}
}
