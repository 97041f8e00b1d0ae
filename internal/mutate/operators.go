package main

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// The operators. Each changes one place; what it makes need not compile, the draw leaves such mutants out.
//
//	boundary    <  <->  <=     >  <->  >=
//	comparison  ==  <->  !=    <  <->  >=    >  <->  <=
//	condition   a condition, a boolean result or a case of a switch without a tag is negated
//	logic       &&  <->  ||
//	boolean     true  <->  false
//	arithmetic  +  <->  -    *  <->  /    %  ->  *    a sign is dropped; in assignments too
//	bits        &  <->  |    ^, &^  ->  &    <<  <->  >>    a complement is dropped; in assignments too
//	increment   ++  <->  --
//	constant    an integer or a character is one more, or one less
//	remove      a call, assignment, send, ++ or --, return, break, continue, go or defer statement is dropped
//	error       a returned error is nil
//	results     two returned values of the same type change places
//	branch      break  <->  continue
//	swap        the two branches of an if change places

// binary lists what a binary operator, alone or in an assignment, becomes.
var binary = map[token.Token][]struct {
	operator string
	becomes  token.Token
}{
	token.LSS:            {{"boundary", token.LEQ}, {"comparison", token.GEQ}},
	token.LEQ:            {{"boundary", token.LSS}, {"comparison", token.GTR}},
	token.GTR:            {{"boundary", token.GEQ}, {"comparison", token.LEQ}},
	token.GEQ:            {{"boundary", token.GTR}, {"comparison", token.LSS}},
	token.EQL:            {{"comparison", token.NEQ}},
	token.NEQ:            {{"comparison", token.EQL}},
	token.LAND:           {{"logic", token.LOR}},
	token.LOR:            {{"logic", token.LAND}},
	token.ADD:            {{"arithmetic", token.SUB}},
	token.SUB:            {{"arithmetic", token.ADD}},
	token.MUL:            {{"arithmetic", token.QUO}},
	token.QUO:            {{"arithmetic", token.MUL}},
	token.REM:            {{"arithmetic", token.MUL}},
	token.AND:            {{"bits", token.OR}},
	token.OR:             {{"bits", token.AND}},
	token.XOR:            {{"bits", token.AND}},
	token.AND_NOT:        {{"bits", token.AND}},
	token.SHL:            {{"bits", token.SHR}},
	token.SHR:            {{"bits", token.SHL}},
	token.ADD_ASSIGN:     {{"arithmetic", token.SUB_ASSIGN}},
	token.SUB_ASSIGN:     {{"arithmetic", token.ADD_ASSIGN}},
	token.MUL_ASSIGN:     {{"arithmetic", token.QUO_ASSIGN}},
	token.QUO_ASSIGN:     {{"arithmetic", token.MUL_ASSIGN}},
	token.REM_ASSIGN:     {{"arithmetic", token.MUL_ASSIGN}},
	token.AND_ASSIGN:     {{"bits", token.OR_ASSIGN}},
	token.OR_ASSIGN:      {{"bits", token.AND_ASSIGN}},
	token.XOR_ASSIGN:     {{"bits", token.AND_ASSIGN}},
	token.AND_NOT_ASSIGN: {{"bits", token.AND_ASSIGN}},
	token.SHL_ASSIGN:     {{"bits", token.SHR_ASSIGN}},
	token.SHR_ASSIGN:     {{"bits", token.SHL_ASSIGN}},
}

// finder walks one file and collects its mutants.
type finder struct {
	file    *sourceFile
	stack   []ast.Node // the way from the file to the node at hand, that node included
	mutants []*mutant
}

// mutants returns every mutant of the package, in the order of files, places and operators.
func (p *sourcePackage) mutants() []*mutant {
	var all []*mutant
	for _, file := range p.files {
		if ast.IsGenerated(file.syntax) {
			continue
		}
		f := &finder{file: file}
		ast.Inspect(file.syntax, f.visit)
		slices.SortStableFunc(f.mutants, func(a, b *mutant) int {
			return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.operator, b.operator), cmp.Compare(a.text, b.text))
		})
		all = append(all, f.mutants...)
	}
	return all
}

func (f *finder) visit(n ast.Node) bool {
	if n == nil {
		f.stack = f.stack[:len(f.stack)-1]
		return true
	}
	f.stack = append(f.stack, n)
	f.expression(n)
	f.statement(n)
	return true
}

// add notes a mutant that replaces the source from start to end.
func (f *finder) add(operator string, start, end token.Pos, text string) {
	m := &mutant{file: f.file, operator: operator, start: f.offset(start), end: f.offset(end), text: text}
	if string(f.file.source[m.start:m.end]) == text || f.hint() {
		return
	}
	f.place(m)
	f.mutants = append(f.mutants, m)
}

// place notes which declaration the mutant stands in.
func (f *finder) place(m *mutant) {
	for _, n := range f.stack {
		switch n := n.(type) {
		case *ast.FuncDecl:
			m.function = n.Name.Name
			if n.Recv != nil {
				m.function = receiver(n.Recv.List[0].Type) + "." + n.Name.Name
			}
		case *ast.ValueSpec:
			if m.function == "" {
				m.function = n.Names[0].Name
			}
		case *ast.TypeSpec:
			if m.function == "" {
				m.function = n.Name.Name
			}
		}
		if body := bodyOf(n); body != nil && !m.inBody && m.start >= f.offset(body.Lbrace) && m.end <= f.offset(body.Rbrace) {
			m.inBody, m.funcStart, m.funcEnd = true, f.offset(body.Lbrace), f.offset(body.Rbrace)
		}
	}
}

func bodyOf(n ast.Node) *ast.BlockStmt {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return n.Body
	case *ast.FuncLit:
		return n.Body
	}
	return nil
}

// receiver returns the name of a receiver's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func (f *finder) offset(p token.Pos) int { return f.file.offset(p) }

func (f *finder) text(n ast.Node) string { return f.file.text(n) }

// parent returns the node around the one at hand, n levels up.
func (f *finder) parent(n int) ast.Node {
	if i := len(f.stack) - 1 - n; i >= 0 {
		return f.stack[i]
	}
	return nil
}

func (f *finder) typeOf(e ast.Expr) types.Type { return f.file.pkg.info.TypeOf(e) }

func (f *finder) basic(e ast.Expr, info types.BasicInfo) bool {
	t := f.typeOf(e)
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&info != 0
}
