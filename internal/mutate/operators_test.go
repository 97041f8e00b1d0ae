package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// parsed makes a package of one file.
func parsed(t *testing.T, source string) (*tree, *sourcePackage) {
	t.Helper()
	tr := &tree{fset: token.NewFileSet()}
	p := &sourcePackage{path: "p", info: &types.Info{Types: make(map[ast.Expr]types.TypeAndValue),
		Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}}
	f := &sourceFile{pkg: p, path: "p.go", source: []byte(source), base: tr.fset.Base()}
	var err error
	f.syntax, err = parser.ParseFile(tr.fset, f.path, f.source, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	p.files = []*sourceFile{f}
	p.types, err = tr.config.Check("p", tr.fset, p.syntax(), p.info)
	require.NoError(t, err)
	return tr, p
}

// What each operator makes of a line in a function with these variables.
func TestOperators(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string // "operator: line", only of the mutants that compile
	}{
		{"_ = a < b", []string{"boundary: _ = a <= b", "comparison: _ = a >= b"}},
		{"_ = a >= b", []string{"boundary: _ = a > b", "comparison: _ = a < b"}},
		{"_ = a == b", []string{"comparison: _ = a != b"}},
		{"_ = s != `x`", []string{"comparison: _ = s == `x`"}},
		{"_ = ok && no", []string{"logic: _ = ok || no"}},
		{"_ = true", []string{"boolean: _ = false"}},
		{"_ = a + b", []string{"arithmetic: _ = a - b"}},
		{"_ = s + s", nil},
		{"_ = a * b", []string{"arithmetic: _ = a / b"}},
		{"_ = a % b", []string{"arithmetic: _ = a * b"}},
		{"_ = -a", []string{"arithmetic: _ = a"}},
		{"_ = ^a", []string{"bits: _ = a"}},
		{"_ = a &^ b", []string{"bits: _ = a & b"}},
		{"_ = a << b", []string{"bits: _ = a >> b"}},
		{"_ = 0x0F", []string{"constant: _ = 0x10", "constant: _ = 0xe"}},
		{"_ = 'a'", []string{"constant: _ = 'b'", "constant: _ = '`'"}},
		{"_ = make([]int, a, 8)", nil},
		{"_ = make(map[int]int, 2*a+8)", nil},
		{"_ = make([]int, 8)", []string{"constant: _ = make([]int, 9)", "constant: _ = make([]int, 7)"}},
		{"a += b", []string{"arithmetic: a -= b", "remove:"}},
		{"s += s", []string{"remove:"}},
		{"a |= b", []string{"bits: a &= b", "remove:"}},
		{"a++", []string{"increment: a--", "remove:"}},
		{"f()", []string{"remove:"}},
		{"defer f()", []string{"remove:"}},
		{"go f()", []string{"remove:"}},
		{"c <- a", []string{"remove:"}},
		{"if ok { f() }", []string{"condition: if !ok { f() }", "remove: if ok { }"}},
		{"if !ok { }", []string{"condition: if ok { }"}},
		{"if g() { }", []string{"condition: if !g() { }"}},
		{"if ok || no { }", []string{"condition: if !(ok || no) { }", "logic: if ok && no { }"}},
		{"if ok { a = b } else { f() }", []string{"condition: if !ok { a = b } else { f() }", "remove: if ok { } else { f() }",
			"remove: if ok { a = b } else { }", "swap: if ok { f() } else { a = b }"}},
		{"switch { case ok: }", []string{"condition: switch { case !ok: }"}},
		{"for { break }", []string{"branch: for { continue }", "remove: for { }"}},
		{"for ok { continue }", []string{"condition: for !ok { continue }", "branch: for ok { break }", "remove: for ok { }"}},
		{"_ = func() (int, int, error) { return a, b, err }", []string{"error: _ = func() (int, int, error) { return a, b, nil }",
			"results: _ = func() (int, int, error) { return b, a, err }"}},
		{"_ = func() bool { return g() }", []string{"condition: _ = func() bool { return !g() }"}},
		{"_ = func() error { return nil }", nil},
	} {
		tr, p := parsed(t, "package p\nfunc F(a, b int, s string, ok, no bool, c chan int, f func(), g func() bool, err error) {\n\t"+c.line+"\n}\n")
		var got []string
		for _, m := range p.mutants() {
			if strings.HasPrefix(c.line, "_ = ") && m.operator == "remove" && m.after() == "" {
				continue // a test of an expression
			}
			if tr.compiles(m) {
				require.Equal(t, c.line, m.before())
				require.Equal(t, "F", m.function)
				got = append(got, strings.TrimSpace(m.operator+": "+m.after()))
			}
		}
		require.ElementsMatch(t, c.want, got, c.line)
	}
}

func TestPlaces(t *testing.T) {
	_, p := parsed(t, `package p

var table = []int{4}

type kind [2]byte

type list[T any] struct{}

func (l *list[T]) Len() int { return 1 }

func outer() func() int {
	return func() int { return 3 }
}
`)
	type place struct {
		function string
		inBody   bool
		line     int
	}
	got := make(map[place]int)
	for _, m := range p.mutants() {
		if m.operator == "constant" {
			line, _ := m.lines()
			got[place{m.function, m.inBody, line}]++
		}
	}
	require.Equal(t, map[place]int{{"table", false, 3}: 2, {"kind", false, 5}: 2, {"list.Len", true, 9}: 2, {"outer", true, 12}: 2}, got)
}

// Lines are shown whole, with white space collapsed; of several the first.
func TestExcerpt(t *testing.T) {
	_, p := parsed(t, "package p\n\nfunc f(a int,  b func(...int)) {\n\tif a  ==\t1 { b() }\n\tb(\n\t\ta,\n\t\ta,\n\t)\n}\n")
	var got []string
	for _, m := range p.mutants() {
		if m.operator != "constant" {
			got = append(got, m.before()+" => "+m.after())
		}
	}
	require.Equal(t, []string{"if a == 1 { b() } => if a != 1 { b() }", "if a == 1 { b() } => if a == 1 { }", "b( … => "}, got)
}

func TestEquivalents(t *testing.T) {
	_, p := parsed(t, "package p\n\nfunc f(a int) bool { return a > 0 }\n")
	entries, err := parseEquivalents("x.txt", `# a remark

f boundary
- func f(a int) bool { return a > 0 }
+ func f(a int) bool { return a >= 0 }
The caller has seen to it
that a is not 0.

g boundary
- gone
+
No longer there.
`)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Equal(t, "The caller has seen to it that a is not 0.", entries[0].reason)
	require.Equal(t, 9, entries[1].line)
	all := p.mutants()
	rest := excuse(p.mutants(), entries)
	require.Len(t, rest, len(all)-1)
	for _, m := range rest {
		require.NotEqual(t, "boundary", m.operator)
	}
	require.True(t, entries[0].used)
	require.False(t, entries[1].used)

	var out strings.Builder
	err = report(&out, &draw{tree: &tree{root: "/"}, equivalents: entries}, nil, new(options))
	require.ErrorIs(t, err, errUnusedEquivalent)
	require.Contains(t, out.String(), "x.txt:9: no such mutant: g boundary")

	for _, bad := range []string{"f boundary\n- a\n+ b\n", "f boundary\n+ b\n- a\nwhy", "f boundary"} {
		_, err := parseEquivalents("x.txt", bad)
		require.ErrorContains(t, err, "x.txt:1", bad)
	}
}
