package scripting

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Report is what can be said about a script or a library without running more
// of it than the top level of a library.
type Report struct {
	Library    string   // its name; "" for a script
	Registered []string // what a library registers, a line each
	Problems   []Problem
}

// Problem is a place in the source that will fail when it is reached.
type Problem struct {
	Line int
	Text string
	// Warning is set where that depends: a plugin may have the command.
	Warning bool
}

// IsLibrary reports whether source is that of a library: its first line says so.
func IsLibrary(source string) bool {
	line, _, _ := strings.Cut(source, "\n")
	return strings.HasPrefix(line, "#!") && strings.Contains(line, "name=")
}

// IsTest reports whether a file holds tests: see Trial. Its name says so.
func IsTest(file string) bool { return strings.HasSuffix(file, "_test.lua") }

// Inspect compiles a script, or loads a library, as the server would, and looks
// for names that do not exist. The error is why it is refused, and begins with file
// and line where it has one. The store keeps what it has loaded, so it had better be a
// fresh one.
func (r *Runner) Inspect(ctx context.Context, file, source string) (*Report, error) {
	if IsLibrary(source) {
		return r.inspectLibrary(file, source)
	}
	code, _, err := scriptShebang(source)
	if err != nil {
		return nil, err
	}
	in := &inspector{shelf: r.shelf, globals: []string{"KEYS", "ARGV"}, commands: r.core.Table()}
	if err := in.source(code, "@"+file, true); err != nil {
		return nil, err
	}
	err = r.core.Do(ctx, 0, [][]byte{[]byte("SCRIPT"), []byte("LOAD"), []byte(source)}, &wire.Collector{})
	return &Report{Problems: in.problems}, err
}

// InspectTest is Inspect for a file of tests: see Trial. Which commands there will be
// depends on what it loads.
func (r *Runner) InspectTest(file, source string) (*Report, error) {
	in := &inspector{shelf: r.shelf}
	for name := range trialFunctions {
		in.globals = append(in.globals, name)
	}
	err := in.source(source, "@"+file, false)
	return &Report{Problems: in.problems}, err
}

func (r *Runner) inspectLibrary(file, source string) (*Report, error) {
	_, code, err := libraryShebang(source)
	if err != nil {
		return nil, err
	}
	l, err := r.loadNamed(source, file)
	if err != nil {
		return nil, err
	}
	report := &Report{Library: l.name}
	for _, f := range l.functions {
		report.Registered = append(report.Registered, line("function "+f.name, f.flags.names))
	}
	for _, d := range l.hooks {
		report.Registered = append(report.Registered, describeHook(d.options))
	}
	for _, d := range l.commands {
		text := fmt.Sprintf("command %s arity=%d", d.spec.Name, d.spec.Arity)
		report.Registered = append(report.Registered, line(text, d.flagNames()))
	}
	for _, d := range l.timers {
		report.Registered = append(report.Registered, fmt.Sprintf("timer %s %s", d.timer.Name, d.timer.When()))
	}
	in := &inspector{shelf: r.shelf, library: true, commands: r.core.Table()}
	err = in.source(code, l.chunk, false)
	report.Problems = in.problems
	return report, err
}

func line(text string, flags []string) string {
	if len(flags) > 0 {
		text += " flags=" + strings.Join(flags, ",")
	}
	return text
}

