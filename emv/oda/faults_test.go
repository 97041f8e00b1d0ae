package oda

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
)

// TestCertificatesThatSayNonsense signs, with the real keys, certificates whose hash is right and whose contents cannot be.
func TestCertificatesThatSayNonsense(t *testing.T) {
	ca, issuer, card := testKeys()
	key := CAKey{emv.RIDVisa, 1, ca.public}
	certificate := func(signer KeyPair, format byte, holder, expiry string, own KeyPair) []byte {
		body := slices.Concat([]byte{format}, fromHex(t, holder), fromHex(t, expiry), []byte{0, 0, 1, hashSHA1, keyRSA,
			byte(len(own.public.Modulus)), 1}, own.public.Modulus)
		missing := len(signer.public.Modulus) - wrapping - len(body)
		cert, err := signer.sign(append(body, bytes.Repeat([]byte{filler}, missing)...), exponent3)
		require.NoError(t, err)
		return cert
	}
	for _, c := range []struct {
		holder, expiry string
		want           error
		identifier     string
	}{
		{"622FFFFF", "1249", nil, "622"},
		{"62284801", "0150", nil, "62284801"}, // 1950
		{"62FFFFFF", "1249", ErrFormat, ""},
		{"FFFFFFFF", "1249", ErrFormat, ""},
		{"62F2FFFF", "1249", ErrFormat, ""},
		{"62A848FF", "1249", ErrFormat, ""},
		{"622848FF", "1349", ErrExpired, ""},
		{"622848FF", "0049", ErrExpired, ""},
		{"622848FF", "1A49", ErrExpired, ""},
	} {
		got, err := RecoverIssuer(key, certificate(ca, formatIssuer, c.holder, c.expiry, issuer), nil, exponent3)
		require.ErrorIs(t, err, c.want, c.holder)
		require.Equal(t, c.identifier, got.Identifier)
		if c.want != nil {
			var fault *Error
			require.ErrorAs(t, err, &fault)
			require.Zero(t, got)
		}
	}
	for _, c := range []struct {
		holder, expiry string
		want           error
	}{
		{"6228480012345678901F", "1249", nil},
		{"FFFFFFFFFFFFFFFFFFFF", "1249", ErrFormat},
		{"62284800F2345678FFFF", "1249", ErrFormat},
		{"6228480012345678FFFF", "1349", ErrExpired},
	} {
		got, err := RecoverICC(issuer.public, certificate(issuer, formatICC, c.holder, c.expiry, card), nil, exponent3, nil)
		require.ErrorIs(t, err, c.want, c.holder)
		if c.want != nil {
			require.Zero(t, got)
		}
	}
}

// TestAlgorithmsOfCertificates: a certificate with another hash or another kind of key is refused, whichever it is.
func TestAlgorithmsOfCertificates(t *testing.T) {
	ca, issuer, _ := testKeys()
	for _, c := range []struct {
		hash, key byte
		want      error
	}{{hashSHA1, keyRSA, nil}, {2, keyRSA, ErrFormat}, {hashSHA1, 2, ErrFormat}, {2, 2, ErrFormat}} {
		body := slices.Concat([]byte{formatIssuer, 0x62, 0x28, 0x48, 0xFF, 0x12, 0x49, 0, 0, 1, c.hash, c.key, byte(len(issuer.public.Modulus)), 1}, issuer.public.Modulus)
		missing := len(ca.public.Modulus) - wrapping - len(body)
		cert, err := ca.sign(append(body, bytes.Repeat([]byte{filler}, missing)...), exponent3)
		require.NoError(t, err)
		_, err = RecoverIssuer(CAKey{emv.RIDUnionPay, 1, ca.public}, cert, nil, exponent3)
		require.ErrorIs(t, err, c.want, "%d %d", c.hash, c.key)
	}
}

// TestNumbersInCombinedSignatures: a dynamic number has 2 to 8 octets, and comes back as it went.
func TestNumbersInCombinedSignatures(t *testing.T) {
	_, _, card := testKeys()
	for n := range 11 {
		idn, c := bytes.Repeat([]byte{0x5A}, n), CDA{Number: [4]byte{1, 2, 3, 4}, CID: 0x80, Transaction: []byte("sent and answered")}
		sdad, err := SignCDA(card, idn, [8]byte{1, 2}, c)
		require.Equal(t, n < 2 || n > 8, err != nil, n)
		if err != nil {
			require.ErrorIs(t, err, ErrLength)
			continue
		}
		c.SDAD = sdad
		got, err := VerifyCDA(card.public, c)
		require.NoError(t, err)
		require.Equal(t, CDAResult{idn, [8]byte{1, 2}}, got)
		c.CID = 0x40
		require.ErrorIs(t, second(VerifyCDA(card.public, c)), ErrCryptogram)
	}
}

