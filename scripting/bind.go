package scripting

import lua "github.com/yuin/gopher-lua"

// bind replaces what a prototype's code reads by name, and what no script can
// change, with the value itself: functions of libraries, base functions, the
// libraries' proxies. All states share these, so that a prototype may hold them.
// An instruction that looks a global up becomes one that loads a constant.
func (sh *shelf) bind(p *lua.FunctionProto) {
	var at map[string]int // where the constants are that were added
	for i, inst := range p.Code {
		op, a, _, _, bx := operands(inst)
		if op != lua.OP_GETGLOBAL {
			continue
		}
		name := p.Constants[bx].String()
		v, ok := sh.globals[name]
		if !ok || v.Type() != lua.LTFunction && v.Type() != lua.LTTable {
			continue
		}
		k, added := at[name]
		if !added {
			if k = len(p.Constants); k > maxConstant {
				return
			}
			if at == nil {
				at = map[string]int{}
			}
			at[name] = k
			p.Constants = append(p.Constants, v)
		}
		p.Code[i] = uint32(lua.OP_LOADK)<<26 | uint32(a)<<18 | uint32(k)
	}
	sh.bindInner(p)
}

// bindInner binds the functions inside a prototype. It is what libraries get,
// whose top level sees other globals than their functions do.
func (sh *shelf) bindInner(p *lua.FunctionProto) {
	for _, inner := range p.FunctionPrototypes {
		sh.bind(inner)
	}
}

// maxConstant is the largest number of a constant that an instruction can hold.
const maxConstant = 1<<18 - 1
