package payshield_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/pinblock"
)

// provider is everything that a security module may do, with its own names for keys.
type provider struct {
	crypto.MACer
	crypto.CardVerifier
	crypto.KeyManager
	pinblock.Translator
	pinblock.Verifier
	pinblock.Issuer
	chip cryptogram.Issuer

	key  func(kind payshield.KeyType, attributes string, clear []byte) crypto.KeyRef
	pvk  func(clear []byte, m pinblock.OffsetMethod) crypto.KeyRef
	read func(k crypto.KeyRef, n int) []byte // a check value, whatever the reference
}

// layouts are those that offsets are computed of.
var layouts = []pinblock.Format{pinblock.ISO0}

func softwareProvider(t *testing.T) provider {
	pins := pinblock.Software{Layouts: layouts}
	keys := keyblock.Software{}
	return provider{
		mac.Software{}, cardverify.Software{}, keys, pins, pins, pins, cryptogram.Software{},
		func(_ payshield.KeyType, attributes string, clear []byte) crypto.KeyRef {
			return software(t, attributes, clear)
		},
		func(clear []byte, m pinblock.OffsetMethod) crypto.KeyRef {
			return software(t, "V1TN00N", clear, m.Bind)
		},
		func(k crypto.KeyRef, n int) []byte {
			kcv, err := keys.CheckValue(ctx, k, crypto.KCVLegacy, n)
			require.NoError(t, err)
			return kcv
		},
	}
}

func deviceProvider(t *testing.T, o payshield.Options) provider {
	o.Layouts = layouts
	c := connect(t, o)
	return provider{
		c, c, c, c, c, c, c,
		func(kind payshield.KeyType, attributes string, clear []byte) crypto.KeyRef {
			return local(t, kind, attributes, clear)
		},
		func(clear []byte, m pinblock.OffsetMethod) crypto.KeyRef {
			k, err := local(t, payshield.PVK, "V1TN00N", clear).WithOffsetMethod(m)
			require.NoError(t, err)
			return k
		},
		func(k crypto.KeyRef, n int) []byte {
			kcv, err := c.CheckValue(ctx, k, crypto.KCVLegacy, n)
			require.NoError(t, err)
			return kcv
		},
	}
}

// TestSeams runs one suite against software and against client and simulator, which must have the same results.
func TestSeams(t *testing.T) {
	want := runSuite(t, softwareProvider(t))
	require.Greater(t, len(want), 100)
	for name, o := range map[string]payshield.Options{
		"usual":        {},
		"short header": {Header: 2},
		"long header":  {Header: 32},
		"no header":    {NoHeader: true},
		"EBCDIC":       {EBCDIC: true, Trailer: "END", LMK: "00"},
		"quirks":       {MACLength: true, LegacyKCV: true, PlainA0: true},
	} {
		t.Run(name, func(t *testing.T) {
			got := runSuite(t, deviceProvider(t, o))
			require.Len(t, got, len(want))
			for i := range want {
				require.Equal(t, want[i], got[i])
			}
		})
	}
}

// suite records what came of each call.
type suite struct {
	*testing.T
	provider
	results []string
}

func runSuite(t *testing.T, p provider) []string {
	s := &suite{T: t, provider: p}
	for name, run := range []func(){s.macs, s.cards, s.translations, s.dukpt, s.pvvs, s.offsets, s.cryptograms, s.keys, s.foreign} {
		before := len(s.results)
		run()
		require.Greater(t, len(s.results), before, "part %d", name)
	}
	return s.results
}

// meanings are the errors that the providers must agree on.
var meanings = []error{
	crypto.ErrVerify, crypto.ErrUsage, crypto.ErrKeyRef, crypto.ErrUnsupported, crypto.ErrExport, crypto.ErrNoKey, crypto.ErrKeyLength,
	pinblock.ErrBlock, pinblock.ErrPolicy, pinblock.ErrPAN, pinblock.ErrFormat, pinblock.ErrPIN, pinblock.ErrData,
	cryptogram.ErrMissing, cryptogram.ErrCard, cryptogram.ErrAnswer, keyblock.ErrBlock, emv.ErrLength,
}

