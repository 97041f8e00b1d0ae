package card_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/oda"
)

func TestReaderKeepsObjects(t *testing.T) {
	c, _, _ := newCard(t, "UnionPay", nil)
	r := reader(t, c, "UnionPay")
	r.Set(0x9C, []byte{0x20})
	r.Set(0x9C, []byte{0x09})
	v, _ := r.Value(0x9C)
	require.Equal(t, []byte{0x09}, v)
	n := 0
	for range r.Terminal.GetAll(0x9C) {
		n++
	}
	require.Equal(t, 1, n, "in place of the one before")
	require.Equal(t, emv.TVR{}, r.TVR())
	r.AddTVR(emv.TVR{0x80})
	r.AddTVR(emv.TVR{0x01, 0x20})
	require.Equal(t, emv.TVR{0x81, 0x20}, r.TVR())
	require.Equal(t, emv.TVR{}, (&card.Reader{}).TVR())

	pan, err := emv.CardPAN(r.Card())
	require.NoError(t, err)
	require.Equal(t, kinds["UnionPay"].pan, pan)
	r.Set(0x5F34, []byte{0x07})
	require.Equal(t, unhex("5F340107"+"82027D00"), []byte(r.Field55(0x5F34, 0x82, 0xDF55)), "the terminal's object comes first")
	_, done := r.Done()
	require.False(t, done)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, "Reader(hidden)", fmt.Sprintf(verb, r))
	}

	requireStatus(t, 0x6A88, r.Get(0x9F10))
	require.NoError(t, r.Get(0x9F36))
	v, _ = r.Value(0x9F36)
	require.Equal(t, []byte{0, 1}, v)
}

func TestTriesLeft(t *testing.T) {
	for status, want := range map[uint16]int{0x63C0: 0, 0x63C1: 1, 0x63CF: 15, 0x6983: 0} {
		n, ok := (&card.StatusError{Status: status}).TriesLeft()
		require.True(t, ok)
		require.Equal(t, want, n)
	}
	for _, status := range []uint16{0x9000, 0x63D0, 0x63B1, 0x6982, 0x6984} {
		_, ok := (&card.StatusError{Status: status}).TriesLeft()
		require.False(t, ok)
	}
	require.EqualError(t, &card.StatusError{Command: 0x20, Status: 0x63C1}, "card: command 20: status 63C1")
}

// TestVerifyPIN has the card verify a PIN in clear and enciphered.
func TestVerifyPIN(t *testing.T) {
	good, bad := [8]byte(unhex("26123456FFFFFFFF")), [8]byte(unhex("26123457FFFFFFFF"))
	c, _, pki := newCard(t, "UnionPay", func(config *card.Config) { config.PIN = "123456" })
	r := reader(t, c, "UnionPay")
	require.NoError(t, r.VerifyPIN(good))
	requireStatus(t, 0x63C2, r.VerifyPIN(bad))
	require.ErrorIs(t, r.VerifyEncipheredPIN(good), oda.ErrKey, "no certificate yet")
	var keys oda.CAKeys
	keys.Add(pki.CA)
	require.NoError(t, r.Authenticate(&keys, today))
	requireStatus(t, 0x63C1, r.VerifyEncipheredPIN(bad))
	require.NoError(t, r.VerifyEncipheredPIN(good))
	requireStatus(t, 0x63C2, r.VerifyEncipheredPIN(bad))

	honest := r.Transmit
	r.Transmit = func(command []byte) []byte {
		if command[1] == 0x84 {
			return unhex("010203049000")
		}
		return honest(command)
	}
	require.ErrorIs(t, r.VerifyEncipheredPIN(good), card.ErrResponse, "a challenge of 4 octets")
}

// TestAuthenticateStatic: a card that cannot sign shows what its issuer signed.
func TestAuthenticateStatic(t *testing.T) {
	static, _, pki := newCard(t, "UnionPay", func(config *card.Config) { config.StaticOnly = true })
	var keys oda.CAKeys
	keys.Add(pki.CA)
	r := reader(t, static, "UnionPay")
	aip, _ := r.Value(0x82)
	require.Equal(t, unhex("5C00"), aip)
	require.NoError(t, r.Authenticate(&keys, today))
	_, hasKey := r.Value(0x9F46)
	require.False(t, hasKey)
	require.Equal(t, uint16(0x6985), sw(static.Transmit([]byte{0, 0x88, 0, 0, 4, 1, 2, 3, 4})))

	c, _, _ := newCard(t, "UnionPay", nil)
	// The static data of the card end with its AIP, so the certificate of the issuer's signature is for that of a card that
	// can do more: the terminal finds out a card that claims less.
	r = reader(t, c, "UnionPay")
	honest := c.Transmit
	r.Transmit = func(command []byte) []byte {
		response := honest(command)
		if command[1] == 0xA8 {
			return bytes.Replace(response, []byte{0x7D, 0x00}, []byte{0x5C, 0x00}, 1)
		}
		return response
	}
	require.NoError(t, r.Select(unionPayDebit))
	require.NoError(t, r.Start())
	require.ErrorIs(t, r.Authenticate(&keys, today), oda.ErrHash)
}

// TestResponsesThatAreNone: a card that answers nonsense is an error, not a panic.
func TestResponsesThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		ins      byte
		response string
	}{
		"options cut":        {0xA8, "77019000"},
		"options of nothing": {0xA8, "9000"},
		"record cut":         {0xB2, "70029000"},
		"no status":          {0xA8, ""},
	} {
		t.Run(name, func(t *testing.T) {
			whole, _, _ := newCard(t, "UnionPay", nil)
			r := &card.Reader{Transmit: func(command []byte) []byte {
				response := whole.Transmit(command)
				if command[1] == c.ins {
					return unhex(c.response)
				}
				return response
			}}
			require.NoError(t, r.Select(unionPayDebit))
			require.Error(t, r.Start())
		})
	}
	for name, c := range map[string]struct {
		response string
		want     string // the cryptogram; "" for an error
	}{
		"format 1":           {"80128000010102030405060708" + "07010103A00000" + "9000", "ARQC"},
		"format 1, no IAD":   {"800B8000010102030405060708" + "9000", "ARQC"},
		"format 1, cut":      {"800A80000101020304050607" + "9000", ""},
		"another template":   {"7000" + "9000", ""},
		"nothing":            {"9000", ""},
		"template not TLV":   {"7702" + "9F27" + "9000", ""},
		"no type":            {"7705" + "9F36020001" + "9000", ""},
		"type of two octets": {"7705" + "9F27028000" + "9000", ""},
	} {
		t.Run(name, func(t *testing.T) {
			whole, _, _ := newCard(t, "UnionPay", nil)
			r := reader(t, whole, "UnionPay")
			r.Transmit = func([]byte) []byte { return unhex(c.response) }
			cid, err := r.GenerateAC(emv.ARQC)
			if c.want == "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, cid.Type().String())
			ac, _ := r.Value(0x9F26)
			require.Equal(t, unhex("0102030405060708"), ac)
		})
	}
}
