package cardverify_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/clearkey"
)

// TestHashedDigits writes EMV Book 2 A1.4.2 down with strings, for so many cards that some hashes have too few decimal
// digits and letters are needed.
func TestHashedDigits(t *testing.T) {
	letters := 0
	for n := range 20_000 {
		pan := fmt.Sprintf("%017d", 4761739001010119+int64(n)*7919)
		packed, err := hex.DecodeString("0" + pan + "01")
		require.NoError(t, err)
		sum := sha1.Sum(packed)
		var decimal, rest strings.Builder
		for _, c := range hex.EncodeToString(sum[:]) {
			if c <= '9' {
				decimal.WriteRune(c)
			} else {
				rest.WriteRune(c - 'a' + '0')
			}
		}
		if decimal.Len() < 16 {
			letters++
		}
		got, err := cardverify.Seed(cardverify.Dynamic{PAN: crypto.Hide(pan), Sequence: "01", Derivation: cardverify.OptionB})
		require.NoError(t, err)
		require.Equal(t, (decimal.String() + rest.String())[:16], fmt.Sprintf("%016x", got), pan)
	}
	require.Positive(t, letters)
}

func TestBordersOfThePAN(t *testing.T) {
	k, err := clearkey.Import(crypto.MustAttributes("E4TX00N"), []byte("\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10"))
	require.NoError(t, err)
	imk, err := crypto.NewIMK(k)
	require.NoError(t, err)
	const digits = "12345678901234567890"
	for n, ok := range map[int]bool{0: false, 11: false, 12: true, 19: true, 20: false} {
		d := cardverify.DCVV{Dynamic: cardverify.Dynamic{PAN: crypto.Hide(digits[:n])}, Expiry: "2512", ServiceCode: "201", Counter: "0001"}
		dst, err := cardverify.AppendDCVV([]byte("x"), imk, d)
		if ok {
			require.NoError(t, err)
			require.Len(t, dst, 4)
			continue
		}
		require.ErrorIs(t, err, crypto.ErrUnsupported)
		require.Equal(t, "x", string(dst))
	}
	for _, d := range []any{cardverify.Dynamic{}, cardverify.Authentication{}} {
		_, err := d.(interface{ MarshalBinary() ([]byte, error) }).MarshalBinary()
		require.ErrorIs(t, err, crypto.ErrExport)
	}
}
