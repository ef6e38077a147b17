package scripting

import (
	"math/bits"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// eventTable is a table for Lua together with what its lazy fields are made of.
type eventTable struct {
	lua.LTable // first: a pointer to it is one to the whole
	typ        string
	value      hook.Value
	expired    *hook.Expired
	call       *command.Call // of an atomic hook
}

// table makes the table of an event; values are in the order of the names.
func (sh *shape) table(values ...lua.LValue) *eventTable {
	e := &eventTable{LTable: lua.LTable{Metatable: lua.LNil}}
	sh.fill(&e.LTable, func(i int) lua.LValue { return values[i] })
	return e
}

// lazy gives the table the fields that are made when they are looked at.
func (e *eventTable) lazy(typ string, v hook.Value) *lua.LTable {
	e.typ, e.value = typ, v
	e.Metatable = eventMeta
	return &e.LTable
}

// eventMeta is the metatable of tables that are the first field of an eventTable,
// and of no others: Lua code cannot get at it.
var eventMeta *lua.LTable

func init() { // it refers to itself
	eventMeta = newTable(map[string]lua.LValue{"__metatable": lua.LFalse, "__index": goFunction(eventField)})
}

func eventField(L *lua.LState) int {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok || t.Metatable != lua.LValue(eventMeta) {
		L.Push(lua.LNil)
		return 1
	}
	e := (*eventTable)(unsafe.Pointer(t))
	switch L.Get(2) {
	case lua.LString("value"):
		v := stateOf(L).frozen(e.typ, e.value)
		t.RawSetString("value", v)
		L.Push(v)
	case lua.LString("lateness"):
		if e.expired == nil {
			L.Push(lua.LNil)
			break
		}
		L.Push(lua.LNumber(e.expired.LatenessMs()))
	case lua.LString("keep"):
		if e.expired == nil {
			L.Push(lua.LNil)
			break
		}
		L.Push(goFunction(func(L *lua.LState) int { return keep(L, e.expired, e.call) }))
	default:
		L.Push(lua.LNil)
	}
	return 1
}

// The shapes of the events about keys. They have no more than maxShape fields: that is
// why lateness is none of them.
var (
	expiredShape = newShape("event", "depth", "db", "at", "key", "type", "deadline", "cause")
	evictedShape = newShape("event", "depth", "db", "at", "key", "type", "policy")
	keyShape     = newShape("event", "depth", "db", "at", "key", "name", "class")
)

// keyEvent is the table of an event about a key, nil for others.
func keyEvent(ev hook.Event, c *command.Call) *lua.LTable {
	kind, depth, db := lua.LString(ev.Kind()), lua.LNumber(ev.Depth()), lua.LNumber(ev.Database())
	key := lua.LString(ev.Subject())
	switch ev := ev.(type) {
	case *hook.Expired:
		t := expiredShape.table(kind, depth, db, lua.LNumber(ev.AtMs), key, lua.LString(ev.Type), lua.LNumber(ev.DeadlineMs), lua.LString(ev.Cause))
		t.expired, t.call = ev, c
		return t.lazy(ev.Type, ev.Value)
	case *hook.Evicted:
		return evictedShape.table(kind, depth, db, lua.LNumber(ev.AtMs), key, lua.LString(ev.Type), lua.LString(ev.Policy)).lazy(ev.Type, ev.Value)
	case *hook.Key:
		return &keyShape.table(kind, depth, db, lua.LNumber(ev.AtMs), key, lua.LString(ev.Name), className(ev.Class)).LTable
	}
	return nil
}

// className is a class as text; an event has one, so there are few.
func className(c hook.Class) lua.LValue {
	if i := bits.TrailingZeros32(uint32(c)); i < len(classNames) && c == 1<<i {
		return classNames[i]
	}
	return lua.LString(c.String())
}

var classNames = func() (names [32]lua.LValue) {
	for i := range names {
		names[i] = lua.LString(hook.Class(1 << i).String())
	}
	return names
}()
