package crypto_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/internal/fipstest"
)

// TestUnderFIPS: where FIPS 140 mode is enforced, what is not approved is an error, not a panic, and the rest
// works.
func TestUnderFIPS(t *testing.T) {
	if !fipstest.Enforced(t) {
		return
	}
	for _, attributes := range []string{"P0TB00N", "B0TX00N", "C0TC00N", "K04B00N"} {
		_, err := clearkey.Import(crypto.MustAttributes(attributes), unhex(t, secretHex), fakeSM4)
		require.ErrorIs(t, err, crypto.ErrFIPS, attributes)
		_, err = crypto.GenerateKey(crypto.MustAttributes(attributes), 128, fakeSM4)
		require.ErrorIs(t, err, crypto.ErrFIPS, attributes)
	}
	_, err := cardverify.AppendCVC3(nil, crypto.IMK{}, cardverify.CVC3{Dynamic: cardverify.Dynamic{
		PAN: crypto.Hide("4111111111111111"), Derivation: cardverify.OptionBHashed,
	}})
	require.ErrorIs(t, err, crypto.ErrNoKey)

	data := dataKey(t, "D0AB00N", secretHex)
	for mode := crypto.ECB; mode <= crypto.OFB; mode++ {
		iv := make([]byte, 16)
		if mode == crypto.ECB {
			iv = nil
		}
		_, err := data.AppendEncrypt(nil, mode, iv, make([]byte, 32))
		require.NoError(t, err)
	}
	_, err = data.AEAD()
	require.ErrorIs(t, err, crypto.ErrFIPS)
	var around crypto.DataKey
	fips140.WithoutEnforcement(func() { around = dataKey(t, "D0TB00N", secretHex) })
	for mode := crypto.ECB; mode <= crypto.OFB; mode++ {
		_, err := around.AppendEncrypt(nil, mode, make([]byte, 8), make([]byte, 32))
		require.ErrorIs(t, err, crypto.ErrFIPS)
	}
	_, err = clearkey.Import(crypto.MustAttributes("M7HC00N"), unhex(t, secretHex[:26]))
	require.ErrorIs(t, err, crypto.ErrFIPS, "thirteen bytes")
	var short crypto.Key
	fips140.WithoutEnforcement(func() { short = importKey(t, "M7HC00N", secretHex[:26]) })
	_, err = short.KCV(crypto.KCVHMAC, 3)
	require.ErrorIs(t, err, crypto.ErrFIPS)
	long := importKey(t, "M7HC00N", secretHex[:28])
	_, err = long.KCV(crypto.KCVHMAC, 3)
	require.NoError(t, err)
	f, err := crypto.NewFF1(data, 10)
	require.NoError(t, err)
	_, err = f.AppendEncrypt(nil, nil, []byte("123456"))
	require.NoError(t, err)

	bdk, err := crypto.NewBDK(importKey(t, "B0AX00N", secretHex))
	require.NoError(t, err)
	ksn, err := dukpt.ParseKSN(unhex(t, "123456789012345600000001"))
	require.NoError(t, err)
	var tx dukpt.AES
	require.NoError(t, tx.DeriveFromBDK(bdk, ksn))
	_, err = tx.PIN(dukpt.AES128)
	require.NoError(t, err)
	_, err = tx.PIN(dukpt.TDES2)
	require.ErrorIs(t, err, crypto.ErrFIPS)
}
