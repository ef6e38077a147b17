package scripting

import (
	"fmt"
	"iter"
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// This file reaches what gopher-lua v1.1.2 does not export, for two faults that
// cannot be mended from outside, to use a table again, and to run the machine
// under a loop of our own (machine.go).
//
// When an error is raised, raiseError closes the upvalues of every frame on the
// stack, also of those that a pcall further up protects; from then on, a local
// variable and the closures over it are different variables. It does not do so
// while hasErrorFunc is set, and then nobody closes those of the frames that are
// given up: closeUpvalues does, from the register where the protected call began.
//
// And error texts name the variable at fault ("local 'x'"), for which the
// instruction that failed must be known.
//
// The offsets are looked up by name, so that a different gopher-lua is noticed
// at the start and not by a crash.
var (
	offHasErrorFunc  = fieldOf(reflect.TypeFor[lua.LState](), "hasErrorFunc", "bool")
	offUpvalues      = fieldOf(reflect.TypeFor[lua.LState](), "uvcache", "*lua.Upvalue")
	offLoop          = fieldOf(reflect.TypeFor[lua.LState](), "mainLoop", "func(*lua.LState, *lua.callFrame)")
	offFrame         = fieldOf(reflect.TypeFor[lua.LState](), "currentFrame", "*lua.callFrame")
	offRegistry      = fieldOf(reflect.TypeFor[lua.LState](), "reg", "*lua.registry")
	registryType     = pointee("reg")
	offRegistryTop   = fieldOf(registryType, "top", "int")
	offRegistryArray = fieldOf(registryType, "array", "[]lua.LValue")
	offUpvalueNext   = fieldOf(reflect.TypeFor[lua.Upvalue](), "next", "*lua.Upvalue")
	offUpvalueIndex  = fieldOf(reflect.TypeFor[lua.Upvalue](), "index", "int")
	offTableArray    = fieldOf(reflect.TypeFor[lua.LTable](), "array", "[]lua.LValue")
	offTableDict     = fieldOf(reflect.TypeFor[lua.LTable](), "dict", "map[lua.LValue]lua.LValue")
	offTableStrings  = fieldOf(reflect.TypeFor[lua.LTable](), "strdict", "map[string]lua.LValue")
	offTableKeys     = fieldOf(reflect.TypeFor[lua.LTable](), "keys", "[]lua.LValue")
	offTableOrder    = fieldOf(reflect.TypeFor[lua.LTable](), "k2i", "map[lua.LValue]int")
	frameType        = pointee("currentFrame")
	offFrameFn       = fieldOf(frameType, "Fn", "*lua.LFunction")
	offFrameParent   = fieldOf(frameType, "Parent", "*lua.callFrame")
	offFramePc       = fieldOf(frameType, "Pc", "int")
	offFrameIdx      = fieldOf(frameType, "Idx", "int")
	offFrameBase     = fieldOf(frameType, "LocalBase", "int")
)

// pointee is what a field of LState points to.
func pointee(field string) reflect.Type {
	f, ok := reflect.TypeFor[lua.LState]().FieldByName(field)
	if !ok || f.Type.Kind() != reflect.Pointer {
		panic("scripting: gopher-lua's LState has no " + field + " any more")
	}
	return f.Type.Elem()
}

func fieldOf(t reflect.Type, name, typ string) uintptr {
	f, ok := t.FieldByName(name)
	if !ok || f.Type.String() != typ {
		panic(fmt.Sprintf("scripting: gopher-lua's %s.%s is not a %s any more", t, name, typ))
	}
	return f.Offset
}

func at[T any](p unsafe.Pointer, off uintptr) *T { return (*T)(unsafe.Add(p, off)) }

// keepUpvalues keeps raiseError from closing upvalues.
func keepUpvalues(L *lua.LState) { *at[bool](unsafe.Pointer(L), offHasErrorFunc) = true }

// closeUpvalues closes the thread's upvalues from register base on. The
// registers must still hold their values.
func closeUpvalues(L *lua.LState, base int) {
	link := at[*lua.Upvalue](unsafe.Pointer(L), offUpvalues) // sorted by index
	for *link != nil && *at[int](unsafe.Pointer(*link), offUpvalueIndex) < base {
		link = at[*lua.Upvalue](unsafe.Pointer(*link), offUpvalueNext)
	}
	uv := *link
	*link = nil
	for uv != nil {
		uv.Close()
		uv = *at[*lua.Upvalue](unsafe.Pointer(uv), offUpvalueNext)
	}
}

// frame is one call of a Lua thread, innermost first. It is valid until its
// function returns.
type frame struct{ p unsafe.Pointer }

// callStack is the stack of a thread's frames.
type callStack interface{ SetSp(depth int) }

func stackOf(L *lua.LState) callStack {
	f := reflect.ValueOf(L).Elem().FieldByName("stack")
	return reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem().Interface().(callStack)
}

// unwind leaves no call on the main thread's stack, and no value.
func (s *state) unwind() {
	s.frames.SetSp(0)
	*at[unsafe.Pointer](unsafe.Pointer(s.L), offFrame) = nil
	s.L.SetTop(0)
}

// currentFrame returns the running function's frame; ok is false outside.
func currentFrame(L *lua.LState) (f frame, ok bool) {
	f.p = *at[unsafe.Pointer](unsafe.Pointer(L), offFrame)
	return f, f.p != nil
}

func (f frame) parent() (frame, bool) {
	p := *at[unsafe.Pointer](f.p, offFrameParent)
	return frame{p}, p != nil
}

func (f frame) fn() *lua.LFunction { return *at[*lua.LFunction](f.p, offFrameFn) }

// pc is the index of the instruction after the one that runs.
func (f frame) pc() int { return *at[int](f.p, offFramePc) }

// depth is the number of calls below this one.
func (f frame) depth() int { return *at[int](f.p, offFrameIdx) }

func (f frame) base() int { return *at[int](f.p, offFrameBase) }

// isLua reports whether the frame runs Lua code, and not a Go function.
func (f frame) isLua() bool { fn := f.fn(); return fn != nil && !fn.IsG }

// line is the source line of a Lua frame.
func (f frame) line() int {
	at, pos := f.pc()-1, f.fn().Proto.DbgSourcePositions
	if at < 0 || at >= len(pos) {
		return 0
	}
	return pos[at]
}

// register returns the value of a frame's register, nil where there is none.
func register(L *lua.LState, f frame, n int) lua.LValue {
	dbg := lua.Debug{}
	*at[unsafe.Pointer](unsafe.Pointer(&dbg), offDebugFrame) = f.p
	if name, v := L.GetLocal(&dbg, n+1); name != "" && v != nil {
		return v
	}
	return lua.LNil
}

var offDebugFrame = fieldOf(reflect.TypeFor[lua.Debug](), "frame", "*lua.callFrame")

// elements is the part of a table that holds what has an index, for who uses
// the table again.
func elements(t *lua.LTable) *[]lua.LValue { return at[[]lua.LValue](unsafe.Pointer(t), offTableArray) }

// appendValues appends the strings as values that point to them: a conversion
// would make a copy of each on the heap.
func appendValues(to []lua.LValue, list []lua.LString) []lua.LValue {
	kind := *(*unsafe.Pointer)(unsafe.Pointer(&aString))
	for i := range list {
		var v lua.LValue
		*words(&v) = [2]unsafe.Pointer{kind, unsafe.Pointer(&list[i])}
		to = append(to, v)
	}
	return to
}

// words are the type and the pointer of a value.
func words(v *lua.LValue) *[2]unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(v)) }

