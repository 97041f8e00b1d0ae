package crypto_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// standard matches the name of a published text.
var standard = regexp.MustCompile(
	`X9\.\d+|ISO \d+|SP 800-\d+|FIPS \d+|RFC \d+|EMV Book \d|TR-3[14]|GB/T \d+|GM/T \d+|PCI PIN|IBM 3624|Visa|Mastercard|Q/CUP \d+|PKCS #\d+`)

// noStandard is how a comment says that there is none.
var noStandard = regexp.MustCompile(`no standard`)

// ownNames have no standard: what they are is this library's own, and their comments say so.
var ownNames = map[string]string{
	"crypto Option": "", "crypto KeyOptions": "", // how keys are made
	"crypto/keystore Options": "", "crypto/keystore Store": "", "crypto/keystore Create": "", "crypto/keystore Open": "", // the file's form
	"crypto/keystore Secret": "", "crypto/keystore Key": "", "crypto/keystore New": "", "crypto/keystore Decode": "",
}

// Every exported name says which standard it comes from, in its own comment or in that of its type or of its group of
// constants. Errors and the methods of Go's own interfaces need not.
func TestEveryNameHasItsStandard(t *testing.T) {
	unused := map[string]bool{}
	for name := range ownNames {
		unused[name] = true
	}
	folders := foldersOfKeys(t)
	require.Subset(t, folders, []string{"crypto", "crypto/mac", "crypto/tr34", "pinblock"})
	for _, folder := range folders {
		count := 0
		for name, comments := range exportedNames(t, folder) {
			count++
			if _, own := ownNames[folder+" "+name]; own {
				delete(unused, folder+" "+name)
				assert.False(t, standard.MatchString(comments), "%s %s has a standard after all", folder, name)
				assert.True(t, noStandard.MatchString(comments), "%s %s does not say that it has no standard", folder, name)
				continue
			}
			assert.True(t, standard.MatchString(comments), "%s %s: no standard in its comment", folder, name)
		}
		require.Greater(t, count, 1, folder)
	}
	assert.Empty(t, unused)
}

// foldersOfKeys are the packages of crypto that programs import, and pinblock.
func foldersOfKeys(t *testing.T) []string {
	t.Helper()
	folders := []string{"crypto", "pinblock"}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() && e.Name() != "internal" && e.Name() != "testdata" {
			folders = append(folders, "crypto/"+e.Name())
		}
	}
	return folders
}

// exportedNames are the functions, types and constants of a package with the comments that speak of them. Methods speak
// through their type.
func exportedNames(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	paths, err := filepath.Glob("../" + folder + "/*.go")
	require.NoError(t, err)
	var parsed []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		require.NoError(t, err)
		parsed = append(parsed, file)
	}
	d, err := doc.NewFromFiles(files, parsed, folder)
	require.NoError(t, err)
	names := map[string]string{}
	values := func(values []*doc.Value, of string) {
		for _, v := range values {
			for _, spec := range v.Decl.Specs {
				s := spec.(*ast.ValueSpec)
				for _, n := range s.Names {
					if n.IsExported() && !strings.HasPrefix(n.Name, "Err") {
						names[n.Name] = of + v.Doc + s.Doc.Text() + s.Comment.Text()
					}
				}
			}
		}
	}
	values(append(d.Consts, d.Vars...), "")
	for _, f := range d.Funcs {
		names[f.Name] = f.Doc
	}
	for _, typ := range d.Types {
		names[typ.Name] = typ.Doc
		values(append(typ.Consts, typ.Vars...), typ.Doc)
		for _, f := range typ.Funcs {
			names[f.Name] = f.Doc + typ.Doc
		}
	}
	for name, comments := range names {
		names[name] = strings.ReplaceAll(comments, "\n", " ")
	}
	return names
}
