package cryptogram

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/fipstest"
)

// Where FIPS 140 mode is enforced, SHA-1 and Triple DES with keys made around it are an error, not a panic.
func TestUnderFIPS(t *testing.T) {
	if !fipstest.Enforced(t) {
		return
	}
	clear := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	imk := issuerKey(t, "E0", crypto.AES, clear)
	long := Card{PAN: crypto.Hide("6228480402564890018"), Sequence: "01"}
	for o, want := range map[Derivation]error{OptionA: nil, OptionB: crypto.ErrFIPS} {
		_, err := long.seed(o)
		require.ErrorIs(t, err, want)
	}
	_, err := DeriveCardKey(imk, long, OptionC)
	require.NoError(t, err)
	var k SessionKey
	fips140.WithoutEnforcement(func() {
		var err error
		k, err = NewSessionKey(importKey(t, "D0", crypto.TDES, "B", clear))
		require.NoError(t, err)
	})
	for e := EncryptVisa; e <= EncryptMChip; e++ {
		_, err := EncryptScriptData(nil, k, e, clear)
		require.ErrorIs(t, err, crypto.ErrFIPS)
		_, err = DecryptScriptData(nil, k, e, clear)
		require.ErrorIs(t, err, crypto.ErrFIPS)
	}
	own, err := NewSessionKey(importKey(t, "D0", crypto.AES, "B", clear))
	require.NoError(t, err)
	sent, err := EncryptScriptData(nil, own, EncryptEMV, clear)
	require.NoError(t, err)
	got, err := DecryptScriptData(nil, own, EncryptEMV, sent)
	require.NoError(t, err)
	require.Equal(t, clear, got)
}
