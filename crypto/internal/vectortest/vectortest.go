// Package vectortest gives the packages below crypto the module's runner of published vectors.
package vectortest

import (
	"testing"

	"github.com/posline/posline/internal/vectortest"
)

// A Case is one vector.
type Case = vectortest.Case

// Run reads every file of testdata/vectors and gives each case to the function named after the file.
func Run(t *testing.T, kinds map[string]func(t *testing.T, c *Case)) {
	t.Helper()
	vectortest.Run(t, kinds)
}
