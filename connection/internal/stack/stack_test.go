package stack

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHere(t *testing.T) {
	var where string
	func(pan [16]byte) {
		defer func() { recover(); where = string(Here()) }()
		_ = pan[len(where)+16]
	}([16]byte([]byte("5413330089012346")))
	require.Regexp(t, `(?s)^\S*stack\.TestHere\.\S+\n\t\S*stack_test.go:12\n.*\n\S*stack\.TestHere\.func1\n\t\S*stack_test.go:13\n\S*stack\.TestHere\n\t\S*stack_test.go:14\n`, where)
	require.NotContains(t, where, "0x35")
	require.NotContains(t, where, "{")
}