// add records a value and what an error means; an error that means nothing fails the suite.
func (s *suite) add(name string, value any, err error) {
	s.Helper()
	text := fmt.Sprintf("%s: %v", name, value)
	if err != nil {
		text = name + ":"
		for _, m := range meanings {
			if errors.Is(err, m) {
				text += " " + m.Error()
			}
		}
		require.NotEqual(s.T, name+":", text, "%v", err)
	}
	s.results = append(s.results, text)
}

const pan = "6224242900000113"

// The clear keys of the suite, in which no half is weak or twice there.
const (
	firstHex  = "D3DCC7EA9BCB755D254620B376B3D007"
	secondHex = "C7152C20BC2C830EA7EC9E8334ABE3FE"
	thirdHex  = "C8199237EA5857BC40EF9DA2B5E96BBF"
	singleHex = "E9CB01B93B20914F"
)

func (s *suite) macs() {
	keys := map[crypto.MACScheme][]crypto.KeyRef{
		crypto.CBCMAC: {s.key(payshield.TAK, "M1DN00N", unhex(s, singleHex)), s.key(payshield.ZAK, "M1TC00N", unhex(s, firstHex)),
			s.key(payshield.TAK, "M0TN00N", unhex(s, secondHex))},
		crypto.RetailMAC: {s.key(payshield.TAK, "M3TN00N", unhex(s, firstHex)), s.key(payshield.ZAK, "M3TC00N", unhex(s, secondHex))},
	}
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, scheme := range []crypto.MACScheme{crypto.CBCMAC, crypto.RetailMAC} {
		for i, k := range keys[scheme] {
			for _, padding := range []crypto.MACPadding{crypto.Padding1, crypto.Padding2} {
				for _, n := range []int{1, 8, 23, 256} {
					s.mac(fmt.Sprint(scheme, padding, i, n), k, crypto.MACAlgorithm{Scheme: scheme, Padding: padding}, every[:n])
				}
			}
		}
	}
	k := keys[crypto.RetailMAC][0]
	for name, a := range map[string]crypto.MACAlgorithm{"none": {}, "padding": {Scheme: crypto.RetailMAC}, "short": {Scheme: crypto.RetailMAC, Padding: crypto.Padding1, Size: 3}} {
		_, err := s.AppendMAC(ctx, nil, k, a, every)
		require.ErrorIs(s, err, crypto.ErrUnsupported, name)
	}
	_, err := s.AppendMAC(ctx, nil, k, crypto.MACAlgorithm{Scheme: crypto.CBCMAC, Padding: crypto.Padding1}, every)
	s.add("key of another algorithm", nil, err)
	_, err = s.AppendMAC(ctx, nil, s.key(payshield.TAK, "M3TV00N", unhex(s, firstHex)), mac.X919(), every)
	s.add("key that only verifies", nil, err)
}

func (s *suite) mac(name string, k crypto.KeyRef, a crypto.MACAlgorithm, message []byte) {
	for _, size := range []int{0, 4, 6, 8} {
		a.Size = size
		tag, err := s.AppendMAC(ctx, []byte("x"), k, a, message)
		s.add(name, tag, err)
		if size == 6 {
			continue
		}
		s.add(name, "verified", s.VerifyMAC(ctx, k, a, message, tag[1:]))
		tag[len(tag)-1] ^= 1
		s.add(name, nil, s.VerifyMAC(ctx, k, a, message, tag[1:]))
		s.add(name, nil, s.VerifyMAC(ctx, k, a, message, tag[2:]))
	}
}

func (s *suite) cards() {
	k := s.key(payshield.CVK, "C0TC00N", unhex(s, firstHex))
	for _, c := range []crypto.CardData{
		{PAN: crypto.Hide(pan), Expiry: "2911", ServiceCode: "201"},
		{PAN: crypto.Hide("6217970000000000422"), Expiry: "1129", ServiceCode: "000"},
		{PAN: crypto.Hide("411111111111"), Expiry: "2911", ServiceCode: "999", Digits: 3},
		{PAN: crypto.Hide("41111111111"), Expiry: "2911", ServiceCode: "999"},
		{PAN: crypto.Hide("41111111111111111111"), Expiry: "2911", ServiceCode: "999"},
		{PAN: crypto.Hide("411111111111a"), Expiry: "2911", ServiceCode: "999"},
		{PAN: crypto.Hide(pan), Expiry: "291", ServiceCode: "201"},
		{PAN: crypto.Hide(pan), Expiry: "2911", ServiceCode: "2a1"},
	} {
		cvv, err := s.AppendCVV(ctx, nil, k, c)
		s.add("CVV", string(cvv), err)
		if err != nil {
			s.add("CVV of no card", nil, s.VerifyCVV(ctx, k, c, "123"))
			continue
		}
		s.add("CVV", "verified", s.VerifyCVV(ctx, k, c, string(cvv)))
		for _, other := range []string{next(cvv), string(cvv[:2]), string(cvv) + "0", "", "abc"} {
			s.add("another CVV", nil, s.VerifyCVV(ctx, k, c, other))
		}
	}
	_, err := s.AppendCVV(ctx, nil, s.key(payshield.TAK, "M3TN00N", unhex(s, firstHex)), crypto.CardData{})
	s.add("CVV with a MAC key", nil, err)
}

