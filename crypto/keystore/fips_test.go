package keystore_test

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
)

// TestFIPSOnly runs itself again where FIPS 140 mode is enforced: a clear error, no panic.
func TestFIPSOnly(t *testing.T) {
	if !fips140.Enforced() {
		again := exec.Command(os.Args[0], "-test.run=^TestFIPSOnly$")
		again.Env = append(os.Environ(), "GODEBUG=fips140=only")
		out, err := again.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	_, err := keystore.New(vault, keystore.Options{})
	require.ErrorIs(t, err, crypto.ErrFIPS)
	_, err = keystore.Decode([]byte("posline1"), vault, keystore.Options{})
	require.ErrorIs(t, err, crypto.ErrFIPS)
}
