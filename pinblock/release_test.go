package pinblock_test

import (
	"bytes"
	"encoding/gob"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/released"
	"github.com/posline/posline/pinblock"
)

// Every function gives its keys back, also when it fails.
func TestKeysAreGivenBack(t *testing.T) {
	clear := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	p, s := pin(t, "1234"), pinblock.Software{}
	for name, c := range map[string]struct {
		attributes string
		use        func(k crypto.Key)
	}{
		"PIN key": {"P0TB00N", func(k crypto.Key) {
			key, err := crypto.NewPINKey(k)
			require.NoError(t, err)
			block, err := pinblock.Encrypt(nil, key, pinblock.ISO0, p, testPAN)
			require.NoError(t, err)
			_, err = pinblock.Decrypt(key, pinblock.ISO0, block, testPAN)
			require.NoError(t, err)
			_, err = pinblock.Decrypt(key, pinblock.ISO0, block[1:], testPAN)
			require.ErrorIs(t, err, pinblock.ErrBlock)
			_, err = pinblock.Decrypt(key, pinblock.ISO0, make([]byte, 8), testPAN)
			require.ErrorIs(t, err, pinblock.ErrBlock)
			_, err = pinblock.Encrypt(nil, key, pinblock.ISO0, pinblock.PIN{}, testPAN)
			require.ErrorIs(t, err, pinblock.ErrPIN)
			_, err = pinblock.Encrypt(nil, key, pinblock.ISO4, p, testPAN)
			require.ErrorIs(t, err, crypto.ErrUnsupported)
			in := pinblock.Encrypted{Key: k, Layout: pinblock.ISO0, PAN: crypto.Hide(testPAN), Block: block}
			_, err = s.TranslatePIN(ctx, nil, in, pinblock.Target{Key: k, Layout: pinblock.ISO3, PAN: crypto.Hide(testPAN)})
			require.NoError(t, err)
		}},
		"Visa": {"V2TC00N", func(k crypto.Key) {
			key, err := crypto.NewPVK(k)
			require.NoError(t, err)
			pvv, err := pinblock.AppendPVV(nil, key, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, p)
			require.NoError(t, err)
			require.NoError(t, pinblock.VerifyPVV(key, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, p, string(pvv)))
			require.Error(t, pinblock.VerifyPVV(key, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, p, "x"))
			require.Error(t, pinblock.VerifyPVV(key, pinblock.PVVData{PAN: crypto.Hide("1")}, p, "x"))
		}},
		"Visa, another cipher": {"V2AC00N", func(k crypto.Key) {
			key, err := crypto.NewPVK(k)
			require.NoError(t, err)
			_, err = pinblock.AppendPVV(nil, key, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, p)
			require.ErrorIs(t, err, crypto.ErrUnsupported)
		}},
		"IBM 3624": {"V1TC00N", func(k crypto.Key) {
			key, err := crypto.NewPVK(k)
			require.NoError(t, err)
			_, err = pinblock.NaturalPIN(key, pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, 4)
			require.NoError(t, err)
			_, err = pinblock.PINFromOffset(key, pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, "0000")
			require.NoError(t, err)
			require.Error(t, pinblock.VerifyOffset(key, pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, p, "000"))
		}},
	} {
		k := importKey(t, c.attributes, clear)
		released.After(t, k, name, func() { c.use(k) })
	}
}

// What works with a PIN in between clears it: nothing of one PIN is in the memory that the next takes.
func TestNothingIsLeftOver(t *testing.T) {
	key := pinKey(t, crypto.TDES, unhex(t, desHex))
	for range 50 {
		block, err := pinblock.Encrypt(nil, key, pinblock.ISO0, pin(t, "739164"), testPAN)
		require.NoError(t, err)
		_, err = pinblock.Decrypt(key, pinblock.ISO0, block, testPAN)
		require.NoError(t, err)
		require.True(t, pinblock.ScratchIsClear())
		_, err = pinblock.Decrypt(key, pinblock.ISO0, make([]byte, 8), testPAN)
		require.Error(t, err)
		require.True(t, pinblock.ScratchIsClear())
		_, err = pinblock.AppendOffset(nil, pvk(t, "V1", unhex(t, desHex)), pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, pin(t, "739164"))
		require.NoError(t, err)
		require.True(t, pinblock.ScratchIsClear())
	}
	p := pin(t, "739164")
	copied := p
	p.Wipe()
	require.Zero(t, copied.Len(), "copies share the digits")
	require.Empty(t, copied.AppendClear(nil))
	require.False(t, copied.Equal(copied))
}

// No type of this package that holds a PIN or a card goes into encoding/gob.
func TestNothingIsMarshalledBinary(t *testing.T) {
	for _, v := range []interface{ MarshalBinary() ([]byte, error) }{
		pin(t, "1234"), pinblock.Encrypted{PAN: crypto.Hide(testPAN)}, pinblock.Target{PAN: crypto.Hide(testPAN)}, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, pinblock.OffsetData{PAN: crypto.Hide(testPAN)},
	} {
		b, err := v.MarshalBinary()
		require.ErrorIs(t, err, crypto.ErrExport, "%T", v)
		require.Nil(t, b)
		require.Error(t, gob.NewEncoder(new(bytes.Buffer)).Encode(v), "%T", v)
	}
}
