//go:build amd64 || arm64

package moovspec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorded is a line that testdata/moovtests/record.go.txt writes.
type recorded struct{ Test, Call, Outcome, Detail string }

// hooked are the places in moov's message.go at which the recorder is called.
var hooked = [][2]string{
	{"\treturn m.wrapErrorPack()\n", "\tpacked, err := m.wrapErrorPack()\n\tm.observe(OnPack, packed, err)\n\treturn packed, err\n"},
	{"\treturn m.wrapErrorUnpack(src)\n", "\terr := m.wrapErrorUnpack(src)\n\tm.observe(OnUnpack, src, err)\n\treturn err\n"},
}

const hooks = `
var OnPack, OnUnpack func(m *Message, wire []byte, err error)

func (m *Message) observe(hook func(*Message, []byte, error), wire []byte, err error) {
	if hook != nil {
		m.mu.Unlock()
		defer m.mu.Lock()
		hook(m, wire, err)
	}
}
`

// runMoovsTests runs the tests of moov's root package, from a copy of the module with the recorder among them.
func runMoovsTests(t *testing.T) []recorded {
	t.Helper()
	var module struct{ Dir, GoMod string }
	found, err := exec.Command("go", "list", "-m", "-json", "github.com/moov-io/iso8583").Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(found, &module))
	dir := t.TempDir()
	moov := filepath.Join(dir, "moov")
	require.NoError(t, os.CopyFS(moov, os.DirFS(module.Dir)))
	source, err := os.ReadFile(filepath.Join(moov, "message.go"))
	require.NoError(t, err)
	for _, hook := range hooked {
		require.Equal(t, 1, bytes.Count(source, []byte(hook[0])), hook[0])
		source = bytes.Replace(source, []byte(hook[0]), []byte(hook[1]), 1)
	}
	recorder, err := os.ReadFile("testdata/moovtests/record.go.txt")
	require.NoError(t, err)
	root := filepath.Join("..", "..")
	modules, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"moov/message.go":             append(source, hooks...),
		"moov/posline_record_test.go": recorder,
		"go.mod":                      fmt.Appendf(modules, "\nreplace github.com/moov-io/iso8583 => %s\n", moov),
		"go.sum":                      sums,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	run := exec.Command("go", "test", "-vet=off", "-count=1", "-modfile="+filepath.Join(dir, "go.mod"), "github.com/moov-io/iso8583")
	run.Env = append(os.Environ(), "POSLINE_RECORD="+filepath.Join(dir, "records"))
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	lines, err := os.ReadFile(filepath.Join(dir, "records"))
	require.NoError(t, err)
	var list []recorded
	for line := range bytes.Lines(lines) {
		var r recorded
		require.NoError(t, json.Unmarshal(line, &r))
		list = append(list, r)
	}
	return list
}

// Every message that moov's own tests pack or unpack has the same bytes and the same values here, as the moving guide has
// it: what moov packs without a message type is AppendBody's, and UnsetUnknown drops what moov drops. Most of what both
// refuse is what moov's fuzzing starts from.
func TestMoovsOwnTests(t *testing.T) {
	counts := map[string]int{}
	var others []recorded
	for _, r := range runMoovsTests(t) {
		counts[r.Call+" "+r.Outcome]++
		if r.Outcome != "equal" && r.Outcome != "both refuse" {
			others = append(others, r)
		}
	}
	require.Empty(t, others)
	require.Equal(t, map[string]int{"unpack equal": 66, "unpack both refuse": 55, "pack equal": 52, "pack both refuse": 1}, counts)
}
