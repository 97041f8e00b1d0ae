package cryptogram

import (
	"context"
	"crypto/des"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
)

// An issuer's key may only derive. Taken for a card's key and used directly it would encrypt any block: the two that are
// the halves of a card's key, for one.
func TestAnIssuersKeyComputesNothing(t *testing.T) {
	clear := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	for _, usage := range []string{"E0", "E1", "E2", "E3", "E4", "E5", "E6"} {
		k, err := NewCardKey(importKey(t, usage, crypto.TDES, "X", clear))
		require.NoError(t, err)
		s, err := DirectKey(k)
		require.ErrorIs(t, err, crypto.ErrUsage, usage)
		require.Zero(t, s.Key().Attributes())
	}
	k, err := NewCardKey(importKey(t, "E4", crypto.TDES, "X", clear))
	require.NoError(t, err)
	_, err = MastercardIVCVC3(k, []byte("track"))
	require.ErrorIs(t, err, crypto.ErrUsage)
	k, err = NewCardKey(importKey(t, "E0", crypto.TDES, "N", clear))
	require.NoError(t, err)
	_, err = DirectKey(k)
	require.NoError(t, err, "a card's key, which computes")
}

// An ARPC under the card's key is a block encrypted under it, and so are the halves of a session key: whoever asks for
// the response to a "cryptogram" of his choice gets none.
func TestResponsesAreNoOracle(t *testing.T) {
	for name, c := range everyProfile {
		p, err := ProfileFor(c.rid, unhex(t, c.iad))
		require.NoError(t, err)
		imk, d := sale(t, p, testCard, c.iad)
		ac, there := d.Get(0x9F26)
		require.True(t, there)
		copy(ac, []byte{0, 1, 0xF0, 0, 0, 0, 0, 0}) // what half a session key is the encryption of
		for _, r := range []Request{
			{Card: testCard, RID: c.rid, Data: d},
			{Card: testCard, RID: c.rid, Data: d, Profile: withCardsKey(p)},
		} {
			response, err := Software{}.AppendResponse(context.Background(), []byte("x"), imk, r, Answer{})
			require.ErrorIs(t, err, crypto.ErrVerify, name)
			require.Equal(t, "x", string(response))
		}
	}
}

// withCardsKey makes the profile respond under the card's key, as a caller could ask for.
func withCardsKey(p Profile) Profile {
	if p.Response != NoResponse {
		p.Response = Response1Card
	}
	return p
}

// The attack that TestResponsesAreNoOracle is about, carried out below the seam with the card's own key: it shows what
// the check is worth.
func TestWhatTheOracleWouldShow(t *testing.T) {
	clear := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	k, err := NewCardKey(importKey(t, "E0", crypto.TDES, "N", clear))
	require.NoError(t, err)
	direct, err := DirectKey(k)
	require.NoError(t, err)
	half, err := ARPC1(direct, [8]byte{0, 1, 0xF0}, emv.ARC{})
	require.NoError(t, err)
	block, err := des.NewTripleDESCipher(append(append([]byte(nil), clear...), clear[:8]...))
	require.NoError(t, err)
	want := []byte{0, 1, 0xF0, 0, 0, 0, 0, 0}
	block.Encrypt(want, want)
	require.Equal(t, want, half[:], "half of the session key of transaction 1")
}