// flagNames are the flags that the command was registered with.
func (d *commandDef) flagNames() (names []string) {
	for name, flag := range commandFlags {
		if name == "atomic" && d.flags.atomic || flag != 0 && d.spec.Any(flag) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func describeHook(o hook.Options) string {
	text := fmt.Sprintf("hook %s event=%s", o.Name, o.Kind)
	if o.Phase != "" {
		text += " phase=" + o.Phase
	}
	if o.Match != "" {
		text += " match=" + o.Match
	}
	if len(o.Names) > 0 {
		text += " names=" + strings.Join(o.Names, ",")
	}
	if o.Phase == hook.Before {
		return text // it is asked: that is neither of the modes
	}
	mode := o.Mode
	if mode == "" {
		mode = hook.Observe
	}
	return text + " mode=" + string(mode)
}

// inspector looks through compiled code for globals that do not exist, fields
// that a library does not have, and assignments to globals, all of which fail.
type inspector struct {
	shelf    *shelf
	globals  []string       // besides those of the shelf
	library  bool           // what libraries may do while they are loaded is there too
	commands *command.Table // nil: they are not looked at
	problems []Problem
}

// source looks through code that still has the names in it.
func (in *inspector) source(code, name string, script bool) error {
	p, _, err := compileNames(code, name, in.shelf, script)
	if err != nil {
		return err
	}
	in.proto(p)
	return nil
}

func (in *inspector) proto(p *lua.FunctionProto) {
	for pc, inst := range p.Code {
		op, a, _, _, bx := operands(inst)
		if op != lua.OP_GETGLOBAL {
			continue
		}
		name, ok := p.Constants[bx].(lua.LString)
		if !ok {
			continue
		}
		line := p.DbgSourcePositions[pc]
		if text := in.judge(p, pc, a, string(name)); text != "" {
			in.problems = append(in.problems, Problem{Line: line, Text: text})
		}
		if cmd := in.unknownCommand(p, pc, a, string(name)); cmd != "" {
			in.problems = append(in.problems, Problem{line, fmt.Sprintf("there is no command '%s'", cmd), true})
		}
	}
	for _, inner := range p.FunctionPrototypes {
		in.proto(inner)
	}
	slices.SortStableFunc(in.problems, func(a, b Problem) int { return a.Line - b.Line })
}

// judge says what is wrong with reading the global name into register a.
func (in *inspector) judge(p *lua.FunctionProto, pc, a int, name string) string {
	if name == hiddenGlobals {
		if field := in.stored(p, pc, a); field != "" {
			return fmt.Sprintf("assignment to the global '%s': it must be local", field)
		}
		return ""
	}
	if field, ok := strings.CutPrefix(name, hidden); ok {
		if _, there := in.shelf.globals[name]; !there && !in.library {
			return fmt.Sprintf("'%s' exists only in libraries, whose first line is '#!lua name=…'", field)
		}
		return ""
	}
	if _, ok := in.shelf.globals[name]; !ok && !slices.Contains(in.globals, name) {
		return fmt.Sprintf("there is no global '%s'", name)
	}
	for _, lib := range in.shelf.libs {
		if lib.name == name {
			if field := in.read(p, pc, a); field != "" && lib.real.RawGetString(field) == lua.LNil {
				return fmt.Sprintf("%s has no field '%s'", name, field)
			}
		}
	}
	return ""
}

// unknownCommand is the command that is called by name where the function in
// register a is redis.call or redis.pcall, and that does not exist.
func (in *inspector) unknownCommand(p *lua.FunctionProto, pc, a int, fn string) string {
	if in.commands == nil || fn != hiddenDo && fn != hiddenRelay && fn != hidden+"redis.call" && fn != hidden+"redis.pcall" {
		return ""
	}
	name := firstArgument(p, pc, a)
	if name == "" {
		return ""
	}
	if _, ok := in.commands.Lookup([]byte(name)); ok {
		return ""
	}
	return name
}

// firstArgument is the literal text in the first argument of the call of register
// a, which was written at pc.
func firstArgument(p *lua.FunctionProto, pc, a int) (text string) {
	for _, inst := range p.Code[pc+1:] {
		op, ra, _, _, bx := operands(inst)
		switch op {
		case lua.OP_CALL, lua.OP_TAILCALL:
			if ra == a {
				return text
			}
			if ra <= a+1 {
				text = ""
			}
		case lua.OP_LOADK:
			if ra == a+1 {
				s, _ := p.Constants[bx].(lua.LString)
				text = string(s)
			}
		case lua.OP_SETTABLE, lua.OP_SETTABLEKS, lua.OP_SETGLOBAL, lua.OP_SETUPVAL, lua.OP_JMP, lua.OP_EQ, lua.OP_LT,
			lua.OP_LE, lua.OP_TEST, lua.OP_RETURN, lua.OP_SETLIST, lua.OP_CLOSE, lua.OP_NOP: // write no register
		default:
			if ra == a || ra == a+1 {
				text = ""
			}
		}
	}
	return ""
}

// stored is the field that is written to the table in register a.
func (in *inspector) stored(p *lua.FunctionProto, pc, a int) string {
	loaded := map[int]string{} // constants in registers
	for _, inst := range p.Code[pc+1:] {
		op, ra, b, _, bx := operands(inst)
		switch {
		case op == lua.OP_LOADK:
			loaded[ra] = p.Constants[bx].String()
		case op != lua.OP_SETTABLEKS && op != lua.OP_SETTABLE || ra != a:
		case b >= constant:
			return p.Constants[b-constant].String()
		default:
			return loaded[b]
		}
	}
	return ""
}

// read is the field that the next instruction reads from the table in register
// a, if it does.
func (in *inspector) read(p *lua.FunctionProto, pc, a int) string {
	if pc+1 >= len(p.Code) {
		return ""
	}
	op, _, b, c, _ := operands(p.Code[pc+1])
	if op == lua.OP_GETTABLEKS && b == a && c >= constant {
		if field, ok := p.Constants[c-constant].(lua.LString); ok {
			return string(field)
		}
	}
	return ""
}
