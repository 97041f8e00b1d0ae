package card_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/oda"
)

// certified is a card whose certificates say what a test wants. Authority, issuer and card have the same key, with which
// the virtual card behind it signs.
type certified struct {
	issuer oda.IssuerCertificate
	own    oda.ICCCertificate
	pin    *oda.ICCCertificate // of its key for PINs; nil when it has none
	static bool                // that one is over the static data, too
	aip    []byte              // nil means the virtual card's

	pins int // VERIFY commands so far
}

// newCertified returns a card whose certificates are good.
func newCertified(t testing.TB) *certified {
	t.Helper()
	_, pair, err := testPKI(t, emv.RIDUnionPay, "622848").AppendICC(nil, kinds["UnionPay"].pan, nil)
	require.NoError(t, err)
	key := pair.Public()
	return &certified{
		issuer: oda.IssuerCertificate{PublicKey: key, Identifier: "622848", Expiry: expiry},
		own:    oda.ICCCertificate{PublicKey: key, PAN: kinds["UnionPay"].pan, Expiry: expiry},
	}
}

// keys has the key of the authority.
func (c *certified) keys() *oda.CAKeys {
	var keys oda.CAKeys
	keys.Add(oda.CAKey{RID: emv.RIDUnionPay, Index: 0xF1, PublicKey: c.issuer.PublicKey})
	return &keys
}

// start is a terminal at the card, the application started.
func (c *certified) start(t testing.TB) *card.Reader {
	t.Helper()
	virtual, _, pki := newCard(t, "UnionPay", func(config *card.Config) { config.PIN = "123456" })
	_, pair, err := pki.AppendICC(nil, kinds["UnionPay"].pan, nil)
	require.NoError(t, err)
	records := c.records(t, virtual, pair)
	r := reader(t, virtual, "UnionPay")
	r.Transmit = func(command []byte) []byte {
		switch {
		case command[1] == 0xB2 && command[2] > 1:
			return append(emv.AppendTLV(nil, 0x70, records[command[2]]), 0x90, 0)
		case command[1] == 0x20:
			c.pins++
		case command[1] == 0xA8 && c.aip != nil:
			response := virtual.Transmit(command)
			copy(response[2:], c.aip)
			return response
		}
		return virtual.Transmit(command)
	}
	require.NoError(t, r.Select(unionPayDebit))
	require.NoError(t, r.Start())
	return r
}

// records are those of the certificates, by their numbers.
func (c *certified) records(t testing.TB, virtual *card.Card, pair oda.KeyPair) map[byte][]byte {
	t.Helper()
	r := reader(t, virtual, "UnionPay")
	aip, _ := r.Card().Get(0x82)
	if c.aip != nil {
		aip = c.aip
	}
	response := virtual.Transmit(unhex("00B2011400"))
	inside, _ := emv.TLV(response[:len(response)-2]).Get(0x70)
	static := append(bytes.Clone(inside), aip...)

	record := func(tags [3]emv.Tag, cert, remainder []byte, err error) []byte {
		require.NoError(t, err)
		d := emv.AppendTLV(nil, tags[0], cert)
		d = emv.AppendTLV(d, tags[1], remainder)
		return emv.AppendTLV(d, tags[2], pair.Public().Exponent)
	}
	cert, remainder, err := oda.IssueIssuer(pair, c.issuer)
	out := map[byte][]byte{2: append(record([3]emv.Tag{0x90, 0x92, 0x9F32}, cert, remainder, err), 0x8F, 1, 0xF1)}
	cert, remainder, err = oda.IssueICC(pair, c.own, static)
	out[3] = record([3]emv.Tag{0x9F46, 0x9F48, 0x9F47}, cert, remainder, err)
	if c.pin != nil {
		if !c.static {
			static = nil
		}
		cert, remainder, err = oda.IssueICC(pair, *c.pin, static)
		out[4] = record([3]emv.Tag{0x9F2D, 0x9F2F, 0x9F2E}, cert, remainder, err)
	}
	return out
}

var (
	yesterday  = emv.Date{Year: 2026, Month: 10, Day: 31} // the end of the month before today
	anotherPAN = "6228480012345678919"
)

// TestChainsThatDoNotHold: certificates that are another's or of the past make a card that is not authenticated: it gets
// no PIN, and no cryptogram counts for what it has signed.
func TestChainsThatDoNotHold(t *testing.T) {
	pin := [8]byte(unhex("26123456FFFFFFFF"))
	for name, c := range map[string]struct {
		change func(*certified)
		want   error
	}{
		"good":                  {func(*certified) {}, nil},
		"issuer of the past":    {func(c *certified) { c.issuer.Expiry = yesterday }, oda.ErrExpired},
		"another issuer":        {func(c *certified) { c.issuer.Identifier = "622849" }, oda.ErrIssuer},
		"card of the past":      {func(c *certified) { c.own.Expiry = yesterday }, oda.ErrExpired},
		"another card":          {func(c *certified) { c.own.PAN = anotherPAN }, oda.ErrPAN},
		"card that cannot sign": {func(c *certified) { c.own.Modulus = bytes.Clone(testPKIModulus(t)) }, oda.ErrLength},
	} {
		for _, ownKey := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				chip := newCertified(t)
				if ownKey {
					good := chip.own
					chip.pin = &good
				}
				c.change(chip)
				r := chip.start(t)
				err := r.Authenticate(chip.keys(), today)
				if c.want == nil {
					require.NoError(t, err)
					require.NoError(t, r.VerifyEncipheredPIN(pin))
					cid, err := r.GenerateCombinedAC(emv.TC)
					require.NoError(t, err)
					require.Equal(t, emv.TC, cid.Type())
					return
				}
				require.ErrorIs(t, err, c.want)
				require.ErrorIs(t, r.VerifyEncipheredPIN(pin), oda.ErrKey)
				require.Zero(t, chip.pins, "the PIN stays here")
				_, err = r.GenerateCombinedAC(emv.TC)
				require.ErrorIs(t, err, oda.ErrKey)
				_, given := r.Done()
				require.False(t, given)
			})
		}
	}
}

