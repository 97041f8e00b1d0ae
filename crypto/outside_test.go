package crypto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/internal/outside"
)

// TestInterfacesOutsideTheModule builds and runs a program of another module that implements the HSM interfaces.
func TestInterfacesOutsideTheModule(t *testing.T) {
	require.Equal(t, "<nil>\ncrypto: the key reference belongs to another provider\n", outside.Run(t, ".."))
}
