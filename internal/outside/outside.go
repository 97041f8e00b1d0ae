// Package outside runs programs that are not part of the module, to show that what the module promises to other modules
// can be used from there.
package outside

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Run builds and runs testdata/outside/main.go of the package under test as a module of its own that requires the one
// in the folder root, and returns what it prints.
func Run(t *testing.T, root string) string {
	t.Helper()
	root, err := filepath.Abs(root)
	check(t, err)
	source, err := os.ReadFile("testdata/outside/main.go")
	check(t, err)
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	check(t, err)
	module := "module example.com/outside\n\ngo 1.26.0\n\nrequire github.com/posline/posline v0.0.0\n\n" +
		"replace github.com/posline/posline => " + root + "\n"
	dir := t.TempDir()
	for name, text := range map[string][]byte{"main.go": source, "go.sum": sums, "go.mod": []byte(module)} {
		check(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
