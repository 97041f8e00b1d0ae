package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// statement adds the mutants of a statement.
func (f *finder) statement(n ast.Node) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for _, b := range binary[n.Tok] {
			if n.Tok != token.ADD_ASSIGN || !f.basic(n.Lhs[0], types.IsString) {
				f.add(b.operator, n.TokPos, n.TokPos+token.Pos(len(n.Tok.String())), b.becomes.String())
			}
		}
	case *ast.IncDecStmt:
		becomes := token.DEC
		if n.Tok == token.DEC {
			becomes = token.INC
		}
		f.add("increment", n.TokPos, n.TokPos+2, becomes.String())
	case *ast.BranchStmt:
		switch n.Tok {
		case token.BREAK:
			f.add("branch", n.TokPos, n.TokPos+5, "continue")
		case token.CONTINUE:
			f.add("branch", n.TokPos, n.TokPos+8, "break")
		}
	case *ast.ReturnStmt:
		f.results(n)
	case *ast.IfStmt:
		if other, ok := n.Else.(*ast.BlockStmt); ok {
			f.add("swap", n.Body.Pos(), other.End(), f.text(other)+" else "+f.text(n.Body))
		}
	}
	f.remove(n)
}

// remove drops a statement that stands in a list of statements.
func (f *finder) remove(n ast.Node) {
	switch f.parent(1).(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
	default:
		return
	}
	if clause, ok := f.parent(1).(*ast.CommClause); ok && clause.Comm == n {
		return
	}
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE {
			return
		}
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.SendStmt, *ast.ReturnStmt, *ast.BranchStmt, *ast.GoStmt, *ast.DeferStmt:
	default:
		return
	}
	f.add("remove", n.Pos(), n.End(), "")
}

// results changes what a function returns.
func (f *finder) results(n *ast.ReturnStmt) {
	signature := f.signature()
	if signature == nil || signature.Results().Len() != len(n.Results) {
		return
	}
	for i, e := range n.Results {
		result := signature.Results().At(i).Type()
		if types.Identical(result, types.Universe.Lookup("error").Type()) && f.text(e) != "nil" {
			f.add("error", e.Pos(), e.End(), "nil")
		}
		f.negate(e)
		if i > 0 && types.Identical(result, signature.Results().At(i-1).Type()) {
			first := n.Results[i-1]
			between := string(f.file.source[f.offset(first.End()):f.offset(e.Pos())])
			f.add("results", first.Pos(), e.End(), f.text(e)+between+f.text(first))
		}
	}
}

// signature returns the type of the function around the node at hand.
func (f *finder) signature() *types.Signature {
	for i := len(f.stack) - 1; i >= 0; i-- {
		switch n := f.stack[i].(type) {
		case *ast.FuncLit:
			s, _ := f.typeOf(n).(*types.Signature)
			return s
		case *ast.FuncDecl:
			s, _ := f.file.pkg.info.Defs[n.Name].Type().(*types.Signature)
			return s
		}
	}
	return nil
}
