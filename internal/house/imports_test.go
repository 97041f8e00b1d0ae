package house

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/posline/posline"

// arrows lists, for each package tree of the library, what of this module it may import. The longest matching entry
// counts.
var arrows = map[string][]string{
	"spec":                      {},
	"spec/jposxml":              {"spec"},
	"spec/moovspec":             {"spec", "message"},
	"message":                   {"spec", "message/internal"},
	"message/internal/fault":    {},
	"message/internal/clock":    {},
	"message/internal/words":    {},
	"message/internal/wire":     {"message/internal/fault"},
	"message/internal/mask":     {"message/internal/wire"},
	"message/internal/jsontree": {"message/internal/fault"},
	"message/internal/layout":   {"spec", "message/internal/wire", "message/internal/fault", "message/internal/clock"},
	"message/internal/structs":  {"spec", "message/internal/layout", "message/internal/wire", "message/internal/fault"},
	"message/clearing":          {},
	"connection":                {"connection/internal"},
	"connection/internal":       {},
	"connection/saf":            {"connection"},
	"connection/connectiontest": {"connection"},
	"connection/tlsconn":        {"connection"},
	"connection/slogconn":       {"connection"},
	"connection/gzipconn":       {"connection"},
	"connection/routing":        {"connection"},
	"connection/pool":           {"connection"},
	"crypto":                    {"crypto", "internal/keymaterial"},
	"pinblock":                  {"crypto", "internal/keymaterial"},
	"emv":                       {},
	"emv/qr":                    {"emv"},
	"emv/paycode":               {"emv", "emv/qr"},
	"emv/cryptogram":            {"emv", "crypto", "pinblock", "internal/keymaterial"},
	"emv/oda":                   {"emv", "crypto", "pinblock", "internal/keymaterial"},
	"emv/card":                  {"emv", "crypto", "pinblock", "internal/keymaterial"},
	"internal":                  {"internal"},
	"internal/released":         {"crypto", "internal/keymaterial"}, // for tests
}

// outside lists, for each package tree, which modules besides the standard library its non-test code may import.
var outside = map[string][]string{
	"spec/moovspec":   {"github.com/moov-io/iso8583", "gopkg.in/yaml.v3"},
	"crypto/keystore": {"golang.org/x/crypto"},
	"crypto/tr34":     {"golang.org/x/crypto"},
	"crypto/gm":       {"github.com/emmansun/gmsm"},
}

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

func TestImportArrows(t *testing.T) {
	pkgs := list(t, "./...")
	require.NotEmpty(t, pkgs)
	for _, pkg := range pkgs {
		tree := strings.TrimPrefix(pkg.ImportPath, module+"/")
		if under(tree, "examples") || under(tree, "benchmarks") {
			continue
		}
		for _, imported := range pkg.Imports {
			local, ours := strings.CutPrefix(imported, module+"/")
			switch {
			case ours && !anyUnder(local, lookup(arrows, tree)):
				t.Errorf("%s imports %s", tree, local)
			case !ours && strings.Contains(firstElement(imported), ".") && !anyUnder(imported, lookup(outside, tree)):
				t.Errorf("%s imports %s", tree, imported)
			}
		}
	}
}

// lookup returns the entry of the longest tree that holds pkg.
func lookup(m map[string][]string, pkg string) []string {
	for tree := pkg; tree != ""; {
		if list, ok := m[tree]; ok {
			return list
		}
		i := strings.LastIndexByte(tree, '/')
		if i < 0 {
			break
		}
		tree = tree[:i]
	}
	return nil
}

func anyUnder(pkg string, trees []string) bool {
	for _, tree := range trees {
		if under(pkg, tree) {
			return true
		}
	}
	return false
}

func under(pkg, tree string) bool {
	return pkg == tree || strings.HasPrefix(pkg, tree+"/")
}

func firstElement(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func list(t *testing.T, patterns ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps=false", "-json=ImportPath,Standard,Imports,Deps"}, patterns...)...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	var pkgs []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var pkg goPackage
		require.NoError(t, dec.Decode(&pkg))
		pkgs = append(pkgs, pkg)
	}
	return pkgs
}
