package jposxml

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReference runs the packager files of jPOS, and messages that it packed with them, from a folder that is not part
// of this project: set POSLINE_JPOS_REFERENCE to it. It holds jpos-xml/*.xml and iso-messages/jpos-*.jsonl.
func TestReference(t *testing.T) {
	dir := os.Getenv("POSLINE_JPOS_REFERENCE")
	if dir == "" {
		t.Skip("POSLINE_JPOS_REFERENCE is not set: the packager files of jPOS are not run; the other tests of this package have files of their own")
	}
	files, err := filepath.Glob(filepath.Join(dir, "jpos-xml", "*.xml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".xml")
		t.Run(name, func(t *testing.T) {
			codec, warnings := load(t, file)
			for _, w := range warnings {
				t.Log(w)
			}
			count := 0
			for _, messages := range []string{name, name + "-fixed", "golden"} {
				for _, one := range published(t, filepath.Join(dir, "iso-messages", "jpos-"+messages+".jsonl")) {
					if one.Packager != name && one.Packager != name+"-fixed" {
						continue
					}
					one.check(t, codec)
					count++
				}
			}
			t.Logf("%d messages, %d warnings", count, len(warnings))
			require.NotZero(t, count)
		})
	}
}

// published reads a file of messages; none when there is no file.
func published(t *testing.T, name string) (all []exchange) {
	file, err := os.Open(name)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	defer file.Close()
	in := bufio.NewScanner(file)
	in.Buffer(nil, 1<<22)
	for in.Scan() {
		var one exchange
		require.NoError(t, json.Unmarshal(in.Bytes(), &one), fmt.Sprint(name, len(all)))
		all = append(all, one)
	}
	require.NoError(t, in.Err())
	return all
}