var aString lua.LValue = lua.LString("")

// pairs walks a table in its order without metamethods, faster than Next. The table
// stays as it is meanwhile.
func pairs(t *lua.LTable) iter.Seq2[lua.LValue, lua.LValue] {
	return func(yield func(k, v lua.LValue) bool) {
		for i, v := range *elements(t) {
			if v != lua.LNil && !yield(number(int64(i+1)), v) {
				return
			}
		}
		p := tableParts(t)
		for _, k := range *p.keys {
			v := lua.LValue(lua.LNil)
			if name, ok := k.(lua.LString); !ok {
				v = t.RawGetH(k)
			} else if field, ok := (*p.strings)[string(name)]; ok {
				v = field
			}
			if v != lua.LNil && !yield(k, v) {
				return
			}
		}
	}
}

// parts are the fields of a table that hold what has a name.
type parts struct {
	strings *map[string]lua.LValue
	keys    *[]lua.LValue
	order   *map[lua.LValue]int // the places of keys
}

// tableParts is for tables that are made from others, see shape.
func tableParts(t *lua.LTable) parts {
	p := unsafe.Pointer(t)
	return parts{at[map[string]lua.LValue](p, offTableStrings), at[[]lua.LValue](p, offTableKeys), at[map[lua.LValue]int](p, offTableOrder)}
}

// isList reports whether the table has never had anything but elements.
func isList(t *lua.LTable) bool {
	p := unsafe.Pointer(t)
	return t.Metatable == lua.LNil && *at[map[lua.LValue]lua.LValue](p, offTableDict) == nil && *at[map[string]lua.LValue](p, offTableStrings) == nil
}