// next returns other digits.
func next(digits []byte) string {
	out := bytes.Clone(digits)
	out[0] = '0' + (out[0]-'0'+1)%10
	return string(out)
}

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

// visaRequest is the same of a Visa card with cryptogram version 10.
func visaRequest(t testing.TB) cryptogram.Request {
	t.Helper()
	r := mChipRequest(t)
	r.Profile = cryptogram.VisaCVN10()
	r.Data = append(emv.TLV(unhex(t, "9F100706010A03A0A000")), r.Data...)
	return r
}

func (s *suite) cryptograms() {
	clear := unhex(s, thirdHex)
	k := s.key(payshield.MKAC, "E0TX00N", clear)
	imk, err := crypto.NewIMK(software(s, "E0TX00N", clear))
	require.NoError(s, err)
	answer := cryptogram.Answer{ARC: emv.ARC{'0', '0'}}
	for _, r := range []cryptogram.Request{mChipRequest(s), visaRequest(s)} {
		s.add("no cryptogram", nil, s.chip.VerifyCryptogram(ctx, k, r))
		_, err := s.chip.AppendResponse(ctx, nil, k, r, answer)
		s.add("answer to no cryptogram", nil, err)
		card, err := r.Profile.DeriveCardKey(imk, r.Card)
		require.NoError(s, err)
		ac, err := r.Profile.Generate(card, r.Data)
		require.NoError(s, err)
		r.Data = append(emv.TLV{0x9F, 0x26, 8}, append(ac[:], r.Data...)...)
		s.add("cryptogram", "verified", s.chip.VerifyCryptogram(ctx, k, r))
		response, err := s.chip.AppendResponse(ctx, []byte("x"), k, r, answer)
		s.add("answer", response, err)
		_, err = s.chip.AppendResponse(ctx, nil, k, r, cryptogram.Answer{Proprietary: []byte{1}})
		s.add("answer of another method", nil, err)

		other := r
		other.Card.Sequence = "02"
		s.add("another card", nil, s.chip.VerifyCryptogram(ctx, k, other))
		other.Card = cryptogram.Card{PAN: crypto.Hide("541333008960001x")}
		s.add("no card", nil, s.chip.VerifyCryptogram(ctx, k, other))
		for _, card := range []string{"5413330", "54133300", "5413330089600010123", "54133300896000101234"} {
			other.Card = cryptogram.Card{PAN: crypto.Hide(card)}
			s.add("card "+card, nil, s.chip.VerifyCryptogram(ctx, k, other))
		}
		other = r
		for _, tag := range []string{"9F36", "9F37", "9F26", "9F02"} {
			missing := append(emv.TLV{}, r.Data...)
			at := bytes.Index(missing, unhex(s, tag))
			missing[at+1] = 0x7E // another tag
			other.Data = missing
			s.add("without "+tag, nil, s.chip.VerifyCryptogram(ctx, k, other))
		}
		for _, data := range []string{"9F3601079F370453446578", "9F360200079F3703534465", "9F360200079F3704534465789F260700000000000000"} {
			other.Data = append(emv.TLV(unhex(s, data)), r.Data...)
			s.add("length of "+data, nil, s.chip.VerifyCryptogram(ctx, k, other))
		}
		other.Data = emv.TLV(unhex(s, "9F3602000795050000000000"))
		s.add("missing data", nil, s.chip.VerifyCryptogram(ctx, k, other))
		s.add("MAC key", nil, s.chip.VerifyCryptogram(ctx, s.key(payshield.TAK, "M3TN00N", clear), r))
	}
}

