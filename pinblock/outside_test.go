package pinblock_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInterfacesOutsideTheModule builds and runs a program of another module that implements the PIN interfaces.
func TestInterfacesOutsideTheModule(t *testing.T) {
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	source, err := os.ReadFile("testdata/outside/main.go")
	require.NoError(t, err)
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	module := "module example.com/outside\n\ngo 1.26.0\n\nrequire github.com/posline/posline v0.0.0\n\n" +
		"replace github.com/posline/posline => " + root + "\n"
	for name, text := range map[string][]byte{"main.go": source, "go.sum": sums, "go.mod": []byte(module)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "ISO-0 to ISO-3|<nil>\n|crypto: the key reference belongs to another provider\n", string(out))
}
