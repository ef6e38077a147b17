package scripting

import (
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// Most callbacks of key events do nothing with the event but read fields that they
// name. Nobody can tell then whether it is the same table each time, and nobody
// looks at fields that are not named. So it is the same table, and has the named
// fields only: those are a tenth of the cost of a table with all of them.

// warmEvent is the table of one hook's key events.
type warmEvent struct {
	of     *lua.FunctionProto // for which fields holds
	plain  bool               // of only reads fields
	table  *lua.LTable        // nil before the first event
	values map[string]lua.LValue
	last   hook.Key // but for Key: what the values are of
	reads  struct{ db, depth, at, key, name, class bool }
}

// event is the table of ev for the callback, nil when it must have one of its own.
func (w *warmEvent) event(fn *lua.LFunction, ev *hook.Key) *lua.LTable {
	if fn.Proto != w.of {
		w.prepare(fn)
	}
	if !w.plain {
		return nil
	}
	first := w.table == nil
	if first {
		w.table = (*lua.LState)(nil).CreateTable(0, 8)
		w.table.RawSetString("event", lua.LString(hook.KindKey))
		w.values = *tableParts(w.table).strings
	}
	if w.reads.key {
		w.values["key"] = lua.LString(ev.Key)
	}
	if w.reads.name && (first || ev.Name != w.last.Name) {
		w.values["name"] = lua.LString(ev.Name)
	}
	if w.reads.class && (first || ev.Class != w.last.Class) {
		w.values["class"] = className(ev.Class)
	}
	if w.reads.at && (first || ev.AtMs != w.last.AtMs) {
		w.values["at"] = lua.LNumber(ev.AtMs)
	}
	if w.reads.db && (first || ev.DB != w.last.DB) {
		w.values["db"] = lua.LNumber(ev.DB)
	}
	if w.reads.depth && (first || ev.Nest != w.last.Nest) {
		w.values["depth"] = lua.LNumber(ev.Nest)
	}
	w.last = *ev
	w.last.Key = nil
	return w.table
}

func (w *warmEvent) prepare(fn *lua.LFunction) {
	*w = warmEvent{of: fn.Proto}
	if fn.IsG {
		return
	}
	var fields []string
	fields, w.plain = onlyReadsFields(fn.Proto)
	named := func(name string) bool { return slices.Contains(fields, name) }
	w.reads.db, w.reads.depth, w.reads.at = named("db"), named("depth"), named("at")
	w.reads.key, w.reads.name, w.reads.class = named("key"), named("name"), named("class")
}

// onlyReadsFields reports whether a function does nothing with its first argument but
// read fields by constant names, and which. When in doubt, it is not so. The argument
// is in register 0; what is there after another value was written to it is taken for
// the argument too.
func onlyReadsFields(p *lua.FunctionProto) (fields []string, only bool) {
	if p.NumParameters == 0 || p.IsVarArg != 0 {
		return nil, p.NumParameters == 0 && p.IsVarArg == 0
	}
	for _, inst := range p.Code {
		op, a, b, c, _ := operands(inst)
		escapes := false
		switch op {
		case lua.OP_GETTABLEKS:
			switch {
			case b != 0:
				escapes = c == 0
			case c < constant:
				escapes = true
			default:
				fields = append(fields, p.Constants[c-constant].String())
			}
		case lua.OP_LOADK, lua.OP_LOADBOOL, lua.OP_LOADNIL, lua.OP_GETUPVAL, lua.OP_GETGLOBAL, lua.OP_NEWTABLE,
			lua.OP_JMP, lua.OP_CLOSE, lua.OP_CLOSURE, lua.OP_NOP: // read no register
		case lua.OP_SETGLOBAL, lua.OP_SETUPVAL, lua.OP_TEST, lua.OP_CALL, lua.OP_TAILCALL, lua.OP_FORLOOP, lua.OP_FORPREP,
			lua.OP_TFORLOOP, lua.OP_SETLIST: // read from register a on
			escapes = a == 0
		case lua.OP_RETURN:
			escapes = a == 0 && b != 1
		case lua.OP_MOVE, lua.OP_MOVEN, lua.OP_UNM, lua.OP_NOT, lua.OP_LEN, lua.OP_TESTSET:
			escapes = b == 0
		case lua.OP_GETTABLE, lua.OP_SELF, lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV, lua.OP_MOD, lua.OP_POW,
			lua.OP_CONCAT, lua.OP_EQ, lua.OP_LT, lua.OP_LE:
			escapes = b == 0 || c == 0
		default:
			escapes = a == 0 || b == 0 || c == 0
		}
		if escapes {
			return nil, false
		}
	}
	return fields, true
}
