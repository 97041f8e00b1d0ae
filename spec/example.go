package spec

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed examples/*.json
var exampleFiles embed.FS

const exampleFolder = "examples"

// Example returns an example spec by name: a dialect that looks like a card network's, to start a real one from. Examples
// are made from public material, never from a network's own manuals, and are not for certification. They may change with
// any version. "NAME+no-header" is one without the header before its message type. examples/README.md says how the
// constructs in them are written.
func Example(name string) (*Spec, error) {
	base, variant, _ := strings.Cut(name, "+")
	file, err := exampleFiles.Open(exampleFolder + "/" + base + ".json")
	if err != nil {
		return nil, fmt.Errorf("no example spec %q (there are %s)", base, strings.Join(ExampleNames(), ", "))
	}
	s, err := Parse(file)
	switch {
	case err != nil || variant == "":
		return s, err
	case variant != noHeader || len(s.config.Header) == 0:
		return nil, fmt.Errorf("%s has no variant %q", base, variant)
	}
	return s.Derive(Config{Name: s.Name() + ", " + noHeader, Header: []Field{}})
}

const noHeader = "no-header"

// ExampleNames lists the example specs.
func ExampleNames() []string {
	var names []string
	files, _ := fs.Glob(exampleFiles, exampleFolder+"/*.json") // the pattern is good
	for _, file := range files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(file, exampleFolder+"/"), ".json"))
	}
	slices.Sort(names)
	return names
}
