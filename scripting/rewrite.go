package scripting

import (
	"errors"

	"github.com/yuin/gopher-lua/ast"
)

// The rewriting of a parsed chunk. It does what cannot be done from outside
// the machine:
//
//   - an assignment to a global becomes one to a field of the read-only table
//     hiddenGlobals, so that it fails as in Redis while reads go straight to the
//     environment;
//   - lib.field of a known library becomes one hidden global, which saves the
//     way through the library's read-only proxy;
//   - a..b..c becomes a call of our own concat: numbers get Lua's text, and
//     the result's length has a limit;
//   - KEYS and ARGV of a script become local variables, which its call sets;
//   - a table constructor with named fields becomes a call that copies a table (shape.go);
//   - redis.call as a statement becomes a call that builds no result, and
//     "return redis.call(…)" of a whole script one that writes the reply.
//
// Hidden names begin with a zero byte, so that no source can spell them.
const (
	hidden          = "\x00"
	hiddenGlobals   = hidden + "G"
	hiddenConcat    = hidden + "concat"
	hiddenConstruct = hidden + "construct"
	hiddenEncode    = hidden + "encode"
	hiddenDo        = hidden + "do"
	hiddenArm       = hidden + "arm"
	hiddenRelay     = hidden + "relay"
)

// maxSyntaxDepth bounds nesting: the compiler recurses over the tree, and a
// Go stack that overflows cannot be caught.
const maxSyntaxDepth = 5000

// maxConcat is the number of operands that one hidden call takes; more are
// joined in groups, for a function has 250 registers.
const maxConcat = 40

var errTooDeep = errors.New("chunk has too many syntax levels")

// rewriter walks a chunk with the names of the local variables in scope.
type rewriter struct {
	fields map[string]bool // "lib.field" that have a hidden global
	kevy   bool            // the chunk names our own global
	script bool
	params bool              // a script names KEYS or ARGV
	relay  bool              // what is returned here is the script's result
	rename map[string]string // names of globals to replace
	locals []string
	depth  int
	err    error
}

// rewrite changes the chunk in place. kevy reports whether it names the global
// that Redis does not have. Of a script, what the chunk returns is the reply, and
// takeParams must be told of the code when it names its parameters.
func rewrite(chunk []ast.Stmt, fields map[string]bool, script bool) (result []ast.Stmt, kevy, params bool, err error) {
	r := &rewriter{fields: fields, relay: script, script: script}
	r.block(chunk)
	if r.params {
		chunk = append([]ast.Stmt{&ast.LocalAssignStmt{Names: []string{hidden + keysName, hidden + argvName}}}, chunk...)
	}
	return chunk, r.kevy, r.params, r.err
}

func (r *rewriter) enter() bool {
	if r.depth++; r.depth > maxSyntaxDepth {
		r.err = errTooDeep
	}
	return r.err == nil
}

func (r *rewriter) leave() { r.depth-- }

func (r *rewriter) isLocal(name string) bool {
	for i := len(r.locals) - 1; i >= 0; i-- {
		if r.locals[i] == name {
			return true
		}
	}
	return false
}

func (r *rewriter) block(stmts []ast.Stmt) {
	mark := len(r.locals)
	r.stmts(stmts)
	r.locals = r.locals[:mark]
}

func (r *rewriter) stmts(stmts []ast.Stmt) {
	for i, s := range stmts {
		stmts[i] = r.stmt(s)
	}
}

func (r *rewriter) stmt(s ast.Stmt) ast.Stmt {
	defer r.leave()
	if !r.enter() {
		return s
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		r.exprs(s.Rhs)
		for i := range s.Lhs {
			s.Lhs[i] = r.target(s.Lhs[i])
		}
	case *ast.LocalAssignStmt:
		r.local(s)
	case *ast.FuncCallStmt:
		r.callStmt(s)
	case *ast.DoBlockStmt:
		r.block(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = r.expr(s.Condition)
		r.block(s.Stmts)
	case *ast.RepeatStmt:
		mark := len(r.locals) // the condition sees the body's locals
		r.stmts(s.Stmts)
		s.Condition = r.expr(s.Condition)
		r.locals = r.locals[:mark]
	case *ast.IfStmt:
		s.Condition = r.expr(s.Condition)
		r.block(s.Then)
		r.block(s.Else)
	case *ast.NumberForStmt:
		s.Init, s.Limit = r.expr(s.Init), r.expr(s.Limit)
		if s.Step != nil {
			s.Step = r.expr(s.Step)
		}
		r.loop([]string{s.Name}, s.Stmts)
	case *ast.GenericForStmt:
		r.exprs(s.Exprs)
		r.loop(s.Names, s.Stmts)
	case *ast.FuncDefStmt:
		return r.funcDef(s)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
		if r.relay && len(s.Exprs) == 1 {
			rename(s.Exprs[0], hiddenRelay)
		}
	}
	return s
}

func (r *rewriter) loop(names []string, body []ast.Stmt) {
	mark := len(r.locals)
	r.locals = append(r.locals, names...)
	r.block(body)
	r.locals = r.locals[:mark]
}

// local follows the compiler's rule: a single function sees its own name.
func (r *rewriter) local(s *ast.LocalAssignStmt) {
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if _, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
			r.locals = append(r.locals, s.Names...)
			r.exprs(s.Exprs)
			return
		}
	}
	r.exprs(s.Exprs)
	r.locals = append(r.locals, s.Names...)
}

