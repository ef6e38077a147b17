package scripting

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// compile turns source into a prototype, which any number of states may run at
// the same time. name is a chunk name as Lua has them ("@user_script"). The
// error's text is Lua's: "user_script:1: … near '…'".
func compile(source, name string, sh *shelf) (*lua.FunctionProto, error) {
	proto, _, err := compileChunk(source, name, sh, false, false)
	return proto, err
}

// compileChunk is compile for a chunk that may be a script, whose result is the
// reply, or a library. It also tells whether the source names the global kevy.
func compileChunk(source, name string, sh *shelf, script, library bool) (proto *lua.FunctionProto, kevy bool, err error) {
	proto, kevy, err = compileNames(source, name, sh, script)
	switch {
	case err != nil:
	case library:
		sh.bindInner(proto)
	default:
		sh.bind(proto)
	}
	return proto, kevy, err
}

// compileNames is compileChunk with code that still reads everything by name.
func compileNames(source, name string, sh *shelf, script bool) (proto *lua.FunctionProto, kevy bool, err error) {
	short := chunkID(name)
	defer func() {
		// The compiler panics on what it has no error for.
		if p := recover(); p != nil {
			proto, err = nil, fmt.Errorf("%s:1: cannot be compiled: %v", short, p)
		}
	}()
	if strings.HasPrefix(source, "\x1b") {
		return nil, false, fmt.Errorf("%s: precompiled chunks are not accepted", short)
	}
	chunk, err := parse.Parse(strings.NewReader(source), short)
	if err != nil {
		return nil, false, syntaxError(err, short, source)
	}
	chunk, kevy, params, err := rewrite(chunk, sh.fields, script)
	if err != nil {
		return nil, false, fmt.Errorf("%s:1: %w", short, err)
	}
	proto, err = lua.Compile(chunk, short)
	if err != nil {
		return nil, false, syntaxError(err, short, source)
	}
	setShapes(proto)
	if params {
		takeParams(proto)
	}
	return proto, kevy, nil
}

// takeParams makes parameters of the two local variables with which a chunk begins.
func takeParams(p *lua.FunctionProto) {
	op, a, b, _, _ := operands(p.Code[0])
	if op != lua.OP_LOADNIL || a != 0 || b != 1 {
		panic("the code does not begin with the parameters")
	}
	p.Code[0] = uint32(lua.OP_NOP) << 26
	p.NumParameters = 2
}

// compileMain compiles a chunk that gets no arguments but those of a script: as a
// vararg function it would build a table of them for each call.
func compileMain(source, name string, sh *shelf, script bool) (proto *lua.FunctionProto, kevy bool, err error) {
	proto, kevy, err = compileChunk(source, name, sh, script, !script)
	if err == nil {
		proto.IsVarArg = 0
	}
	return proto, kevy, err
}

// syntaxError puts the parser's and the compiler's errors into Lua's form.
func syntaxError(err error, short, source string) error {
	var p *parse.Error
	if errors.As(err, &p) {
		line, near := p.Pos.Line, "'"+p.Token+"'"
		if line < 0 || p.Token == "" {
			line, near = strings.Count(source, "\n")+1, "'<eof>'"
		}
		msg := strings.TrimSpace(p.Message)
		if msg == "" {
			msg = "syntax error"
		}
		return fmt.Errorf("%s:%d: %s near %s", short, line, strings.ToLower(msg[:1])+msg[1:], near)
	}
	var c *lua.CompileError
	if errors.As(err, &c) {
		return fmt.Errorf("%s:%d: %s", short, max(c.Line, 1), c.Message)
	}
	return fmt.Errorf("%s:1: %w", short, err)
}

// chunkID makes what positions show out of a chunk's name: what follows '=' or
// '@', or the beginning of the source itself.
func chunkID(name string) string {
	const most = 59
	if name == "" {
		return `[string ""]`
	}
	switch name[0] {
	case '=':
		return name[1:min(len(name), most+1)]
	case '@':
		if len(name)-1 > most {
			return "..." + name[len(name)-(most-3):]
		}
		return name[1:]
	}
	line, _, more := strings.Cut(name, "\n")
	if room := most - len(`[string "..."]`); len(line) > room || more {
		line = line[:min(len(line), room)] + "..."
	}
	return `[string "` + line + `"]`
}
