package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"math/big"
	"strconv"
	"strings"
)

// expression adds the mutants of an expression.
func (f *finder) expression(n ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.UnaryExpr:
		f.unary(n)
	case *ast.BasicLit:
		f.literal(n)
	case *ast.Ident:
		f.boolean(n)
	case *ast.IfStmt:
		f.negate(n.Cond)
	case *ast.ForStmt:
		f.negate(n.Cond)
	case *ast.SwitchStmt:
		if n.Tag == nil {
			for _, clause := range n.Body.List {
				for _, e := range clause.(*ast.CaseClause).List {
					f.negate(e)
				}
			}
		}
	}
}

func (f *finder) binary(n *ast.BinaryExpr) {
	if n.Op == token.ADD && f.basic(n, types.IsString) {
		return
	}
	for _, b := range binary[n.Op] {
		f.add(b.operator, n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), b.becomes.String())
	}
}

func (f *finder) unary(n *ast.UnaryExpr) {
	switch n.Op {
	case token.SUB:
		f.add("arithmetic", n.OpPos, n.OpPos+1, "")
	case token.XOR:
		f.add("bits", n.OpPos, n.OpPos+1, "")
	}
}

// boolean turns true and false around.
func (f *finder) boolean(n *ast.Ident) {
	switch f.file.pkg.info.Uses[n] {
	case types.Universe.Lookup("true"):
		f.add("boolean", n.Pos(), n.End(), "false")
	case types.Universe.Lookup("false"):
		f.add("boolean", n.Pos(), n.End(), "true")
	}
}

// negate turns a condition around, unless another operator does it already.
func (f *finder) negate(e ast.Expr) {
	if e == nil || !f.basic(e, types.IsBoolean) {
		return
	}
	text := f.text(e)
	switch inner := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		if inner.Op != token.LAND && inner.Op != token.LOR {
			return
		}
		f.add("condition", e.Pos(), e.End(), "!("+text+")")
	case *ast.UnaryExpr:
		f.add("condition", inner.OpPos, inner.OpPos+1, "")
	case *ast.Ident:
		if inner.Name != "true" && inner.Name != "false" {
			f.add("condition", e.Pos(), e.End(), "!"+text)
		}
	default:
		f.add("condition", e.Pos(), e.End(), "!"+text)
	}
}

// literal makes an integer or a character one more and one less.
func (f *finder) literal(n *ast.BasicLit) {
	switch n.Kind {
	case token.INT:
		value, ok := new(big.Int).SetString(strings.ReplaceAll(n.Value, "_", ""), 0)
		if !ok {
			return
		}
		for _, step := range []int64{1, -1} {
			changed := new(big.Int).Add(value, big.NewInt(step))
			text := changed.String()
			if changed.Sign() >= 0 && len(n.Value) > 2 && strings.ContainsRune("xX", rune(n.Value[1])) {
				text = "0x" + changed.Text(16)
			}
			f.add("constant", n.Pos(), n.End(), text)
		}
	case token.CHAR:
		value, _, _, err := strconv.UnquoteChar(n.Value[1:len(n.Value)-1], '\'')
		if err != nil {
			return
		}
		f.add("constant", n.Pos(), n.End(), strconv.QuoteRune(value+1))
		if value > 0 {
			f.add("constant", n.Pos(), n.End(), strconv.QuoteRune(value-1))
		}
	}
}

// hint tells whether the node at hand is part of a mere hint: the capacity of a slice or a map to be made.
func (f *finder) hint() bool {
	for i, n := range f.stack[:len(f.stack)-1] {
		call, ok := n.(*ast.CallExpr)
		if !ok || !f.isMake(call) {
			continue
		}
		_, isMap := f.typeOf(call.Args[0]).Underlying().(*types.Map)
		capacity := 2
		if isMap {
			capacity = 1
		}
		if len(call.Args) > capacity && f.stack[i+1] == call.Args[capacity] {
			return true
		}
	}
	return false
}

func (f *finder) isMake(call *ast.CallExpr) bool {
	name, ok := call.Fun.(*ast.Ident)
	return ok && f.file.pkg.info.Uses[name] == types.Universe.Lookup("make")
}
