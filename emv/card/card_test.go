package card_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

var (
	today  = emv.Date{Year: 2026, Month: 11, Day: 23}
	expiry = emv.Date{Year: 2030, Month: 12, Day: 31}
)

// unionPayDebit is the AID of UnionPay's debit application.
var unionPayDebit = unhex("A000000333010101")

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func imk(t testing.TB, algorithm crypto.Algorithm) crypto.IMK {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes("E0"+algorithm.String()+"X00N"), unhex("F0C34A8124CEE0A91A0B034AA97D6EAC"), gm.SM4)
	require.NoError(t, err)
	imk, err := crypto.NewIMK(k)
	require.NoError(t, err)
	return imk
}

// kinds are the cards the tests go through.
var kinds = map[string]struct {
	aid, pan, iad string
	algorithm     crypto.Algorithm
}{
	"UnionPay":      {"A000000333010101", "6228480012345678901", "", crypto.TDES},
	"UnionPay SM4":  {"A000000333010101", "6228480012345678901", "", crypto.SM4},
	"Visa 18":       {"A0000000031010", "4761739001010010", "", crypto.TDES},
	"Visa 10":       {"A0000000031010", "4761739001010010", "06010A03800000", crypto.TDES},
	"Mastercard":    {"A0000000041010", "5413330089020011", "", crypto.TDES},
	"Mastercard 10": {"A0000000041010", "5413330089020011", "0110800000000000000000000000000000FF", crypto.TDES},
	"CCD":           {"A0000000651010", "3569990010081724", "0FA501800000000000000000000000000F000000000000000000000000000000", crypto.TDES},
	"CCD AES":       {"A0000000651010", "3569990010081724", "0FA601800000000000000000000000000F000000000000000000000000000000", crypto.AES},
	"Amex":          {"A00000002501", "374245001751006", "", crypto.TDES},
}

// pkis are made once: the certification authority's signature takes its time.
var pkis = map[emv.RID]*oda.TestPKI{}

func testPKI(t testing.TB, rid emv.RID, identifier string) *oda.TestPKI {
	t.Helper()
	if pkis[rid] == nil {
		pki, err := oda.NewTestPKI(rid, identifier)
		require.NoError(t, err)
		pkis[rid] = pki
	}
	return pkis[rid]
}

// newCard issues a card of a kind; change may alter its configuration.
func newCard(t testing.TB, kind string, change func(*card.Config)) (*card.Card, crypto.IMK, *oda.TestPKI) {
	t.Helper()
	k, ok := kinds[kind]
	require.True(t, ok)
	aid := unhex(k.aid)
	pki := testPKI(t, emv.RIDOf(aid), k.pan[:6])
	config := card.Config{AID: aid, PAN: k.pan, Expiry: expiry, Keys: card.Keys{Cryptogram: imk(t, k.algorithm)}, PKI: pki}
	if k.iad != "" {
		config.IAD = unhex(k.iad)
	}
	if change != nil {
		change(&config)
	}
	c, err := card.New(config)
	require.NoError(t, err)
	return c, config.Keys.Cryptogram, pki
}

// reader is a terminal at the card, its application selected and started.
func reader(t testing.TB, c *card.Card, kind string) *card.Reader {
	t.Helper()
	r := &card.Reader{
		Transmit: c.Transmit,
		Terminal: unhex("9F02060000000019999F03060000000000009F1A02015695050000000000" +
			"5F2A0201569A032611239C01009F370452BF45859F660426000080"),
	}
	require.NoError(t, r.Select(unhex(kinds[kind].aid)))
	require.NoError(t, r.Start())
	return r
}

func field55(r *card.Reader) emv.TLV {
	return r.Field55(0x9F26, 0x9F27, 0x9F10, 0x9F37, 0x9F36, 0x95, 0x9A, 0x9C, 0x9F02, 0x5F2A, 0x82, 0x9F1A, 0x9F03, 0x84)
}

func request(kind string, r *card.Reader) cryptogram.Request {
	return cryptogram.Request{Card: cryptogram.Card{PAN: crypto.Hide(kinds[kind].pan), Sequence: "01"}, Data: field55(r)}
}

