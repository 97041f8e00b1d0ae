//go:build amd64 || arm64

package main

import (
	"io"

	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/moovspec"
)

func init() { parseMoov = readMoov }

func readMoov(r io.Reader) (s *spec.Spec, warnings []string, err error) {
	s, found, err := moovspec.ParseJSON(r)
	for _, w := range found {
		warnings = append(warnings, w.String())
	}
	return s, warnings, err
}
