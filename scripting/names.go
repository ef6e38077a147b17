package scripting

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// culprit finds out what an instruction that failed was working on, so that
// the error can name it: "local 'x'", "field 'y'". It follows what wrote the
// register before. Methods of a nil culprit know nothing.
type culprit struct {
	L *lua.LState
	f frame
}

const constant = 1 << 8 // operands above are constants

func operands(inst uint32) (op, a, b, c, bx int) {
	return int(inst >> 26), int(inst>>18) & 0xff, int(inst & 0x1ff), int(inst>>9) & 0x1ff, int(inst & 0x3ffff)
}

func (c *culprit) proto() *lua.FunctionProto { return c.f.fn().Proto }

// failed is the instruction that raised the error.
func (c *culprit) failed() (pc int, inst uint32) {
	pc = c.f.pc() - 1
	return pc, c.proto().Code[pc]
}

// indexed is the name of the value that was indexed, with a space behind.
func (c *culprit) indexed() string {
	if c == nil {
		return ""
	}
	pc, inst := c.failed()
	op, a, b, _, _ := operands(inst)
	switch op {
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_SELF:
		return c.named(pc, b)
	case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
		return c.named(pc, a)
	}
	return ""
}

func (c *culprit) called() string {
	if c == nil {
		return "a nil value"
	}
	pc, inst := c.failed()
	op, a, _, _, _ := operands(inst)
	switch op {
	case lua.OP_CALL, lua.OP_TAILCALL:
		return c.described(pc, a)
	case lua.OP_TFORLOOP:
		return c.plain(a)
	}
	return "a nil value"
}

// operand is the one of an arithmetic instruction's operands that is no number.
func (c *culprit) operand() string {
	if c == nil {
		return "a nil value"
	}
	pc, inst := c.failed()
	op, _, b, cc, _ := operands(inst)
	if op < lua.OP_ADD || op > lua.OP_UNM {
		return "a nil value"
	}
	if op != lua.OP_UNM {
		if _, ok := toNumber(c.value(b)); ok {
			b = cc
		}
	}
	return c.described(pc, b)
}

func (c *culprit) measured() string {
	if c == nil {
		return "a nil value"
	}
	pc, inst := c.failed()
	if op, _, b, _, _ := operands(inst); op == lua.OP_LEN {
		return c.described(pc, b)
	}
	return "a nil value"
}

// callName is how the function that is being called is named in the source.
func (c *culprit) callName() (kind, name string) {
	pc, inst := c.failed()
	if op, a, _, _, _ := operands(inst); op == lua.OP_CALL || op == lua.OP_TAILCALL {
		if kind, rest, ok := strings.Cut(c.named(pc, a), " '"); ok {
			return kind, strings.TrimSuffix(rest, "' ")
		}
	}
	return "", "?"
}

// argument describes argument n of the call that is being executed.
func (c *culprit) argument(n int, v lua.LValue) string {
	text := "a " + v.Type().String() + " value"
	if c == nil {
		return text
	}
	pc, inst := c.failed()
	if op, a, _, _, _ := operands(inst); op == lua.OP_CALL || op == lua.OP_TAILCALL {
		if name := c.named(pc, a+n); name != "" {
			return name + "(" + text + ")"
		}
	}
	return text
}

func (c *culprit) described(pc, reg int) string {
	if name := c.named(pc, reg); name != "" {
		return name + "(" + c.plain(reg) + ")"
	}
	return c.plain(reg)
}

func (c *culprit) plain(reg int) string { return "a " + c.value(reg).Type().String() + " value" }

func (c *culprit) value(reg int) lua.LValue {
	if reg >= constant {
		return c.proto().Constants[reg-constant]
	}
	return register(c.L, c.f, reg)
}

// named is "kind 'name' " of what register reg holds at pc, or "".
func (c *culprit) named(pc, reg int) string {
	p := c.proto()
	if reg >= constant {
		return ""
	}
	name, ok := c.f.fn().LocalName(reg+1, pc+1)
	if !ok { // the last instruction of a block
		name, ok = c.f.fn().LocalName(reg+1, pc)
	}
	if ok {
		if strings.HasPrefix(name, "(") {
			return ""
		}
		if param, ok := strings.CutPrefix(name, hidden); ok {
			return "global '" + param + "' "
		}
		return "local '" + name + "' "
	}
	at := c.writer(pc, reg)
	if at < 0 {
		return ""
	}
	op, _, b, cc, bx := operands(p.Code[at])
	switch op {
	case lua.OP_GETGLOBAL, lua.OP_LOADK:
		name := p.Constants[bx].String()
		if op == lua.OP_LOADK {
			if name = stateOf(c.L).runner.shelf.names[p.Constants[bx]]; name == "" {
				return ""
			}
		}
		if field, ok := strings.CutPrefix(name, hidden); ok {
			_, field, _ = strings.Cut(field, ".")
			return "field '" + field + "' "
		}
		return "global '" + name + "' "
	case lua.OP_MOVE:
		if b < reg {
			return c.named(at, b)
		}
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
		return "field '" + c.key(cc) + "' "
	case lua.OP_SELF:
		return "method '" + c.key(cc) + "' "
	case lua.OP_GETUPVAL:
		if b < len(p.DbgUpvalues) {
			if param, ok := strings.CutPrefix(p.DbgUpvalues[b], hidden); ok {
				return "global '" + param + "' "
			}
			return "upvalue '" + p.DbgUpvalues[b] + "' "
		}
	}
	return ""
}

func (c *culprit) key(rk int) string {
	if rk >= constant {
		if s, ok := c.proto().Constants[rk-constant].(lua.LString); ok {
			return string(s)
		}
	}
	return "?"
}

// writer is the last instruction before pc that wrote reg, as far as a walk
// without jumps can tell, or -1.
func (c *culprit) writer(pc, reg int) int {
	last, code := -1, c.proto().Code
	for i := 0; i < pc; i++ {
		op, a, b, _, _ := operands(code[i])
		switch op {
		case lua.OP_SETTABLE, lua.OP_SETTABLEKS, lua.OP_SETGLOBAL, lua.OP_SETUPVAL, lua.OP_JMP, lua.OP_EQ, lua.OP_LT,
			lua.OP_LE, lua.OP_TEST, lua.OP_RETURN, lua.OP_SETLIST, lua.OP_CLOSE, lua.OP_NOP:
			continue
		case lua.OP_CALL, lua.OP_TAILCALL:
			if reg >= a {
				last = -1
			}
		case lua.OP_LOADNIL:
			if a <= reg && reg <= b {
				last = -1
			}
		case lua.OP_MOVEN:
			if a == reg {
				last = -1
			}
		case lua.OP_SELF:
			if reg == a {
				last = i
			} else if reg == a+1 {
				last = -1
			}
		default:
			if a == reg {
				last = i
			}
		}
	}
	return last
}
