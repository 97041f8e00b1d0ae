package card_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
)

// inFCI adds objects to what the issuer put into the answer to SELECT, which nobody signs.
func inFCI(transmit func([]byte) []byte, objects string) func([]byte) []byte {
	return func(command []byte) []byte {
		response := transmit(command)
		inside, ok := emv.TLV(response[:len(response)-2]).Find(0x6F, 0xA5)
		if command[1] != 0xA4 || !ok {
			return response
		}
		own := emv.AppendTLV(bytes.Clone(inside), 0xBF0C, unhex(objects))
		name, _ := emv.TLV(response[:len(response)-2]).Find(0x6F, 0x84)
		return append(emv.AppendTLV(nil, 0x6F, emv.AppendTLV(emv.AppendTLV(nil, 0x84, name), 0xA5, own)), 0x90, 0)
	}
}

// TestObjectsOfTheSelection: what a card says when it is selected, signed by nobody, cannot stand before what its issuer signed
// or what it says in the transaction.
func TestObjectsOfTheSelection(t *testing.T) {
	for objects, want := range map[string]error{
		"":                         nil,
		"5F2403401231":             card.ErrResponse, // a later expiry than the signed one
		"8E0A00000000000000001F00": card.ErrResponse,
		"9F0E050000000001":         card.ErrResponse,
		"82020000":                 card.ErrResponse,
		"940408010100":             card.ErrResponse,
		"5F2403301231":             nil, // the signed one
		"9F4D020B0A":               nil, // not among the records
	} {
		c, _, _ := newCard(t, "UnionPay", nil)
		r := honest(emv.Contact, inFCI(c.Transmit, objects))
		require.NoError(t, r.Select(unionPayDebit))
		selected := r.Card()
		err := r.Start()
		require.ErrorIs(t, err, want, objects)
		if want != nil {
			require.Equal(t, selected, r.Card(), "nothing of it is kept")
			continue
		}
		log, there := r.Value(0x9F4D)
		require.Equal(t, objects == "9F4D020B0A", there)
		require.Equal(t, there, len(log) == 2)
	}
}

// TestCryptogramInTheSelection is none of this transaction, be it one of a card over contacts or of a tap.
func TestCryptogramInTheSelection(t *testing.T) {
	const approval = "9F26080102030405060708" + "9F270140" + "9F36020001"
	c, b := scripted(t, "UnionPay", nil)
	r := honest(emv.Contact, inFCI(c.Transmit, approval))
	require.NoError(t, r.Select(unionPayDebit))
	require.NoError(t, r.Start())
	_, given := r.Done()
	require.False(t, given)
	_, err := r.Complete(emv.TC, done, nil)
	require.ErrorIs(t, err, card.ErrResponse)
	cid, err := r.GenerateAC(emv.ARQC)
	require.NoError(t, err)
	require.Equal(t, emv.ARQC, cid.Type())
	cid, given = r.Done()
	require.True(t, given)
	require.Equal(t, emv.ARQC, cid.Type())
	require.NotEmpty(t, b.answer(t, r), "the cryptogram counts that the card made")

	// A tap that leaves out which cryptogram it gave says it in 9F10, and not when it is selected or in a record.
	for _, where := range []byte{0xA4, 0xB2} {
		c, _ = scripted(t, "UnionPay", func(c *card.Config) { c.Contactless = true })
		options := without(c.Transmit, 0xA8, 0x9F27)
		if where == 0xA4 {
			options = inFCI(options, "9F270140")
		}
		r = honest(emv.Contactless, func(command []byte) []byte {
			response := options(command)
			if inside, ok := emv.TLV(response[:len(response)-2]).Get(0x70); ok && command[1] == where {
				return append(emv.AppendTLV(nil, 0x70, append(unhex("9F270140"), inside...)), 0x90, 0)
			}
			return response
		})
		require.NoError(t, r.Select(unionPayDebit))
		require.NoError(t, r.Start())
		cid, given = r.Done()
		require.True(t, given)
		require.Equal(t, emv.ARQC, cid.Type())
	}
}

// TestCounterAskedForBefore: a counter that the terminal asked for before the transaction began does not stand before that of
// the transaction.
func TestCounterAskedForBefore(t *testing.T) {
	c, b := scripted(t, "UnionPay", func(c *card.Config) { c.Contactless = true })
	r := honest(emv.Contactless, c.Transmit)
	require.NoError(t, r.Select(unionPayDebit))
	require.NoError(t, r.Get(0x9F36))
	require.NoError(t, r.Start())
	counter, _ := r.Value(0x9F36)
	require.Equal(t, []byte{0, 1}, counter)
	require.NotEmpty(t, b.answer(t, r))
}
