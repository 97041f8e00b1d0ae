package oda

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
)

// TestKeysForEMV holds which keys EMV allows: 64 to 256 bytes, odd, no zero in front, exponent 3 or 65537.
func TestKeysForEMV(t *testing.T) {
	modulus := func(n int) []byte {
		b := bytes.Repeat([]byte{0x80}, n)
		if n > 0 {
			b[n-1] = 0x81
		}
		return b
	}
	for _, n := range []int{64, 65, 128, 255, 256} {
		require.NoError(t, PublicKey{modulus(n), []byte{3}}.Validate(), "%d bytes", n)
		require.NoError(t, PublicKey{modulus(n), []byte{1, 0, 1}}.Validate(), "%d bytes", n)
	}
	for _, n := range []int{0, 1, 63, 257} {
		require.ErrorIs(t, PublicKey{modulus(n), []byte{3}}.Validate(), ErrKey, "%d bytes", n)
	}
	even, zero := modulus(64), modulus(64)
	even[63], zero[0] = 0x80, 0
	require.ErrorIs(t, PublicKey{even, []byte{3}}.Validate(), ErrKey)
	require.ErrorIs(t, PublicKey{zero, []byte{3}}.Validate(), ErrKey)
	for _, exponent := range [][]byte{nil, {2}, {0, 3}, {1, 0, 0}, {1, 0, 1, 0}, {17}} {
		require.ErrorIs(t, PublicKey{modulus(64), exponent}.Validate(), ErrKey, "%X", exponent)
	}
}

// TestSignaturesOfWrongForm signs, with the card's real key, what no card may sign.
func TestSignaturesOfWrongForm(t *testing.T) {
	_, issuer, card := testKeys()
	data := []byte{1, 2, 3, 4}
	filled := func(body ...byte) []byte {
		s, err := card.signFilled(body, data)
		require.NoError(t, err)
		return s
	}
	room := len(card.Public().Modulus) - wrapping - 3
	for name, c := range map[string]struct {
		sdad []byte
		want error
	}{
		"no dynamic data":         {filled(formatDynamic, hashSHA1, 0), ErrLength},
		"number of 1":             {filled(formatDynamic, hashSHA1, 2, 1, 9), ErrLength},
		"number of 9":             {filled(append([]byte{formatDynamic, hashSHA1, 10, 9}, make([]byte, 9)...)...), ErrLength},
		"number longer than data": {filled(formatDynamic, hashSHA1, 2, 2, 7), ErrLength},
		"data longer than room":   {filled(formatDynamic, hashSHA1, byte(room+1), 2, 7, 8), ErrFormat},
		"another hash":            {filled(formatDynamic, 2, 3, 2, 7, 8), ErrFormat},
		"another format":          {filled(formatStatic, hashSHA1, 3, 2, 7, 8), ErrFormat},
		"shorter than the key":    {make([]byte, len(card.Public().Modulus)-1), ErrLength},
		"not below the key":       {card.Public().Modulus, ErrLength},
		"nothing":                 {nil, ErrLength},
	} {
		_, err := VerifyDDA(card.Public(), c.sdad, data)
		require.ErrorIs(t, err, c.want, name)
		_, err = VerifyCDA(card.Public(), CDA{SDAD: c.sdad, Number: [4]byte(data)})
		require.ErrorIs(t, err, c.want, name)
		var fault *Error
		require.ErrorAs(t, err, &fault)
	}
	for _, n := range []byte{2, 8} {
		idn := bytes.Repeat([]byte{7}, int(n))
		got, err := VerifyDDA(card.Public(), filled(append([]byte{formatDynamic, hashSHA1, n + 1, n}, idn...)...), data)
		require.NoError(t, err)
		require.Equal(t, idn, got)
	}
	_, err := VerifyDDA(card.Public(), filled(formatDynamic, hashSHA1, byte(room), 2, 7, 8), data)
	require.NoError(t, err, "dynamic data may fill the room")
	for _, n := range []int{1, 9} {
		_, err := SignDynamic(card, make([]byte, n), data)
		require.ErrorIs(t, err, ErrLength)
		_, err = SignCDA(card, make([]byte, n), [8]byte{}, CDA{})
		require.ErrorIs(t, err, ErrLength)
	}
	// Combined: a cryptogram needs its type, eight octets and the hash behind the number.
	short, err := card.signDynamic(append([]byte{2, 7, 8, 0x80}, make([]byte, 8+hashSize-1)...), data)
	require.NoError(t, err)
	_, err = VerifyCDA(card.Public(), CDA{SDAD: short, Number: [4]byte(data), CID: 0x80})
	require.ErrorIs(t, err, ErrLength)

	signed, err := issuer.signFilled([]byte{formatStatic, 2, 0xDA, 0xC0}, data)
	require.NoError(t, err)
	_, err = VerifySDA(issuer.Public(), signed, data)
	require.ErrorIs(t, err, ErrFormat)
}

// TestIssuedCertificates holds the borders of what a certificate can say.
func TestIssuedCertificates(t *testing.T) {
	ca, issuer, card := testKeys()
	c := IssuerCertificate{PublicKey: issuer.Public(), Identifier: "622848", Expiry: emv.Date{Year: 2030, Month: 12, Day: 31}}
	for identifier, want := range map[string]error{"": ErrFormat, "62": ErrFormat, "622": nil, "62284812": nil, "622848123": ErrFormat} {
		c.Identifier = identifier
		_, _, err := IssueIssuer(ca, c)
		require.ErrorIs(t, err, want, identifier)
	}
	holder := ICCCertificate{PublicKey: card.Public(), PAN: "6228480012345678901", Expiry: emv.Date{Year: 2030, Month: 2, Day: 28}}
	cert, remainder, err := IssueICC(issuer, holder, []byte{1})
	require.NoError(t, err)
	got, err := RecoverICC(issuer.Public(), cert, remainder, holder.Exponent, []byte{1})
	require.NoError(t, err)
	require.Equal(t, holder.PAN, got.PAN)
	require.NoError(t, got.Check(holder.PAN, emv.Date{Year: 2030, Month: 2, Day: 28}))
	require.ErrorIs(t, got.Check(holder.PAN, emv.Date{Year: 2030, Month: 3, Day: 1}), ErrExpired)
	_, err = RecoverICC(issuer.Public(), cert, append(remainder, 0), holder.Exponent, []byte{1})
	require.ErrorIs(t, err, ErrLength)
	_, err = RecoverICC(issuer.Public(), cert, remainder, []byte{1, 0, 1}, []byte{1})
	require.ErrorIs(t, err, ErrLength)
	holder.PAN = ""
	_, _, err = IssueICC(issuer, holder, nil)
	require.ErrorIs(t, err, ErrFormat)
	holder.PAN, holder.Expiry = "6228", emv.Date{}
	_, _, err = IssueICC(issuer, holder, nil)
	require.ErrorIs(t, err, ErrFormat)
	for _, bits := range []int{496, 511, 513, 520, 2064} {
		_, err := GenerateKeyPair(bits)
		require.ErrorIs(t, err, ErrKey, "%d bits", bits)
	}
	small, err := GenerateKeyPair(512)
	require.NoError(t, err)
	require.Len(t, small.Public().Modulus, 64)
	require.NoError(t, small.Public().Validate())
	signature, err := small.apply(append(make([]byte, 63), 9))
	require.NoError(t, err)
	plain, err := small.Public().apply(signature)
	require.NoError(t, err)
	require.Equal(t, byte(9), plain[63])
}