// TestOnline runs a whole transaction with every kind of card: offline authentication, the issuer's verification, its
// answer, the second cryptogram, which the issuer verifies too.
func TestOnline(t *testing.T) {
	ctx, issuer := context.Background(), cryptogram.Software{}
	for kind := range kinds {
		for _, combined := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, combined %v", kind, combined), func(t *testing.T) {
				c, key, pki := newCard(t, kind, nil)
				r := reader(t, c, kind)
				var keys oda.CAKeys
				keys.Add(pki.CA)
				require.NoError(t, r.Authenticate(&keys, today))
				generate := r.GenerateAC
				if combined {
					generate = r.GenerateCombinedAC
				}
				cid, err := generate(emv.ARQC)
				require.NoError(t, err)
				require.Equal(t, emv.ARQC, cid.Type())
				req := request(kind, r)
				require.NoError(t, issuer.VerifyCryptogram(ctx, key, req))
				approval := cryptogram.Answer{ARC: emv.ARC{'0', '0'}, CSU: emv.CSU{0, 0x80}}
				answer, err := issuer.AppendResponse(ctx, nil, key, req, approval)
				require.NoError(t, err)
				require.NoError(t, r.ExternalAuthenticate(answer))
				r.Terminal = emv.AppendTLV(r.Terminal, 0x8A, []byte("00"))
				cid, err = generate(emv.TC)
				require.NoError(t, err)
				require.Equal(t, emv.TC, cid.Type())
				final := request(kind, r)
				require.NotEqual(t, req.Data, final.Data)
				require.NoError(t, issuer.VerifyCryptogram(ctx, key, final))
				_, err = generate(emv.TC)
				requireStatus(t, 0x6985, err)
			})
		}
	}
}

func TestContactless(t *testing.T) {
	for _, kind := range []string{"UnionPay", "UnionPay SM4", "Visa 18", "Visa 10", "Mastercard"} {
		t.Run(kind, func(t *testing.T) {
			c, key, _ := newCard(t, kind, func(config *card.Config) { config.Contactless = true })
			ppse := c.Transmit(append([]byte{0, 0xA4, 4, 0, 14}, "2PAY.SYS.DDF01\x00"...))
			require.Equal(t, []byte{0x90, 0}, ppse[len(ppse)-2:])
			aid, ok := emv.TLV(ppse[:len(ppse)-2]).Lookup(0x4F)
			require.True(t, ok)
			require.Equal(t, unhex(kinds[kind].aid), []byte(aid))

			r := reader(t, c, kind)
			if _, done := r.Value(0x9F26); kind == "Mastercard" {
				require.False(t, done)
				_, err := r.GenerateAC(emv.ARQC)
				require.NoError(t, err)
			} else {
				require.True(t, done)
			}
			require.NoError(t, cryptogram.Software{}.VerifyCryptogram(context.Background(), key, request(kind, r)))
		})
	}
}

func TestDirectory(t *testing.T) {
	c, _, _ := newCard(t, "UnionPay", nil)
	require.Equal(t, uint16(0x6A82), sw(c.Transmit(append([]byte{0, 0xA4, 4, 0, 14}, "2PAY.SYS.DDF01"...))))
	pse := c.Transmit(append([]byte{0, 0xA4, 4, 0, 14}, "1PAY.SYS.DDF01"...))
	require.Equal(t, uint16(0x9000), sw(pse))
	sfi, ok := emv.TLV(pse[:len(pse)-2]).Lookup(0x88)
	require.True(t, ok)
	record := c.Transmit([]byte{0, 0xB2, 1, sfi[0]<<3 | 4, 0})
	require.Equal(t, uint16(0x9000), sw(record))
	aid, ok := emv.TLV(record[:len(record)-2]).Find(0x70, 0x61, 0x4F)
	require.True(t, ok)
	require.Equal(t, unionPayDebit, []byte(aid))
	require.Equal(t, uint16(0x6A83), sw(c.Transmit([]byte{0, 0xB2, 2, sfi[0]<<3 | 4, 0})))
	require.Equal(t, uint16(0x9000), sw(c.Transmit(append([]byte{0, 0xA4, 4, 0, 5}, unionPayDebit[:5]...))), "part of an AID selects")
}

func sw(response []byte) uint16 {
	return uint16(response[len(response)-2])<<8 | uint16(response[len(response)-1])
}

