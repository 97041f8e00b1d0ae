package crypto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/internal/outside"
)

// TestInterfacesOutsideTheModule builds and runs a program of another module that implements the HSM interfaces.
func TestInterfacesOutsideTheModule(t *testing.T) {
	const foreign = "crypto: the key reference belongs to another provider\n"
	require.Equal(t, "<nil>\n"+foreign+"0123456789track <nil>\n"+foreign, outside.Run(t, ".."))
}