// TestCDATransaction holds what of a response is under the transaction data hash.
func TestCDATransaction(t *testing.T) {
	b := func(s string) []byte { return fromHex(t, s) }
	for response, want := range map[string]string{
		"": "",
		"9F270180" + "9F360200019F4B02AABB9F1001FF": "9F270180" + "9F360200019F1001FF",
		"9F4B02AABB" + "9F4B00":                     "",
		"9F270180" + "9F3602":                       "9F270180", // cut off
	} {
		got := AppendCDATransaction([]byte{9}, b("01"), b("0202"), b("030303"), b(response))
		require.Equal(t, append([]byte{9}, b("010202030303"+want)...), got, response)
	}
}

// TestPartsThatDoNotServe: a key, a PIN or a name that is none is an error with its kind, and dst stays as it was.
func TestPartsThatDoNotServe(t *testing.T) {
	ca, issuer, card := testKeys()
	require.Equal(t, "KeyPair(hidden)", fmt.Sprint(second2(card.MarshalText())))
	_, err := NewKeyPair(card.public.Modulus, []byte{5}, card.private)
	require.ErrorIs(t, err, ErrKey)
	_, err = KeyPair{}.apply(nil)
	require.ErrorIs(t, err, ErrKey)
	_, err = EncipherPIN(PublicKey{Modulus: card.public.Modulus, Exponent: []byte{2}}, [8]byte{}, [8]byte{})
	require.ErrorIs(t, err, ErrKey)
	// A number above the modulus cannot be enciphered: the header of the PIN does not save a modulus without its first bit.
	low := PublicKey{Modulus: append([]byte{0x01}, card.public.Modulus[1:]...), Exponent: exponent3}
	_, err = EncipherPIN(low, [8]byte{}, [8]byte{})
	require.ErrorIs(t, err, ErrLength)

	p, err := NewTestPKI(emv.RIDVisa, "4761")
	require.NoError(t, err)
	dst, pair, err := p.AppendICC([]byte{7}, "4761A", nil)
	require.ErrorIs(t, err, ErrFormat)
	require.Equal(t, []byte{7}, dst)
	require.Zero(t, pair)
	p.issuer = KeyPair{}
	dst, err = p.AppendStatic([]byte{7}, [2]byte{}, nil)
	require.ErrorIs(t, err, ErrLength)
	require.Equal(t, []byte{7}, dst)
	dst, _, err = p.AppendICC([]byte{7}, "4761", nil)
	require.ErrorIs(t, err, ErrFormat)
	require.Equal(t, []byte{7}, dst)

	_, _, err = IssueICC(issuer, ICCCertificate{PublicKey: card.public, PAN: "476173900101001000001", Expiry: testExpiry}, nil)
	require.ErrorIs(t, err, ErrFormat, "a PAN of 21 digits")
	_, _, err = IssueIssuer(ca, IssuerCertificate{PublicKey: PublicKey{bytes.Repeat([]byte{0x81}, 256), exponent3}, Identifier: "476173", Expiry: testExpiry})
	require.ErrorIs(t, err, ErrFormat, "a key of 256 bytes has no length in one octet")
}

func second2(b []byte, err error) string { return string(b) }

// TestLongKeysInThePKI: of an issuer's and a card's key that have no room in their certificates the rest is an object of its
// own.
func TestLongKeysInThePKI(t *testing.T) {
	p, err := NewTestPKI(emv.RIDVisa, "4761")
	require.NoError(t, err)
	ca, issuer, _ := testKeys()
	p.card = issuer // of 192 bytes, under an issuer's of as many
	static := []byte("static")
	d, pair, err := p.AppendICC(p.AppendIssuer(nil), "4761739001010010", static)
	require.NoError(t, err)
	require.Equal(t, issuer, pair)
	remainder, ok := emv.TLV(d).Get(0x9F48)
	require.True(t, ok)
	require.Len(t, remainder, 42)
	got, err := RecoverICC(p.Issuer.PublicKey, get(d, 0x9F46), remainder, get(d, 0x9F47), static)
	require.NoError(t, err)
	require.Equal(t, issuer.public, got.PublicKey)
	_, ok = emv.TLV(d).Get(0x92)
	require.False(t, ok, "the issuer's key has room")

	long := ca
	p.issuer, p.Issuer.PublicKey = long, long.public
	p.cert, p.remainder, err = IssueIssuer(ca, p.Issuer)
	require.NoError(t, err)
	d = p.AppendIssuer(nil)
	remainder, ok = emv.TLV(d).Get(0x92)
	require.True(t, ok)
	recovered, err := RecoverIssuer(p.CA, get(d, 0x90), remainder, get(d, 0x9F32))
	require.NoError(t, err)
	require.Equal(t, long.public, recovered.PublicKey)
}
