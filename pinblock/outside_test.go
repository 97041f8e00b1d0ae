package pinblock_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/internal/outside"
)

// TestInterfacesOutsideTheModule builds and runs a program of another module that implements the PIN interfaces.
func TestInterfacesOutsideTheModule(t *testing.T) {
	require.Equal(t, "ISO-0 to ISO-3|<nil>\n|crypto: the key reference belongs to another provider\n", outside.Run(t, ".."))
}
