package payshield_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
)

// mChipRequest is a transaction of an M/Chip card, with no cryptogram worth the name.
func mChipRequest(t testing.TB) cryptogram.Request {
	t.Helper()
	data, err := emv.ParseHex("9F2608000000000000000095050000000000" + "9F02060000000019999F1A020156" + "5F2A0201569A032611299C0100" +
		"9F370453446578" + "820258009F36020007" + "9F10120110A00003220000000000000000000000FF")
	require.NoError(t, err)
	p, err := cryptogram.MChip(0x10)
	require.NoError(t, err)
	return cryptogram.Request{Card: cryptogram.Card{PAN: crypto.Hide("5413330089600010"), Sequence: "01"}, Profile: p, Data: data}
}
