package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// Many mutants fit into one build: each gets a clone of its function, with the mutant in the clone's body, and the
// function begins by handing over to the clone whose mutant is awake:
//
//	func (c *Conn) next(b []byte) (n int, err error) { switch mutantAwake { case 17: return c.mutant17(b) }; ...
//
// A clone is a function of its own, so that labels, named results and variables that shadow parameters mean what they
// meant. The lines of the source stay where they are; clones follow behind, each under a //line of its own name, by which
// the compiler's complaints are known.

const awakeVariable = "MUTATE_AWAKE" // the environment variable with the number of the mutant that is awake

// awakeSource is the file that a package with clones gets, its imports renamed so that they meet no name of the package.
const awakeSource = `package %s

import (
	mutantEnvironment "os"
	mutantNumber "strconv"
)

var mutantAwake, _ = mutantNumber.Atoi(mutantEnvironment.Getenv("` + awakeVariable + `"))
`

// host returns the function whose clone can bear the mutant: the declared function around it. A function that asks for
// the frame it runs in (recover, runtime.Caller) would find the clone's, so it is none.
func (m *mutant) host() *ast.FuncDecl {
	if !m.inBody {
		return nil
	}
	for _, d := range m.file.syntax.Decls {
		decl, ok := d.(*ast.FuncDecl)
		if ok && decl.Body != nil && m.file.offset(decl.Body.Lbrace) < m.start && m.end <= m.file.offset(decl.Body.Rbrace) {
			if m.file.asksForFrame(decl.Body) {
				return nil
			}
			return decl
		}
	}
	return nil
}

// asksForFrame tells whether the body uses what depends on the function it is called from.
func (f *sourceFile) asksForFrame(body *ast.BlockStmt) bool {
	asks := false
	ast.Inspect(body, func(n ast.Node) bool {
		if name, ok := n.(*ast.Ident); ok {
			used := f.pkg.info.Uses[name]
			asks = asks || used != nil && (name.Name == "recover" && used.Pkg() == nil ||
				strings.HasPrefix(name.Name, "Caller") && used.Pkg() != nil && used.Pkg().Path() == "runtime")
		}
		return !asks
	})
	return asks
}

// graft returns the file with a clone for each of its mutants, which all have a host. The numbers are the mutants' own.
func (f *sourceFile) graft(mutants []*mutant, numbers map[*mutant]int) []byte {
	byHost := make(map[*ast.FuncDecl][]*mutant)
	for _, m := range mutants {
		byHost[m.host()] = append(byHost[m.host()], m)
	}
	var edits []edit
	var clones bytes.Buffer
	for _, d := range f.syntax.Decls {
		decl, ok := d.(*ast.FuncDecl)
		if !ok || len(byHost[decl]) == 0 {
			continue
		}
		h := f.header(decl)
		edits = append(edits, h.edits...)
		var hand strings.Builder
		for _, m := range byHost[decl] {
			fmt.Fprintf(&hand, "case %d: %s; ", numbers[m], h.handOver(numbers[m]))
			fmt.Fprintf(&clones, "\n//line mutant%d.go:1\n%s %s\n", numbers[m], h.clone(numbers[m]), f.mutatedBody(m, decl.Body))
		}
		brace := f.offset(decl.Body.Lbrace) + 1
		edits = append(edits, edit{brace, brace, " switch mutantAwake { " + hand.String() + "};"})
	}
	return append(apply(f.source, edits), clones.Bytes()...)
}

func (f *sourceFile) mutatedBody(m *mutant, body *ast.BlockStmt) string {
	from, to := f.offset(body.Lbrace), f.offset(body.Rbrace)+1
	return string(f.source[from:m.start]) + m.text + string(f.source[m.end:to])
}

// header is what a clone takes over from its function, and how the function calls it.
type header struct {
	receiver       string // with its parentheses, empty for a function
	receiverName   string
	typeParameters string // with their brackets
	typeArguments  string
	parameters     string
	arguments      string
	results        string
	edits          []edit // that name what the function left unnamed
}

func (f *sourceFile) header(decl *ast.FuncDecl) *header {
	h := &header{}
	if decl.Recv != nil {
		var names []string
		h.receiver, names = h.named(f, decl.Recv, "mutantReceiver")
		h.receiver, h.receiverName = h.receiver+" ", names[0]+"."
	}
	if generic := decl.Type.TypeParams; generic != nil {
		h.typeParameters = f.text(generic)
		var names []string
		for _, field := range generic.List {
			for _, name := range field.Names {
				names = append(names, name.Name)
			}
		}
		h.typeArguments = "[" + strings.Join(names, ", ") + "]"
	}
	var names []string
	h.parameters, names = h.named(f, decl.Type.Params, "mutantArgument")
	h.arguments = strings.Join(names, ", ")
	if decl.Type.Results != nil {
		h.results = " " + f.text(decl.Type.Results)
	}
	return h
}

// named returns a list of parameters in which each has a name, and the names as arguments of a call.
func (h *header) named(f *sourceFile, list *ast.FieldList, newName string) (text string, arguments []string) {
	var fields []string
	renamed := false
	for _, field := range list.List {
		idents := field.Names
		if len(idents) == 0 {
			idents = []*ast.Ident{ast.NewIdent("_")}
		}
		for _, ident := range idents {
			name := ident.Name
			if name == "_" {
				name = fmt.Sprint(newName, len(fields))
				renamed = true
			}
			fields = append(fields, name+" "+f.text(field.Type))
			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				name += "..."
			}
			arguments = append(arguments, name)
		}
	}
	text = "(" + strings.Join(fields, ", ") + ")"
	if renamed {
		h.edits = append(h.edits, edit{f.offset(list.Opening), f.offset(list.Closing) + 1, text})
	}
	return text, arguments
}

// clone returns the header of the clone with that number.
func (h *header) clone(number int) string {
	return fmt.Sprintf("func %smutant%d%s%s%s", h.receiver, number, h.typeParameters, h.parameters, h.results)
}

// handOver returns the statement by which the function lets the clone do its work.
func (h *header) handOver(number int) string {
	call := fmt.Sprintf("%smutant%d%s(%s)", h.receiverName, number, h.typeArguments, h.arguments)
	if h.results == "" {
		return call + "; return"
	}
	return "return " + call
}

// edit replaces the bytes from start to end.
type edit struct {
	start, end int
	text       string
}

// apply returns the source with the edits made.
func apply(source []byte, edits []edit) []byte {
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(append(out, source[at:e.start]...), e.text...)
		at = e.end
	}
	return append(out, source[at:]...)
}

func (f *sourceFile) offset(p token.Pos) int { return int(p) - f.base }

func (f *sourceFile) text(n ast.Node) string {
	return string(f.source[f.offset(n.Pos()):f.offset(n.End())])
}
