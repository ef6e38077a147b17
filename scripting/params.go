package scripting

import lua "github.com/yuin/gopher-lua"

// params is KEYS or ARGV of a pooled state. Nothing of a script lives longer than
// its run, so that the next may have the same table with other elements, as long
// as no script has made more of it than a list.
type params struct {
	name  string
	table *lua.LTable
}

// maxParams is the longest list that is kept for the next run.
const maxParams = 64

// set makes args the elements.
func (p *params) set(s *state, args [][]byte) {
	if p.table == nil {
		p.table = s.stringTable(args)
		s.env.RawSetString(p.name, p.table)
		return
	}
	list := elements(p.table)
	*list = (*list)[:0]
	for _, a := range args {
		*list = append(*list, lua.LString(a))
	}
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
