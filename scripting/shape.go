package scripting

import (
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// To fill a table field by field is most of what small tables cost. Those that
// come from one place have the same fields: a shape keeps the maps of a table
// that has them, and each table gets copies of these. Tables of events have
// shapes, and constructors like {id = 1, name = n}.

// shape is the fields of such tables.
type shape struct {
	names   []string
	strings map[string]lua.LValue
	keys    []lua.LValue // of the table's order; shared, since its capacity is its length
	order   map[lua.LValue]int
}

// maxShape is the most fields of a shape: up to eight, Go's maps are one piece, and
// copied as one.
const maxShape = 8

func newShape(names ...string) *shape {
	sh := &shape{names: names, strings: make(map[string]lua.LValue, len(names)), order: make(map[lua.LValue]int, len(names))}
	for i, n := range names {
		sh.strings[n], sh.order[lua.LString(n)] = lua.LNil, i
		sh.keys = append(sh.keys, lua.LString(n))
	}
	sh.keys = slices.Clip(sh.keys)
	return sh
}

// fill gives a new table the fields; value(i) is that of the i-th name, and may be
// nil.
func (sh *shape) fill(t *lua.LTable, value func(i int) lua.LValue) {
	fields := maps.Clone(sh.strings)
	for i, n := range sh.names {
		fields[n] = value(i)
	}
	p := tableParts(t)
	*p.strings, *p.keys, *p.order = fields, sh.keys, maps.Clone(sh.order)
}

// construct is what a constructor becomes: it makes a table of the shape that is
// the first argument, from the others.
func construct(L *lua.LState) int {
	sh := L.Get(1).(*lua.LUserData).Value.(*shape)
	t := &lua.LTable{Metatable: lua.LNil}
	sh.fill(t, func(i int) lua.LValue { return L.Get(i + 2) })
	L.Push(t)
	return 1
}

// shapeMark begins the constant that stands for a shape until the code is there.
const shapeMark = hidden + "shape" + hidden

// constructor makes a call of construct of a table constructor whose fields all have
// different names, or returns nil.
func constructor(e *ast.TableExpr) ast.Expr {
	if len(e.Fields) == 0 || len(e.Fields) > maxShape {
		return nil
	}
	names, args := make([]string, 0, maxShape), make([]ast.Expr, 1, 1+maxShape)
	for _, f := range e.Fields {
		key, ok := f.Key.(*ast.StringExpr)
		if !ok || slices.Contains(names, key.Value) || strings.Contains(key.Value, hidden) {
			return nil
		}
		names = append(names, key.Value)
		switch v := f.Value.(type) { // one value of each
		case *ast.FuncCallExpr:
			v.AdjustRet = true
		case *ast.Comma3Expr:
			v.AdjustRet = true
		}
		args = append(args, f.Value)
	}
	args[0] = &ast.StringExpr{Value: shapeMark + strings.Join(names, hidden)}
	place(args[0], e)
	call := &ast.FuncCallExpr{Func: ident(e, hiddenConstruct), Args: args, AdjustRet: true}
	place(call, e)
	return call
}

// encodeConstructor makes a call of cjson.encode with a constructor one that encodes
// the fields, and makes no table.
func encodeConstructor(call *ast.FuncCallExpr) {
	fn, ok1 := call.Func.(*ast.IdentExpr)
	if !ok1 || fn.Value != hidden+"cjson.encode" || len(call.Args) != 1 {
		return
	}
	if table, ok := call.Args[0].(*ast.FuncCallExpr); ok {
		if f, ok := table.Func.(*ast.IdentExpr); ok && f.Value == hiddenConstruct {
			fn.Value, call.Args = hiddenEncode, table.Args
		}
	}
}

// encodeConstructed is cjson.encode(construct(…)).
func encodeConstructed(L *lua.LState) int {
	sh := L.Get(1).(*lua.LUserData).Value.(*shape)
	e := newEncoder(L)
	e.object(func(yield func(k, v lua.LValue) bool) {
		for i, name := range sh.keys {
			if v := L.Get(i + 2); v != lua.LNil && !yield(name, v) {
				return
			}
		}
	}, 1)
	return e.push()
}

// setShapes puts the shapes in the place of the constants that stand for them.
func setShapes(p *lua.FunctionProto) {
	for i, k := range p.Constants {
		if s, ok := k.(lua.LString); ok {
			if names, ok := strings.CutPrefix(string(s), shapeMark); ok {
				p.Constants[i] = &lua.LUserData{Value: newShape(strings.Split(names, hidden)...), Metatable: lua.LNil}
			}
		}
	}
	for _, inner := range p.FunctionPrototypes {
		setShapes(inner)
	}
}
