package pinblock_test

import (
	"context"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/pinblock"
)

// A PIN under DUKPT is translated and verified by base key and key serial number: the example of X9.24-1 annex A.
func TestPINUnderDUKPT(t *testing.T) {
	ctx := context.Background()
	unhex := func(text string) []byte {
		b, err := hex.DecodeString(text)
		require.NoError(t, err)
		return b
	}
	k, err := clearkey.Import(crypto.MustAttributes("B0TX00N"), unhex("0123456789ABCDEFFEDCBA9876543210"))
	require.NoError(t, err)
	base, err := crypto.NewBDK(k)
	require.NoError(t, err)
	ksn, err := dukpt.ParseKSN(unhex("FFFF9876543210E00001"))
	require.NoError(t, err)
	pan := crypto.Hide("4012345678909")
	in := pinblock.Encrypted{
		Key: dukpt.Reference{Base: base, KSN: ksn, Purpose: dukpt.ForPIN}, Layout: pinblock.ISO0, Block: unhex("1B9C1845EB993A7A"), PAN: pan,
	}
	zpk, err := clearkey.Import(crypto.MustAttributes("P0TB00N"), unhex("1C1C1C1C1C1C1C1C2C2C2C2C2C2C2C2C"))
	require.NoError(t, err)
	block, err := pinblock.Software{}.TranslatePIN(ctx, nil, in, pinblock.Target{Key: zpk, Layout: pinblock.ISO0, PAN: pan})
	require.NoError(t, err)
	pinKey, err := crypto.NewPINKey(zpk)
	require.NoError(t, err)
	var pin pinblock.PIN
	require.NoError(t, pin.Set([]byte("1234")))
	want, err := pinblock.Encrypt(nil, pinKey, pinblock.ISO0, pin, pan.Text())
	require.NoError(t, err)
	require.Equal(t, want, block)

	out, err := pinblock.Software{}.TranslatePIN(ctx, nil, pinblock.Encrypted{Key: zpk, Layout: pinblock.ISO0, Block: block, PAN: pan}, pinblock.Target{Key: in.Key, Layout: pinblock.ISO0, PAN: pan})
	require.NoError(t, err)
	require.Equal(t, in.Block, out, "and back to the device")

	in.Key = dukpt.Reference{Base: base, KSN: ksn, Purpose: dukpt.ForData}
	_, err = pinblock.Software{}.TranslatePIN(ctx, nil, in, pinblock.Target{Key: zpk, Layout: pinblock.ISO0, PAN: pan})
	require.ErrorIs(t, err, crypto.ErrUsage, "a data key of the same transaction opens no PIN block")
}
