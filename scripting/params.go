package scripting

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const (
	keysName = "KEYS"
	argvName = "ARGV"
)

// params is KEYS or ARGV of a pooled state. Nothing of a script lives longer than
// its run, so that the next may have the same table with other elements, as long
// as no script has made more of it than a list.
type params struct {
	name  string
	table *lua.LTable
}

// maxParams is the longest list that is kept for the next run.
const maxParams = 64

// setParams makes KEYS and ARGV of the arguments, of which the first so many are
// keys.
func (s *state) setParams(args [][]byte, keys int) {
	list := texts(args)
	s.keys.set(s, list[:keys])
	s.argv.set(s, list[keys:])
}

// set makes list the elements.
func (p *params) set(s *state, list []lua.LString) {
	if p.table == nil {
		p.table = s.L.CreateTable(len(list), 0)
		s.env.RawSetString(p.name, p.table)
	}
	to := elements(p.table)
	*to = appendValues((*to)[:0], list)
}

// texts makes Lua strings of arguments. They share their memory: one by one, each
// would be an allocation.
func texts(args [][]byte) []lua.LString {
	if len(args) == 0 {
		return nil
	}
	size := 0
	for _, a := range args {
		size += len(a)
	}
	var all strings.Builder
	all.Grow(size)
	for _, a := range args {
		all.Write(a)
	}
	rest, list := all.String(), make([]lua.LString, len(args))
	for i, a := range args {
		list[i], rest = lua.LString(rest[:len(a)]), rest[len(a):]
	}
	return list
}

// drop forgets the elements, and the table when it is not worth keeping.
func (p *params) drop() {
	list := elements(p.table)
	if cap(*list) > maxParams || !isList(p.table) {
		p.table = nil
		return
	}
	clear((*list)[:cap(*list)])
	*list = (*list)[:0]
}