// TestDecisions holds that the card gives no more than the terminal asks for, and declines after a wrong answer.
func TestDecisions(t *testing.T) {
	for _, c := range []struct{ wants, asked, want emv.CryptogramType }{
		{emv.TC, emv.TC, emv.TC}, {emv.ARQC, emv.TC, emv.ARQC}, {emv.AAC, emv.TC, emv.AAC},
		{emv.TC, emv.ARQC, emv.AAC}, {emv.ARQC, emv.ARQC, emv.ARQC}, {emv.AAC, emv.ARQC, emv.AAC},
		{emv.TC, emv.AAC, emv.AAC}, {emv.ARQC, emv.AAC, emv.AAC}, {emv.AAR, emv.TC, emv.AAC},
	} {
		decide := func(asked emv.CryptogramType, first bool, data emv.TLV) emv.CryptogramType {
			require.True(t, first)
			require.Equal(t, c.asked, asked)
			amount, _ := data.Get(0x9F02)
			require.Equal(t, unhex("000000001999"), []byte(amount))
			return c.wants
		}
		chip, key, _ := newCard(t, "UnionPay", func(config *card.Config) { config.Decide = decide })
		r := reader(t, chip, "UnionPay")
		cid, err := r.GenerateAC(c.asked)
		require.NoError(t, err)
		require.Equal(t, c.want, cid.Type())
		require.NoError(t, cryptogram.Software{}.VerifyCryptogram(context.Background(), key, request("UnionPay", r)))
		if c.want != emv.ARQC {
			_, err = r.GenerateAC(emv.TC)
			requireStatus(t, 0x6985, err)
		}
	}
}

func requireStatus(t *testing.T, want uint16, err error) {
	t.Helper()
	var status *card.StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, fmt.Sprintf("%04X", want), fmt.Sprintf("%04X", status.Status))
}

func TestWrongAnswerDeclines(t *testing.T) {
	c, key, _ := newCard(t, "UnionPay", nil)
	r := reader(t, c, "UnionPay")
	requireStatus(t, 0x6985, r.ExternalAuthenticate(make([]byte, 10)))
	_, err := r.GenerateAC(emv.ARQC)
	require.NoError(t, err)
	answer, err := cryptogram.Software{}.AppendResponse(context.Background(), nil, key, request("UnionPay", r), cryptogram.Answer{ARC: emv.ARC{'0', '0'}})
	require.NoError(t, err)
	answer[0] ^= 1
	requireStatus(t, 0x6300, r.ExternalAuthenticate(answer))
	answer[0] ^= 1
	requireStatus(t, 0x6985, r.ExternalAuthenticate(answer)) // one try
	cid, err := r.GenerateAC(emv.TC)
	require.NoError(t, err)
	require.Equal(t, emv.AAC, cid.Type())
}

// TestAnswersOfWrongLength: they are not the issuer's, and the card declines. There is one try.
func TestAnswersOfWrongLength(t *testing.T) {
	for _, n := range []int{0, 3, 7, 17} {
		c, b := scripted(t, "UnionPay", nil)
		r := begin(t, c, "UnionPay")
		answer, _ := b.answer(t, r).Get(0x91)
		requireStatus(t, 0x6700, r.ExternalAuthenticate(append(bytes.Clone(answer), make([]byte, 17)...)[:n]))
		requireStatus(t, 0x6985, r.ExternalAuthenticate(answer))
		r.Set(0x8A, done[:])
		cid, err := r.GenerateAC(emv.TC)
		require.NoError(t, err)
		require.Equal(t, emv.AAC, cid.Type(), "%d octets", n)
	}
}

// TestForeignCards holds that the terminal finds out a card of another issuer, another authority, or another PAN.
func TestForeignCards(t *testing.T) {
	c, _, pki := newCard(t, "UnionPay", nil)
	r := reader(t, c, "UnionPay")
	require.ErrorIs(t, r.Authenticate(nil, today), oda.ErrNoKey)
	var keys oda.CAKeys
	keys.Add(pki.CA)
	require.ErrorIs(t, r.Authenticate(&keys, emv.Date{Year: 2050, Month: 1, Day: 1}), oda.ErrExpired)
	other := pki.CA
	other.Modulus = bytes.Clone(other.Modulus)
	other.Modulus[9] ^= 1
	keys.Add(other)
	require.Error(t, r.Authenticate(&keys, today))

	_, err := card.New(card.Config{
		AID: unionPayDebit, PAN: "6212345678901234567", Expiry: expiry, PKI: pki, Keys: card.Keys{Cryptogram: imk(t, crypto.TDES)},
	})
	require.ErrorIs(t, err, oda.ErrIssuer)

	// A card that sends another record than the one certified.
	keys.Add(pki.CA)
	r = reader(t, c, "UnionPay")
	honest := c.Transmit
	r.Transmit = func(command []byte) []byte {
		response := honest(command)
		if command[1] == 0xB2 {
			return bytes.Replace(response, []byte{0x5F, 0x24, 0x03, 0x30}, []byte{0x5F, 0x24, 0x03, 0x40}, 1)
		}
		return response
	}
	require.NoError(t, r.Select(unionPayDebit))
	require.NoError(t, r.Start())
	require.ErrorIs(t, r.Authenticate(&keys, today), oda.ErrHash)
}

