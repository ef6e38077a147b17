package scripting

import (
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// The sandbox. Scripts see the globals of a table that they cannot reach
// itself: reads of names in the source go straight to it, writes were rewritten
// (rewrite.go), and _G is an empty proxy. Libraries are proxies too: empty
// tables whose metatable leads to the real one, so that reading works as usual
// and writing meets __newindex. The base functions that look behind metatables
// (rawset, next, setmetatable, …) know the proxies.
//
// Libraries hold no state of a run, so that all states share one set of them.

// library is one global table of functions and constants.
type library struct {
	name  string
	real  *lua.LTable
	proxy *lua.LTable
}

// shelf is the set of libraries that all states share. It is not changed after
// it was made.
type shelf struct {
	libs    []*library
	globals map[string]lua.LValue       // base functions and proxies
	names   map[lua.LValue]string       // of the functions and tables in globals
	proxies map[*lua.LTable]*lua.LTable // proxy → the table behind it
	fields  map[string]bool             // "lib.field", for the rewriter
	strings *lua.LTable                 // the real metatable of strings
	strMeta *lua.LTable                 // its proxy
	// emptyMeta is what getmetatable shows for _G.
	emptyMeta  *lua.LTable
	ipairsStep *lua.LFunction
	load       map[string]*library // what redis and kevy are while a library is loaded
}

var theShelf = sync.OnceValue(newShelf)

func newShelf() *shelf {
	sh := &shelf{globals: map[string]lua.LValue{}, proxies: map[*lua.LTable]*lua.LTable{}, fields: map[string]bool{}, load: map[string]*library{}}
	for name, fn := range baseFunctions {
		sh.globals[name] = goFunction(fn)
	}
	sh.globals["_VERSION"] = lua.LString("Lua 5.1")
	sh.globals[hiddenConcat] = goFunction(concat)
	sh.globals[hiddenConstruct] = goFunction(construct)
	sh.globals[hiddenEncode] = goFunction(encodeConstructed)
	sh.globals[hiddenDo] = goFunction(redisDo)
	sh.globals[hiddenRelay] = goFunction(redisRelay)
	sh.globals[hiddenArm] = goFunction(coroutineArm)
	for _, def := range libraryTables() {
		lib := sh.add(def.name, def.values)
		sh.libs = append(sh.libs, lib)
		sh.globals[lib.name] = lib.proxy
		for field, v := range def.values {
			sh.fields[lib.name+"."+field] = true
			sh.globals[hidden+lib.name+"."+field] = v
		}
	}
	for name, values := range loadTables() {
		real := newTable(values)
		real.Metatable = newTable(map[string]lua.LValue{"__index": goFunction(missingGlobal)})
		sh.load[name] = &library{name: name, real: real, proxy: sh.protect(real, real)}
		for field := range values {
			sh.fields[name+"."+field] = true
		}
	}
	sh.ipairsStep = goFunction(ipairsStep)
	sh.emptyMeta = sh.protect(newTable(nil), nil)
	writes := sh.protect(&lua.LTable{Metatable: lua.LNil}, nil)
	sh.globals[hiddenGlobals] = writes
	sh.stringMeta()
	sh.names = map[lua.LValue]string{}
	for name, v := range sh.globals {
		if v.Type() == lua.LTFunction || v.Type() == lua.LTTable {
			sh.names[v] = name
		}
	}
	return sh
}

func goFunction(fn lua.LGFunction) *lua.LFunction { return &lua.LFunction{IsG: true, GFunction: fn} }

func newTable(values map[string]lua.LValue) *lua.LTable {
	t := &lua.LTable{Metatable: lua.LNil}
	for k, v := range values {
		t.RawSetString(k, v)
	}
	return t
}

func (sh *shelf) add(name string, values map[string]lua.LValue) *library {
	real := newTable(values)
	return &library{name: name, real: real, proxy: sh.protect(real, real)}
}

// protect makes a read-only proxy of real. index is the proxy's __index.
func (sh *shelf) protect(real *lua.LTable, index lua.LValue) *lua.LTable {
	meta := newTable(map[string]lua.LValue{"__newindex": goFunction(refuseWrite)})
	if index != nil {
		meta.RawSetString("__index", index)
	}
	proxy := &lua.LTable{Metatable: meta}
	sh.proxies[proxy] = real
	return proxy
}

// refuseWrite is the __newindex of proxies: the machine called it, so the
// position is that of the script's instruction.
func refuseWrite(L *lua.LState) int {
	raise(L, msgReadonly)
	return 0
}

// stringMeta makes the metatable of strings. Arithmetic on strings that hold
// numbers goes through it, for gopher-lua reads "010" as octal.
func (sh *shelf) stringMeta() {
	str := sh.real("string")
	sh.strings = newTable(map[string]lua.LValue{"__index": str})
	for event, op := range arithmetic {
		sh.strings.RawSetString(event, goFunction(stringArith(event, op)))
	}
	sh.strMeta = sh.protect(newTable(map[string]lua.LValue{"__index": sh.globals["string"]}), nil)
	sh.strMeta.Metatable.(*lua.LTable).RawSetString("__index", sh.proxies[sh.strMeta])
}

func (sh *shelf) real(name string) *lua.LTable {
	for _, l := range sh.libs {
		if l.name == name {
			return l.real
		}
	}
	return nil
}

// behind returns the table that t stands for, and whether it is protected.
func (s *state) behind(t *lua.LTable) (real *lua.LTable, protected bool) {
	if t.Metatable == lua.LNil {
		return t, false
	}
	sh := s.runner.shelf
	if real, ok := sh.proxies[t]; ok {
		return real, true
	}
	if t == s.globalProxy {
		return s.env, true
	}
	return t, false
}

// sandbox fills a new state.
func (s *state) sandbox() {
	sh := s.runner.shelf
	for name, v := range sh.globals {
		s.env.RawSetString(name, v)
	}
	s.env.Metatable = newTable(map[string]lua.LValue{"__index": goFunction(missingGlobal)})
	meta := newTable(map[string]lua.LValue{
		"__index": goFunction(readGlobal), "__newindex": goFunction(refuseWrite),
	})
	s.globalProxy = &lua.LTable{Metatable: meta}
	s.env.RawSetString("_G", s.globalProxy)
	s.L.SetMetatable(lua.LString(""), sh.strings)
}

// missingGlobal is asked for names that the environment does not have.
func missingGlobal(L *lua.LState) int {
	name := L.Get(2).String()
	if name == hiddenDo {
		name = "call"
	} else if field, ok := strings.CutPrefix(name, hidden); ok {
		s := stateOf(L)
		if s.target == nil {
			L.Push(lua.LNil) // a field that the library only has while libraries are loaded
			return 1
		}
		var lib string
		if lib, name, _ = strings.Cut(field, "."); s.env.RawGetString(lib) == lua.LNil {
			name = lib
		}
	}
	raise(L, "Script attempted to access nonexistent global variable '%s'", name)
	return 0
}

// readGlobal reads a field of _G.
func readGlobal(L *lua.LState) int {
	s := stateOf(L)
	key, ok := L.Get(2).(lua.LString)
	if ok && !strings.HasPrefix(string(key), hidden) {
		if v := s.env.RawGetString(string(key)); v != lua.LNil {
			L.Push(v)
			return 1
		}
	}
	raise(L, "Script attempted to access nonexistent global variable '%s'", L.Get(2).String())
	return 0
}

// loading switches redis and kevy between what they are while a library is
// loaded and what they are afterwards. Unless the library is one of ours (all),
// its top level sees nothing but redis, as in Redis; our own operators stay.
func (s *state) loading(on, all bool) {
	sh := s.runner.shelf
	if !all {
		for name, v := range sh.globals {
			if on && !operators[name] {
				v = lua.LNil
			}
			s.env.RawSetString(name, v)
		}
		s.env.RawSetString("_G", s.globalProxy)
		if on {
			s.env.RawSetString("_G", lua.LNil)
		}
	}
	for name, lib := range sh.load {
		s.forget(name)
		if on && (all || name == "redis") {
			s.offer(lib)
		}
		for _, l := range sh.libs {
			if !on && l.name == name {
				s.offer(l)
			}
		}
	}
	if on {
		s.env.RawSetString(hiddenDo, lua.LNil)
	} else {
		s.env.RawSetString(hiddenDo, sh.globals[hiddenDo])
	}
}

// operators are the hidden names that stand for parts of the language.
var operators = map[string]bool{hiddenConcat: true, hiddenConstruct: true, hiddenArm: true, hiddenGlobals: true}

func (s *state) forget(name string) {
	s.env.RawSetString(name, lua.LNil)
	for field := range s.runner.shelf.fields {
		if strings.HasPrefix(field, name+".") {
			s.env.RawSetString(hidden+field, lua.LNil)
		}
	}
}

func (s *state) offer(l *library) {
	s.env.RawSetString(l.name, l.proxy)
	l.real.ForEach(func(k, v lua.LValue) { s.env.RawSetString(hidden+l.name+"."+k.String(), v) })
}

// hiddenKey reports whether a key is one of our own names in the environment.
func hiddenKey(k lua.LValue) bool {
	s, ok := k.(lua.LString)
	return ok && strings.HasPrefix(string(s), hidden)
}
