package vectortest

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// suffix is a numeric ending of a file's base name: mac-2.json holds the same kind of cases as mac.json.
var suffix = regexp.MustCompile(`[-_.]?[0-9]+$`)

// Files gives every file of testdata/vectors to run, with what checks the cases of files of that name. It fails on a file
// that nothing checks and on a check without a file.
func Files[Check any](t *testing.T, kinds map[string]Check, run func(t *testing.T, file string, check Check)) {
	files, err := filepath.Glob("testdata/vectors/*")
	must(t, err == nil && len(files) > 0, "no vectors")
	seen := map[string]bool{}
	for _, file := range files {
		kind := strings.TrimSuffix(filepath.Base(file), ".json")
		check, known := kinds[kind]
		if !known {
			kind = suffix.ReplaceAllString(kind, "")
			check, known = kinds[kind]
		}
		must(t, known, "%s: nothing here knows this kind of vectors", file)
		seen[kind] = true
		run(t, file, check)
	}
	for kind := range kinds {
		must(t, seen[kind], "no file of kind %s", kind)
	}
}