func (s *suite) keys() {
	kbpk := s.key(payshield.ZMK, "K1TB00N", unhex(s, secondHex))
	other := s.key(payshield.ZMK, "K1TB00N", unhex(s, thirdHex))
	for _, attributes := range []string{"P0TB00S", "M3TC00S", "M1DN00S", "C0TG00S", "K0TB00S", "V2TV00S", "E0TX00S", "B0TX00S", "D0TB00S"} {
		a := crypto.MustAttributes(attributes)
		bits := 128
		if a.Algorithm == crypto.DES {
			bits = 64
		}
		k, err := s.Generate(ctx, a, bits)
		require.NoError(s, err, attributes)
		s.add("generated", k.Attributes(), nil)
		block, err := s.Export(ctx, []byte("x"), kbpk, k)
		require.NoError(s, err, attributes)
		back, err := s.Import(ctx, kbpk, block[1:])
		require.NoError(s, err, attributes)
		s.add("imported", back.Attributes(), nil)
		require.Equal(s, s.read(k, 3), s.read(back, 3))
		_, err = s.Import(ctx, other, block[1:])
		s.add("imported under another key", nil, err)
		_, err = s.Import(ctx, kbpk, block[2:])
		s.add("imported a part", nil, err)
	}
	k := s.key(payshield.ZPK, "P0TB00N", unhex(s, firstHex))
	_, err := s.Export(ctx, nil, kbpk, k)
	s.add("exported", nil, err)
	_, err = s.Generate(ctx, crypto.MustAttributes("P0TB00N"), 72)
	s.add("generated of no length", nil, err)
	for _, n := range []int{1, 2, 3} {
		kcv, err := s.CheckValue(ctx, k, crypto.KCVLegacy, n)
		s.add("check value", kcv, err)
	}
}

// foreign asks everything with a key of another provider.
func (s *suite) foreign() {
	k := foreignKey{}
	own := s.key(payshield.ZPK, "P0TB00N", unhex(s, firstHex))
	pvk := s.key(payshield.PVK, "V2TN00N", unhex(s, thirdHex))
	_, err := s.AppendMAC(ctx, nil, k, mac.X919(), nil)
	s.add("foreign", nil, err)
	s.add("foreign", nil, s.VerifyMAC(ctx, k, mac.X919(), nil, make([]byte, 8)))
	_, err = s.AppendCVV(ctx, nil, k, crypto.CardData{})
	s.add("foreign", nil, err)
	s.add("foreign", nil, s.VerifyCVV(ctx, k, crypto.CardData{}, "123"))
	in := pinblock.Encrypted{Key: own, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: s.pinBlock(unhex(s, firstHex), pinblock.ISO0, "1234", pan)}
	_, err = s.TranslatePIN(ctx, nil, in, pinblock.Target{Key: k, Layout: pinblock.ISO0, PAN: in.PAN})
	s.add("foreign", nil, err)
	s.add("foreign", nil, s.VerifyPVV(ctx, in, k, pinblock.PVVData{PAN: in.PAN}, "1234"))
	in.Key = k
	_, err = s.TranslatePIN(ctx, nil, in, pinblock.Target{Key: own, Layout: pinblock.ISO0, PAN: in.PAN})
	s.add("foreign", nil, err)
	s.add("foreign", nil, s.VerifyPVV(ctx, in, pvk, pinblock.PVVData{PAN: in.PAN}, "1234"))
	s.add("foreign", nil, s.VerifyOffset(ctx, in, k, pinblock.OffsetData{PAN: in.PAN}, "1234"))
	s.add("foreign", nil, s.chip.VerifyCryptogram(ctx, k, mChipRequest(s)))
	_, err = s.Export(ctx, nil, k, own)
	s.add("foreign", nil, err)
	_, err = s.Import(ctx, k, nil)
	s.add("foreign", nil, err)
	_, err = s.CheckValue(ctx, k, crypto.KCVLegacy, 3)
	s.add("foreign", nil, err)
}

type foreignKey struct{}

func (foreignKey) Attributes() crypto.Attributes { return crypto.MustAttributes("P0TB00N") }
