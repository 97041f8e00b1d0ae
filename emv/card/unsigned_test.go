package card_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/oda"
)

// without takes the objects of a tag out of the answers to a command.
func without(transmit func([]byte) []byte, ins byte, tag emv.Tag) func([]byte) []byte {
	return func(command []byte) []byte {
		response := transmit(command)
		inside, ok := emv.TLV(response[:len(response)-2]).Get(0x77)
		if command[1] != ins || !ok {
			return response
		}
		var left []byte
		for t, v := range inside.TLV().All() {
			if t != tag {
				left = emv.AppendTLV(left, t, v)
			}
		}
		return append(emv.AppendTLV(nil, 0x77, left), response[len(response)-2:]...)
	}
}

// TestCombinedWithoutSignature: whoever takes the signature away gets no cryptogram accepted; a card that declines need not
// sign, in either format.
func TestCombinedWithoutSignature(t *testing.T) {
	for _, asked := range []emv.CryptogramType{emv.ARQC, emv.TC} {
		c, _, pki := newCard(t, "UnionPay", nil)
		var keys oda.CAKeys
		keys.Add(pki.CA)
		r := reader(t, c, "UnionPay")
		require.NoError(t, r.Authenticate(&keys, today))
		honest := r.Transmit
		r.Transmit = without(honest, 0xAE, 0x9F4B)
		_, err := r.GenerateCombinedAC(asked)
		require.ErrorIs(t, err, oda.ErrMissing)
		_, given := r.Done()
		require.False(t, given, "nothing of it is kept")

		r.Transmit = func([]byte) []byte { return unhex("800B40000101020304050607089000") }
		_, err = r.GenerateCombinedAC(asked)
		require.ErrorIs(t, err, oda.ErrMissing)
		r.Transmit = func([]byte) []byte { return unhex("800B00000101020304050607089000") }
		cid, err := r.GenerateCombinedAC(asked)
		require.NoError(t, err)
		require.Equal(t, emv.AAC, cid.Type())
	}
}