func TestOfflinePIN(t *testing.T) {
	c, _, pki := newCard(t, "UnionPay", func(config *card.Config) { config.PIN = "123456" })
	reader(t, c, "UnionPay")
	verify := func(p2 byte, block []byte) uint16 {
		return sw(c.Transmit(append([]byte{0, 0x20, 0, p2, byte(len(block))}, block...)))
	}
	good, bad := unhex("26123456FFFFFFFF"), unhex("26123457FFFFFFFF")
	require.Equal(t, uint16(0x63C2), verify(0x80, bad))
	require.Equal(t, uint16(0x9000), verify(0x80, good))
	require.Equal(t, uint16(0x6985), verify(0x88, good), "no challenge")

	challenge := c.Transmit([]byte{0, 0x84, 0, 0, 0})
	require.Equal(t, uint16(0x9000), sw(challenge))
	var keys oda.CAKeys
	keys.Add(pki.CA)
	key := cardPublicKey(t, pki)
	enciphered, err := oda.EncipherPIN(key, [8]byte(good), [8]byte(challenge))
	require.NoError(t, err)
	require.Equal(t, uint16(0x9000), verify(0x88, enciphered))
	require.Equal(t, uint16(0x6985), verify(0x88, enciphered), "a challenge counts once")
	c.Transmit([]byte{0, 0x84, 0, 0, 0})
	require.Equal(t, uint16(0x63C2), verify(0x88, enciphered))
	require.Equal(t, uint16(0x6700), verify(0x80, good[1:]))
	require.Equal(t, uint16(0x6A86), verify(0x00, good))
	require.Equal(t, uint16(0x63C1), verify(0x80, bad))
	require.Equal(t, uint16(0x63C0), verify(0x80, bad))
	require.Equal(t, uint16(0x6983), verify(0x80, good))
	tries := c.Transmit([]byte{0x80, 0xCA, 0x9F, 0x17, 0})
	require.Equal(t, unhex("9F1701009000"), tries)
	require.Equal(t, unhex("9F360200019000"), c.Transmit([]byte{0x80, 0xCA, 0x9F, 0x36, 0}))
	require.Equal(t, uint16(0x6A88), sw(c.Transmit([]byte{0x80, 0xCA, 0x9F, 0x10, 0})))
}

// cardPublicKey returns the key all cards of the test PKI sign with.
func cardPublicKey(t *testing.T, pki *oda.TestPKI) oda.PublicKey {
	t.Helper()
	_, pair, err := pki.AppendICC(nil, kinds["UnionPay"].pan, nil)
	require.NoError(t, err)
	return pair.Public()
}

func TestStripe(t *testing.T) {
	k, err := clearkey.Import(crypto.MustAttributes("C0TC00N"), unhex("0123456789ABCDEFFEDCBA9876543210"))
	require.NoError(t, err)
	cvk, err := crypto.NewCVK(k)
	require.NoError(t, err)
	c, _, _ := newCard(t, "UnionPay", func(config *card.Config) { config.Keys.CVK = cvk })
	stripe, err := c.Track2()
	require.NoError(t, err)
	require.Equal(t, "3012", stripe.Expiry)
	require.Equal(t, "201", stripe.ServiceCode)
	data := crypto.CardData{PAN: crypto.Hide(stripe.PAN), Expiry: stripe.Expiry, ServiceCode: stripe.ServiceCode}
	require.NoError(t, cardverify.Verify(cvk, data, stripe.Discretionary[5:]))
	track1, err := c.Track1()
	require.NoError(t, err)
	parsed, err := emv.ParseTrack1([]byte(track1))
	require.NoError(t, err)
	require.Equal(t, stripe.PAN, parsed.PAN)
	require.Equal(t, "TEST/CARD", parsed.Name)

	r := reader(t, c, "UnionPay")
	v, ok := r.Value(0x57)
	require.True(t, ok)
	chip, err := emv.ParseTrack2(v)
	require.NoError(t, err)
	require.ErrorIs(t, cardverify.Verify(cvk, data, chip.Discretionary[5:]), crypto.ErrVerify)
	data.ServiceCode = "999"
	require.NoError(t, cardverify.Verify(cvk, data, chip.Discretionary[5:]))

	plain, _, _ := newCard(t, "UnionPay", nil)
	stripe, err = plain.Track2()
	require.NoError(t, err)
	require.Equal(t, "00000000", stripe.Discretionary)
}

