package house

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExamplesUseThePublicPackages reads the imports of every program under examples, those of nested modules included:
// the compiler would let them import this module's internal packages, since their paths begin with its own.
func TestExamplesUseThePublicPackages(t *testing.T) {
	programs := map[string]int{}
	require.NoError(t, filepath.WalkDir("../../examples", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if under(imported, module+"/internal") {
				t.Errorf("%s imports %s", path, imported)
			}
			if under(imported, module) {
				program, _ := filepath.Rel("../../examples", path)
				programs[firstElement(filepath.ToSlash(program))]++
			}
		}
		return nil
	}))
	for _, program := range []string{"iso8583", "quickstart", "realtime"} {
		require.Positive(t, programs[program], program)
	}
}
