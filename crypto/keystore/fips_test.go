package keystore_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/internal/fipstest"
)

// TestFIPSOnly: where FIPS 140 mode is enforced, there is a clear error and no panic.
func TestFIPSOnly(t *testing.T) {
	if !fipstest.Enforced(t) {
		return
	}
	_, err := keystore.New(vault, keystore.Options{})
	require.ErrorIs(t, err, crypto.ErrFIPS)
	_, err = keystore.Decode([]byte("posline1"), vault, keystore.Options{})
	require.ErrorIs(t, err, crypto.ErrFIPS)

	var store *keystore.Store
	fips140.WithoutEnforcement(func() {
		var err error
		store, err = keystore.New(vault, keystore.Options{})
		require.NoError(t, err)
	})
	dst, err := store.Append([]byte("x"))
	require.ErrorIs(t, err, crypto.ErrFIPS)
	require.Equal(t, "x", string(dst))
}