func TestWithoutPKI(t *testing.T) {
	c, _, pki := newCard(t, "UnionPay", func(config *card.Config) { config.PKI = nil })
	r := reader(t, c, "UnionPay")
	aip, _ := r.Value(0x82)
	require.Zero(t, aip[0]&0x61, "no offline authentication")
	var keys oda.CAKeys
	keys.Add(pki.CA)
	require.ErrorIs(t, r.Authenticate(&keys, today), oda.ErrMissing)
	require.Equal(t, uint16(0x6985), sw(c.Transmit([]byte{0, 0x88, 0, 0, 4, 1, 2, 3, 4})))
	_, err := r.GenerateCombinedAC(emv.TC)
	require.ErrorIs(t, err, oda.ErrMissing, "no signature")
}

func TestRefusedConfigurations(t *testing.T) {
	good := func() card.Config {
		return card.Config{AID: unionPayDebit, PAN: "6228480012345678", Expiry: expiry, Keys: card.Keys{Cryptogram: imk(t, crypto.TDES)}}
	}
	for name, c := range map[string]struct {
		change func(*card.Config)
		want   error
	}{
		"no AID":          {func(c *card.Config) { c.AID = nil }, card.ErrConfig},
		"PAN":             {func(c *card.Config) { c.PAN = "622848A012345678" }, card.ErrConfig},
		"sequence":        {func(c *card.Config) { c.Sequence = "1" }, card.ErrConfig},
		"service code":    {func(c *card.Config) { c.ServiceCode = "20" }, card.ErrConfig},
		"PIN":             {func(c *card.Config) { c.PIN = "123" }, card.ErrConfig},
		"country":         {func(c *card.Config) { c.Country = 1000 }, card.ErrConfig},
		"name":            {func(c *card.Config) { c.Name = "A" }, card.ErrConfig},
		"expiry":          {func(c *card.Config) { c.Expiry = emv.Date{} }, emv.ErrDate},
		"unknown scheme":  {func(c *card.Config) { c.AID = unhex("A000000999010101") }, cryptogram.ErrNoProfile},
		"unknown version": {func(c *card.Config) { c.IAD = unhex("0701010380000002") }, cryptogram.ErrNoProfile},
		"no key":          {func(c *card.Config) { c.Keys.Cryptogram = crypto.IMK{} }, crypto.ErrNoKey},
		"other cipher":    {func(c *card.Config) { c.Keys.Cryptogram = imk(t, crypto.AES) }, crypto.ErrUsage},
	} {
		config := good()
		c.change(&config)
		_, err := card.New(config)
		require.ErrorIs(t, err, c.want, name)
	}
	c, err := card.New(good())
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, c)+fmt.Sprintf(verb, good()), "6228")
	}
}

// FuzzTransmit holds that the card answers every sequence of commands with a status word and never panics.
func FuzzTransmit(f *testing.F) {
	f.Add(unhex("0B00A4040005A00000033300" + "0580A80000028300"[:14]))
	for _, ins := range []byte{0xA8, 0xB2, 0xAE, 0x82, 0x88, 0x84, 0x20, 0xCA} {
		f.Add([]byte{6, 0x80, ins, 0x80, 0x80, 1, 0})
	}
	for _, ins := range []byte{0x16, 0x18, 0x1E, 0x24, 0xDA, 0xDC} {
		script := append([]byte{7, 0x80, 0xA8, 0, 0, 2, 0x83, 0, 34, 0x80, 0xAE, 0x80, 0, 29}, make([]byte, 29)...)
		f.Add(append(append(script, 13, 0x84, ins, 0, 2, 8), make([]byte, 8)...))
	}
	f.Add(append([]byte{7, 0x80, 0xA8, 0, 0, 2, 0x83, 0, 34, 0x80, 0xAE, 0x80, 0, 29}, make([]byte, 29)...))
	contact, _ := scripted(f, "UnionPay", nil)
	contactless, _ := scripted(f, "Visa 18", func(config *card.Config) { config.Contactless = true })
	f.Fuzz(func(t *testing.T, script []byte) {
		for _, c := range []*card.Card{contact, contactless} {
			c.Reset()
			aid := kinds["UnionPay"].aid
			if c == contactless {
				aid = kinds["Visa 18"].aid
			}
			c.Transmit(append([]byte{0, 0xA4, 4, 0, byte(len(aid) / 2)}, unhex(aid)...))
			for rest := script; len(rest) > 0; {
				n := min(int(rest[0]), len(rest)-1)
				response := c.Transmit(rest[1 : 1+n])
				require.GreaterOrEqual(t, len(response), 2)
				require.Contains(t, []byte{0x90, 0x63, 0x67, 0x69, 0x6A, 0x6D, 0x6E}, response[len(response)-2])
				rest = rest[1+n:]
			}
		}
	})
}
