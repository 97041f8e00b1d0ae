package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// tree is the module and the packages that mutants are drawn from.
type tree struct {
	root     string // the module's folder
	module   string // its path
	tags     string
	fset     *token.FileSet
	config   types.Config
	packages []*sourcePackage // ordered by import path
}

// sourcePackage is one package as it stands in the tree, type-checked.
type sourcePackage struct {
	path, dir string
	files     []*sourceFile
	info      *types.Info
	types     *types.Package
}

type sourceFile struct {
	pkg    *sourcePackage
	path   string // absolute
	source []byte
	syntax *ast.File
	base   int // the position of the file's first byte in the file set
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Name, Dir, Export string
	GoFiles                       []string
	TestGoFiles, XTestGoFiles     []string
	DepOnly                       bool
	Module                        *struct{ Path, Dir string }
}

// openTree finds the module that the packages belong to and loads them.
func openTree(ctx context.Context, o *options) (*tree, error) {
	root, patterns, err := locate(o.packages)
	if err != nil {
		return nil, err
	}
	if o.internal {
		for _, p := range slices.Clone(patterns) {
			patterns = append(patterns, strings.TrimSuffix(p, "/...")+"/internal/...")
		}
	}
	t := &tree{root: root, tags: o.tags, fset: token.NewFileSet()}
	if len(patterns) == 0 {
		if patterns, err = t.changedPackages(ctx, o.changed); err != nil || len(patterns) == 0 {
			return t, err
		}
	}
	return t, t.load(ctx, patterns)
}

// locate turns what the user wrote into patterns below the module's folder: "crypto", "./crypto" and
// "crypto/internal/..." are folders below the working directory, anything else is left to the go command.
func locate(packages []string) (root string, patterns []string, err error) {
	from := "."
	for _, p := range packages {
		folder, _, _ := strings.Cut(p, "...")
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			from = folder
			break
		}
	}
	if root, err = moduleRoot(from); err != nil {
		return "", nil, err
	}
	for _, p := range packages {
		folder, rest, wild := strings.Cut(p, "...")
		if info, err := os.Stat(folder); folder == "" || err != nil || !info.IsDir() {
			patterns = append(patterns, p)
			continue
		}
		abs, err := filepath.Abs(folder)
		if err != nil {
			return "", nil, err
		}
		rel, err := filepath.Rel(root, abs)
		if err != nil || strings.HasPrefix(rel, "..") {
			return "", nil, fmt.Errorf("%s is outside the module in %s", p, root)
		}
		pattern := "./" + filepath.ToSlash(rel)
		if wild {
			pattern += "/..." + rest
		}
		patterns = append(patterns, pattern)
	}
	return root, patterns, nil
}

// moduleRoot returns the nearest folder at or above dir that holds a go.mod.
func moduleRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("no go.mod at or above %s", dir)
		}
	}
}

// load reads and type-checks the packages that match; programs (package main) are left out of patterns with dots.
func (t *tree) load(ctx context.Context, patterns []string) error {
	all, err := t.list(ctx, append([]string{"-deps", "-export"}, patterns...)...)
	if err != nil {
		return err
	}
	exports := make(map[string]string)
	for _, l := range all {
		exports[l.ImportPath] = l.Export
	}
	arch, err := t.command(ctx, "env", "GOARCH").Output()
	if err != nil {
		return err
	}
	t.config = types.Config{
		Importer: importer.ForCompiler(t.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }),
		Sizes:    types.SizesFor("gc", strings.TrimSpace(string(arch))),
	}
	wild := slices.ContainsFunc(patterns, func(p string) bool { return strings.Contains(p, "...") })
	for _, l := range all {
		if l.DepOnly || len(l.GoFiles) == 0 || wild && l.Name == "main" {
			continue
		}
		t.module = l.Module.Path
		if err := t.loadPackage(l); err != nil {
			return err
		}
	}
	slices.SortFunc(t.packages, func(a, b *sourcePackage) int { return strings.Compare(a.path, b.path) })
	return nil
}

func (t *tree) loadPackage(l listed) error {
	p := &sourcePackage{path: l.ImportPath, dir: l.Dir}
	for _, name := range slices.Sorted(slices.Values(l.GoFiles)) {
		f := &sourceFile{pkg: p, path: filepath.Join(l.Dir, name)}
		var err error
		if f.source, err = os.ReadFile(f.path); err != nil {
			return err
		}
		f.base = t.fset.Base()
		if f.syntax, err = parser.ParseFile(t.fset, f.path, f.source, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return err
		}
		p.files = append(p.files, f)
	}
	p.info = &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}
	var err error
	if p.types, err = t.config.Check(p.path, t.fset, p.syntax(), p.info); err != nil {
		return err
	}
	t.packages = append(t.packages, p)
	return nil
}

func (p *sourcePackage) syntax() []*ast.File {
	files := make([]*ast.File, len(p.files))
	for i, f := range p.files {
		files[i] = f.syntax
	}
	return files
}

// compiles tells whether the package still type-checks with the mutant in it.
func (t *tree) compiles(m *mutant) bool {
	mutated, err := parser.ParseFile(t.fset, m.file.path, m.source(), parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	files := m.file.pkg.syntax()
	files[slices.Index(m.file.pkg.files, m.file)] = mutated
	_, err = t.config.Check(m.file.pkg.path, t.fset, files, nil)
	return err == nil
}

// command prepares a go command that runs in the module's folder.
func (t *tree) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = t.root
	return cmd
}

func (t *tree) list(ctx context.Context, args ...string) ([]listed, error) {
	cmd := t.command(ctx, append([]string{"list", "-tags=" + t.tags,
		"-json=ImportPath,Name,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles,DepOnly,Module"}, args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, &complaint)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var l listed
		if err := dec.Decode(&l); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}