// target rewrites the left side of an assignment.
func (r *rewriter) target(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.IdentExpr:
		if !r.isLocal(e.Value) {
			return globalField(e, e.Value)
		}
	case *ast.AttrGetExpr:
		e.Object, e.Key = r.expr(e.Object), r.expr(e.Key)
	}
	return e
}

func globalField(at ast.PositionHolder, name string) ast.Expr {
	key := &ast.StringExpr{Value: name}
	get := &ast.AttrGetExpr{Object: ident(at, hiddenGlobals), Key: key}
	place(key, at)
	place(get, at)
	return get
}

// funcDef: "function name() end" of a global is an assignment like any other.
func (r *rewriter) funcDef(s *ast.FuncDefStmt) ast.Stmt {
	if id, ok := s.Name.Func.(*ast.IdentExpr); ok && s.Name.Method == "" && !r.isLocal(id.Value) {
		a := &ast.AssignStmt{Lhs: []ast.Expr{globalField(s, id.Value)}, Rhs: []ast.Expr{r.expr(s.Func)}}
		place(a, s)
		return a
	}
	if s.Name.Func != nil {
		s.Name.Func = r.target(s.Name.Func)
	}
	if s.Name.Receiver != nil {
		s.Name.Receiver = r.expr(s.Name.Receiver)
		r.function(s.Func, "self")
		return s
	}
	r.function(s.Func)
	return s
}

// callStmt leaves out the result of a redis.call that nobody looks at.
func (r *rewriter) callStmt(s *ast.FuncCallStmt) {
	s.Expr = r.expr(s.Expr)
	rename(s.Expr, hiddenDo)
}

// rename makes a call of redis.call one of another hidden function.
func rename(e ast.Expr, to string) {
	if call, ok := e.(*ast.FuncCallExpr); ok {
		if id, ok := call.Func.(*ast.IdentExpr); ok && id.Value == hidden+"redis.call" {
			id.Value = to
		}
	}
}

func (r *rewriter) function(f *ast.FunctionExpr, implicit ...string) {
	mark, relay := len(r.locals), r.relay
	r.relay = false
	r.locals = append(r.locals, implicit...)
	if f.ParList != nil {
		r.locals = append(r.locals, f.ParList.Names...)
		if f.ParList.HasVargs {
			r.locals = append(r.locals, "arg")
		}
	}
	r.block(f.Stmts)
	r.locals, r.relay = r.locals[:mark], relay
}

func (r *rewriter) exprs(list []ast.Expr) {
	for i, e := range list {
		list[i] = r.expr(e)
	}
}

func (r *rewriter) expr(e ast.Expr) ast.Expr {
	defer r.leave()
	if !r.enter() {
		return e
	}
	switch e := e.(type) {
	case *ast.IdentExpr:
		r.kevy = r.kevy || e.Value == "kevy" && !r.isLocal("kevy")
		if name, ok := r.rename[e.Value]; ok {
			e.Value = name
		}
		if r.script && (e.Value == keysName || e.Value == argvName) && !r.isLocal(e.Value) {
			e.Value, r.params = hidden+e.Value, true
		}
	case *ast.AttrGetExpr:
		return r.attr(e)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			if f.Key != nil {
				f.Key = r.expr(f.Key)
			}
			f.Value = r.expr(f.Value)
		}
		if call := constructor(e); call != nil {
			return call
		}
	case *ast.FuncCallExpr:
		if e.Func != nil {
			e.Func = r.expr(e.Func)
		}
		if e.Receiver != nil {
			e.Receiver = r.expr(e.Receiver)
		}
		r.exprs(e.Args)
		encodeConstructor(e)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	case *ast.UnaryMinusOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.FunctionExpr:
		r.function(e)
	}
	return e
}

func (r *rewriter) attr(e *ast.AttrGetExpr) ast.Expr {
	lib, ok1 := e.Object.(*ast.IdentExpr)
	key, ok2 := e.Key.(*ast.StringExpr)
	if ok1 && ok2 && !r.isLocal(lib.Value) && r.fields[lib.Value+"."+key.Value] {
		r.kevy = r.kevy || lib.Value == "kevy"
		return ident(e, hidden+lib.Value+"."+key.Value)
	}
	e.Object, e.Key = r.expr(e.Object), r.expr(e.Key)
	return e
}

// concat flattens a chain, which leans to the right.
func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	var operands []ast.Expr
	for {
		operands = append(operands, r.expr(e.Lhs))
		next, ok := e.Rhs.(*ast.StringConcatOpExpr)
		if !ok {
			operands = append(operands, r.expr(e.Rhs))
			break
		}
		e = next
	}
	for len(operands) > maxConcat {
		var groups []ast.Expr
		for len(operands) > 0 {
			n := min(maxConcat, len(operands))
			groups = append(groups, concatCall(e, operands[:n:n]))
			operands = operands[n:]
		}
		operands = groups
	}
	return concatCall(e, operands)
}

func concatCall(at ast.PositionHolder, operands []ast.Expr) ast.Expr {
	c := &ast.FuncCallExpr{Func: ident(at, hiddenConcat), Args: operands, AdjustRet: true}
	place(c, at)
	return c
}

func ident(at ast.PositionHolder, name string) *ast.IdentExpr {
	id := &ast.IdentExpr{Value: name}
	place(id, at)
	return id
}

func place(n, at ast.PositionHolder) {
	n.SetLine(at.Line())
	n.SetLastLine(at.LastLine())
}