// testPKIModulus is that of a key the virtual card does not have.
func testPKIModulus(t testing.TB) []byte { return testPKI(t, emv.RIDUnionPay, "622848").Issuer.Modulus }

// TestKeysForPINs: the certificate of a key for PINs is to be the card's and good on the day. Unlike the card's other one it
// is not over the static data.
func TestKeysForPINs(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*certified)
		want   error
	}{
		"good":                 {func(*certified) {}, nil},
		"of the past":          {func(c *certified) { c.pin.Expiry = yesterday }, oda.ErrExpired},
		"another card":         {func(c *certified) { c.pin.PAN = anotherPAN }, oda.ErrPAN},
		"over the static data": {func(c *certified) { c.static = true }, oda.ErrHash},
		"none":                 {nil, oda.ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			chip := newCertified(t)
			forPINs := chip.own
			chip.pin = &forPINs
			if c.change != nil {
				c.change(chip)
			}
			r := chip.start(t)
			require.NoError(t, r.Authenticate(chip.keys(), today))
			if c.change == nil {
				honest := r.Transmit
				r.Transmit = func([]byte) []byte {
					v, _ := r.Card().Get(0x9F2D)
					return append(emv.AppendTLV(nil, 0x9F2D, append([]byte{v[0] ^ 1}, v[1:]...)), 0x90, 0)
				}
				require.NoError(t, r.Get(0x9F2D))
				r.Transmit = honest
			}
			err := r.VerifyEncipheredPIN([8]byte(unhex("26123456FFFFFFFF")))
			if c.want == nil {
				require.NoError(t, err)
				require.Equal(t, 1, chip.pins)
				return
			}
			require.ErrorIs(t, err, c.want)
			require.Zero(t, chip.pins, "no PIN leaves under a key nobody certified")
		})
	}
}

// TestKeysAreOfOneTransaction: what was found good of a card does not count for the next one, nor after an authentication
// that fails.
func TestKeysAreOfOneTransaction(t *testing.T) {
	for name, next := range map[string]func(t *testing.T, r *card.Reader){
		"selected anew": func(t *testing.T, r *card.Reader) {
			require.NoError(t, r.Select(unionPayDebit))
			require.NoError(t, r.Start())
		},
		"another card, not selected": func(t *testing.T, r *card.Reader) {
			other, _, _ := newCard(t, "UnionPay", nil)
			reader(t, other, "UnionPay")
			r.Transmit = other.Transmit
			requireStatus(t, 0x6985, r.Start())
		},
		"authentication that fails": func(t *testing.T, r *card.Reader) {
			require.ErrorIs(t, r.Authenticate(nil, today), oda.ErrNoKey)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _, pki := newCard(t, "UnionPay", func(config *card.Config) { config.PIN = "123456" })
			r := reader(t, c, "UnionPay")
			var keys oda.CAKeys
			keys.Add(pki.CA)
			require.NoError(t, r.Authenticate(&keys, today))
			next(t, r)
			require.ErrorIs(t, r.VerifyEncipheredPIN([8]byte(unhex("26123456FFFFFFFF"))), oda.ErrKey)
			_, err := r.GenerateCombinedAC(emv.TC)
			require.ErrorIs(t, err, oda.ErrKey)
		})
	}
}

// TestCombinedAlone: a card that signs with its cryptogram alone is not asked for another signature. Its certificates can
// be copied, so a TC without the signature is not asked for; a request for the issuer is.
func TestCombinedAlone(t *testing.T) {
	start := func() *card.Reader {
		chip := newCertified(t)
		chip.aip = []byte{0x1D, 0x00} // CDA, and neither DDA nor SDA
		r := chip.start(t)
		honest := r.Transmit
		r.Transmit = func(command []byte) []byte {
			if command[1] == 0x88 {
				return []byte{0x6D, 0x00}
			}
			return honest(command)
		}
		require.NoError(t, r.Authenticate(chip.keys(), today))
		return r
	}
	r := start()
	_, err := r.GenerateAC(emv.TC)
	require.ErrorIs(t, err, oda.ErrMissing)
	_, given := r.Done()
	require.False(t, given)
	cid, err := r.GenerateCombinedAC(emv.TC)
	require.NoError(t, err)
	require.Equal(t, emv.TC, cid.Type())

	r = start()
	cid, err = r.GenerateAC(emv.ARQC)
	require.NoError(t, err)
	require.Equal(t, emv.ARQC, cid.Type())
	r.Set(0x8A, done[:])
	cid, err = r.GenerateAC(emv.TC)
	require.NoError(t, err)
	require.Equal(t, emv.TC, cid.Type(), "the issuer has approved")
}
