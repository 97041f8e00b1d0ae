package cryptogram

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/internal/shown"
	"github.com/posline/posline/pinblock"
)

// No type of this package prints a card's number, a PIN or a key, whatever way it is printed.
func TestNothingSecretShows(t *testing.T) {
	const pan = "6228480402564890018"
	clear := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	card := Card{PAN: crypto.Hide(pan), Sequence: "01"}
	imk := issuerKey(t, "E0", crypto.TDES, clear)
	k, err := DeriveCardKey(imk, card, OptionA)
	require.NoError(t, err)
	s, err := DirectKey(cardKey(t, "E0", crypto.TDES, clear))
	require.NoError(t, err)
	packed := unhex(t, "6228480402564890018F")
	data := emv.AppendTLV(nil, 0x5A, packed)
	new := [8]byte(unhex(t, "2412345FFFFFFFFF"))
	change := PINChange{New: pinOf(t, "12345"), Current: pinOf(t, "12345")}
	keys := ScriptKeys{Integrity: k, Confidentiality: k, Cryptogram: k}
	block := &pinblock.Encrypted{Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: []byte("73916458")}
	command := IssuerCommand{NewPIN: block, CurrentPIN: block}
	update := Command{CLA: 0x84, INS: 0xDC, P1: 1, P2: 12, Data: packed}
	require.Equal(t, "Command(84DC010C, 10 bytes)", fmt.Sprint(IssuerCommand{Command: update}))
	require.Equal(t, "Request(Visa CVN 10, hidden)", fmt.Sprintf("%+v", Request{Profile: VisaCVN10(), Card: card, Data: data}))
	for _, v := range []any{
		update, &update, IssuerCommand{Command: update}, []Command{update},
		card, &card, Request{Card: card, Data: data}, &Request{Card: card, Data: data}, change, &change, command,
		IssuerScriptKeys{Integrity: imk, Cryptogram: imk.Key()},
	} {
		require.Empty(t, shown.In(v, []byte(pan), packed, new[:], clear, []byte("73916458")), "%T", v)
	}
	for _, v := range []any{imk, k, &k, s, keys, &keys, change, &change, *VisaCVN10().NewScript(keys, 1, [8]byte{}), new, tdesWork{}} {
		if _, isPlain := v.([8]byte); isPlain {
			require.NotEmpty(t, shown.In(v, new[:]), "what is looked for is found")
			continue
		}
		require.Empty(t, shown.Inside(v, []byte(pan), clear, new[:]), "%T", v)
	}
}
