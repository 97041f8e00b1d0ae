package cryptogram

import (
	"bytes"
	"context"
	"crypto/des"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/pinblock"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestProfileFor(t *testing.T) {
	for _, c := range []struct {
		rid       emv.RID
		iad, want string
	}{
		{emv.RIDVisa, "06010A03A00000", "Visa CVN 10"},
		{emv.RIDVisa, "06011103A00000", "Visa CVN 17"},
		{emv.RIDVisa, "06011203A00000", "Visa CVN 18"},
		{emv.RID{}, "06011203A0B8000F0300001030800000046920AE952C48", "Visa CVN 18"},
		{emv.RIDVisa, "1F2201A000000000000000000000000000000000000000000000000000000000", "Visa CVN 22"},
		{emv.RIDVisa, "1F4301A000000000000000000000000000000000000000000000000000000000", ""}, // cloud-based tokens
		{emv.RIDVisa, "06010C03A00000", ""},                                                   // issuer proprietary
		{emv.RIDAmex, "06010103A00000", "American Express CVN 01"},
		{emv.RIDAmex, "06010A03A00000", ""},
		{emv.RIDMastercard, "0110A00003220000000000000000000000FF", "M/Chip CVN 10"},
		{emv.RIDMastercard, "0111A00003220000000000000000000000FF", "M/Chip CVN 11"},
		{emv.RIDMastercard, "0112A00003220000000000000000000000FF", "M/Chip CVN 12"},
		{emv.RIDMastercard, "0113A00003220000000000000000000000FF", "M/Chip CVN 13"},
		{emv.RIDMastercard, "0114A00003220000000000000000000000FF", "M/Chip CVN 14"},
		{emv.RIDMastercard, "0115A00003220000000000000000000000FF", "M/Chip CVN 15"},
		{emv.RIDMastercard, "0116A00003220000000000000000000000FF", ""},
		{emv.RIDMastercard, "0110A08001222000067500000000000000FF00000000000000FF", "M/Chip CVN 10"}, // 26 octets
		{emv.RIDMastercard, "0110A08001222000067500000000000000FF000000000000FF", "M/Chip CVN 10"},   // 25, with more behind the counters
		{emv.RIDMastercard, "0110A080012220000675000000000000", ""},
		{emv.RID{}, "0FA501A03800000000000000000000000F010000000000000000000000000000", "CCD"},
		{emv.RID{}, "0FA601A03800000000000000000000000F010000000000000000000000000000", "CCD AES"},
		{emv.RID{}, "0FA701A03800000000000000000000000F010000000000000000000000000000", ""},
		{emv.RIDInterac, "15018504A0000000" + strings.Repeat("00", 14), "Interac CVN 133"},
		{emv.RIDUnionPay, "07010103A0000001", "UnionPay"},
		{emv.RIDUnionPay, "07010103A00000040A010000000000AABBCCDD", "UnionPay SM4"},
		{emv.RIDUnionPay, "07010103A0000002", ""},
		{emv.RIDUnionPay, "07010003A0000001", ""},
		{emv.RIDUnionPay, "07011103A0000001", ""},
		{emv.RIDUnionPay, "07010203A0000004", ""},
		{emv.RIDUnionPay, "07011703A00000010A010000049993865EF220", "UnionPay CVN 17 (not confirmed)"},
		{emv.RIDUnionPay, "07011703A0000004", "UnionPay CVN 17 SM4 (not confirmed)"},
		{emv.RIDUnionPay, "07011703A0000002", ""},
		{emv.RIDJCB, "07010104A0000000", ""},
		{emv.RIDDiscover, "06010103A00000", ""},
	} {
		p, err := ProfileFor(c.rid, unhex(t, c.iad))
		if c.want == "" {
			require.ErrorIs(t, err, ErrNoProfile, c.iad)
			continue
		}
		require.NoError(t, err, c.iad)
		require.Equal(t, c.want, p.Name)
	}
	_, err := ProfileFor(emv.RIDVisa, nil)
	require.ErrorIs(t, err, emv.ErrLength)
}

func TestMChipVersions(t *testing.T) {
	for version, want := range map[byte]Profile{
		0x10: {Session: SessionMChip, Contents: ContentsMChip, Response: Response1Card},
		0x11: {Session: SessionMChip, Contents: ContentsMChipCounters, Response: Response1Card},
		0x12: {Session: SessionTree, Contents: ContentsMChip, Response: Response1Card},
		0x13: {Session: SessionTree, Contents: ContentsMChipCounters, Response: Response1Card},
		0x14: {Session: SessionCommon, Contents: ContentsMChip, Response: Response1},
		0x15: {Session: SessionCommon, Contents: ContentsMChipCounters, Response: Response1},
	} {
		p, err := MChip(version)
		require.NoError(t, err)
		require.Equal(t, want, Profile{Session: p.Session, Contents: p.Contents, Response: p.Response}, version)
	}
}

func TestVisa17Contents(t *testing.T) {
	_, d := sale(t, VisaCVN17(), testCard, "06011103A0B8C0")
	contents, err := VisaCVN17().AppendContents([]byte{1}, d)
	require.NoError(t, err)
	require.Equal(t, "01"+"000000004000"+"52bf4585"+"001c"+"a0", hex.EncodeToString(contents))
}

// sale is a transaction of the given card, its cryptogram and the issuer's key.
func sale(t testing.TB, p Profile, card Card, iad string) (crypto.IMK, emv.TLV) {
	t.Helper()
	length := map[crypto.Algorithm]int{crypto.TDES: 16, crypto.SM4: 16, crypto.AES: 32}[p.Algorithm]
	imk := issuerKey(t, "E0", p.Algorithm, unhex(t, "0123456789ABCDEFFEDCBA9876543210112233445566778899AABBCCDDEEFF00")[:length])
	d := emv.TLV(unhex(t, "9F02060000000040005F2A02015682021800950580000480009A032611239C01009F370452BF45859F3602001C9F1A020156"))
	d = emv.AppendTLV(d, 0x9F10, unhex(t, iad))
	k, err := p.DeriveCardKey(imk, card)
	require.NoError(t, err)
	ac, err := p.Generate(k, d)
	require.NoError(t, err)
	return imk, emv.AppendTLV(d, 0x9F26, ac[:])
}

var testCard = Card{PAN: crypto.Hide("6228480012345678901"), Sequence: "01"}

// everyProfile names an issuer application data of every profile.
var everyProfile = map[string]struct {
	rid emv.RID
	iad string
}{
	"Visa CVN 10":             {emv.RIDVisa, "06010A03A0B800"},
	"Visa CVN 17":             {emv.RIDVisa, "06011103A0B800"},
	"Visa CVN 18":             {emv.RIDVisa, "06011203A0B800"},
	"Visa CVN 22":             {emv.RIDVisa, "1F2201A000000000000000000000000000000000000000000000000000000000"},
	"American Express CVN 01": {emv.RIDAmex, "06010103A0B800"},
	"M/Chip CVN 10":           {emv.RIDMastercard, "0110A00003220000000000000000000000FF"},
	"M/Chip CVN 11":           {emv.RIDMastercard, "0111A00003220000000000000000000000FF"},
	"M/Chip CVN 12":           {emv.RIDMastercard, "0112A00003220000000000000000000000FF"},
	"M/Chip CVN 13":           {emv.RIDMastercard, "0113A00003220000000000000000000000FF"},
	"M/Chip CVN 14":           {emv.RIDMastercard, "0114A00003220000000000000000000000FF"},
	"M/Chip CVN 15":           {emv.RIDMastercard, "0115A00003220000000000000000000000FF"},
	"CCD":                     {emv.RID{}, "0FA501A03800000000000000000000000F010000000000000000000000000000"},
	"CCD AES":                 {emv.RID{}, "0FA601A03800000000000000000000000F010000000000000000000000000000"},
	"Interac CVN 133":         {emv.RIDInterac, "15018504A0000000" + strings.Repeat("00", 14)},
	"UnionPay":                {emv.RIDUnionPay, "07010103A0000001"},
	"UnionPay SM4":            {emv.RIDUnionPay, "07010103A0000004"},

	"UnionPay CVN 17 (not confirmed)":     {emv.RIDUnionPay, "07011703A0000001"},
	"UnionPay CVN 17 SM4 (not confirmed)": {emv.RIDUnionPay, "07011703A0000004"},
}

// TestUnionPayVersions holds that cards of cryptogram versions 01 and 17 compute over different data.
func TestUnionPayVersions(t *testing.T) {
	for _, p := range []Profile{UnionPayCVN17(), UnionPayCVN17SM4()} {
		_, d := sale(t, p, testCard, "07011703A0B8C001")
		contents, err := p.AppendContents(nil, d)
		require.NoError(t, err)
		require.Equal(t, "000000004000"+"52bf4585"+"001c"+"a0", hex.EncodeToString(contents))
		require.Equal(t, [2]any{SessionUnionPay, crypto.Padding2}, [2]any{p.Session, p.Padding})
	}
}

// TestMChipDynamicNumber computes the number anew with the standard library's cipher.
func TestMChipDynamicNumber(t *testing.T) {
	key := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	block, err := des.NewTripleDESCipher(append(bytes.Clone(key), key[:8]...))
	require.NoError(t, err)
	want := unhex(t, "12340000A1B2C3D4") // counter, zeros, unpredictable number
	block.Encrypt(want, want)
	got, err := MChipDynamicNumber(cardKey(t, "E6", crypto.TDES, key), 0x1234, [4]byte{0xA1, 0xB2, 0xC3, 0xD4})
	require.NoError(t, err)
	require.Equal(t, want[:2], got[:])
}

// TestEveryProfile holds that what the card computes the issuer accepts and the other way round, that every octet under
// the cryptogram counts, and that the card's secrets are its own.
func TestEveryProfile(t *testing.T) {
	for name, c := range everyProfile {
		t.Run(name, func(t *testing.T) {
			p, err := ProfileFor(c.rid, unhex(t, c.iad))
			require.NoError(t, err)
			require.Equal(t, name, p.Name)
			imk, d := sale(t, p, testCard, c.iad)
			r := Request{Card: testCard, RID: c.rid, Data: d}
			ctx, software := context.Background(), Software{PINs: pinblock.Software{Layouts: []pinblock.Format{pinblock.ISO0}}}
			require.NoError(t, software.VerifyCryptogram(ctx, imk, r))
			require.NoError(t, software.VerifyCryptogram(ctx, imk.Key(), r))

			other := r
			other.Card.Sequence = "02"
			require.ErrorIs(t, software.VerifyCryptogram(ctx, imk, other), crypto.ErrVerify)
			counter, _ := d.Get(0x9F36)
			counter[1]++
			require.ErrorIs(t, software.VerifyCryptogram(ctx, imk, r), crypto.ErrVerify)
			counter[1]--

			response, err := software.AppendResponse(ctx, nil, imk, r, Answer{ARC: emv.ARC{'0', '0'}, CSU: [4]byte{0, 0x82}})
			require.NoError(t, err)
			k, err := p.DeriveCardKey(imk, testCard)
			require.NoError(t, err)
			_, err = p.VerifyResponse(k, d, response)
			require.NoError(t, err)
			for n := range response {
				_, err = p.VerifyResponse(k, d, response[:n])
				require.ErrorIs(t, err, crypto.ErrVerify)
			}
			response[0] ^= 0x80
			_, err = p.VerifyResponse(k, d, response)
			require.ErrorIs(t, err, crypto.ErrVerify)
		})
	}
}

// TestScriptsOfEveryProfile holds that commands come out well-formed under every profile's rules, and that the MAC is
// over what was encrypted.
func TestScriptsOfEveryProfile(t *testing.T) {
	for name, c := range everyProfile {
		t.Run(name, func(t *testing.T) {
			p, err := ProfileFor(c.rid, unhex(t, c.iad))
			require.NoError(t, err)
			imk, d := sale(t, p, testCard, c.iad)
			clear := unhex(t, "00112233445566778899AABBCCDDEEFF0123456789ABCDEFFEDCBA9876543210")[:imk.Bits()/8]
			keys := IssuerScriptKeys{Integrity: issuerKey(t, "E2", p.Algorithm, clear), Confidentiality: issuerKey(t, "E1", p.Algorithm, clear)}
			r := Request{Card: testCard, RID: c.rid, Data: d}
			out, err := Software{EncryptsData: true}.AppendCommands(context.Background(), nil, keys, r, []IssuerCommand{
				{Command: Command{CLA: 0x84, INS: 0x18}},
				{Command: Command{CLA: 0x84, INS: 0xDA, P1: 0x9F, P2: 0x58, Data: []byte{3}, MACSize: 4}},
				{Command: Command{CLA: 0x84, INS: 0xDA, P2: 2, Data: make([]byte, 8), Encrypt: true}},
			})
			require.NoError(t, err)
			var lengths []int
			for v := range emv.TLV(out).GetAll(0x86) {
				require.True(t, emv.ScriptCommand(v).Valid())
				lengths = append(lengths, len(v))
			}
			require.Equal(t, []int{13, 10}, lengths[:2])
			require.GreaterOrEqual(t, lengths[2], 13+8)

			keys.Integrity, keys.Confidentiality = keys.Confidentiality, keys.Integrity
			_, err = Software{}.AppendCommands(context.Background(), nil, keys, r, []IssuerCommand{{Command: Command{CLA: 0x84, INS: 0x18}}})
			require.ErrorIs(t, err, crypto.ErrUsage)
		})
	}
}

// TestIssuerPINChange gives the issuer the published PIN change of a Visa card with the PINs as they come in messages:
// encrypted, format 0.
func TestIssuerPINChange(t *testing.T) {
	b := func(s string) []byte { return unhex(t, s) }
	keys := IssuerScriptKeys{
		Integrity:       issuerKey(t, "E2", crypto.TDES, b("FEDCBA98765432100123456789ABCDEF")),
		Confidentiality: issuerKey(t, "E1", crypto.TDES, b("89ABCDEF0123456776543210FEDCBA98")),
		Cryptogram:      issuerKey(t, "E0", crypto.TDES, b("0123456789ABCDEFFEDCBA9876543210")),
	}
	const pan = "1234567890123456"
	k := importKey(t, "P0", crypto.TDES, "B", b("00112233445566778899AABBCCDDEEFF"))
	pinKey, err := crypto.NewPINKey(k)
	require.NoError(t, err)
	encrypted := func(ref crypto.KeyRef, digits string) *pinblock.Encrypted {
		pin, err := pinblock.ParsePIN([]byte(digits))
		require.NoError(t, err)
		block, err := pinblock.Encrypt(nil, pinKey, pinblock.ISO0, pin, pan)
		require.NoError(t, err)
		return &pinblock.Encrypted{Key: ref, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: block}
	}
	r := Request{
		Card: Card{PAN: crypto.Hide(pan)}, Profile: VisaCVN10(), Data: emv.TLV(b("9F3602001C9F260829CCA15AE665FA2E")),
	}
	ctx, software := context.Background(), Software{PINs: pinblock.Software{Layouts: []pinblock.Format{pinblock.ISO0}}}
	for _, c := range []struct {
		command IssuerCommand
		want    string
	}{
		{IssuerCommand{NewPIN: encrypted(pinKey, "9999")}, "8424000218BB221AF527377A2811D2B6EBC396A9391A965A5CB2CE62DA"},
		{IssuerCommand{NewPIN: encrypted(k, "9999"), CurrentPIN: encrypted(k, "8888")}, "84240001182EE025E554BCD87E11D2B6EBC396A939C4A8393B57DD2F3F"},
	} {
		out, err := software.AppendCommands(ctx, nil, keys, r, []IssuerCommand{c.command})
		require.NoError(t, err)
		require.Equal(t, emv.AppendTLV(nil, 0x86, b(c.want)), out)
	}

	bad := encrypted(pinKey, "9999")
	bad.Block[0] ^= 1
	foreign := encrypted(nil, "9999")
	other, unbound := *encrypted(k, "9999"), *encrypted(k, "9999") // a PIN of another card, and of none
	other.PAN = crypto.Hide("1234567890123464")
	unbound.Layout = pinblock.ISO1
	_, err = software.AppendCommands(ctx, nil, keys, r, []IssuerCommand{{NewPIN: &unbound}})
	require.ErrorIs(t, err, pinblock.ErrPolicy)
	unbound.Layout = pinblock.VISA4 // of other digits of the PAN: no longer approved
	for _, c := range []struct {
		command IssuerCommand
		want    error
	}{
		{IssuerCommand{NewPIN: bad}, pinblock.ErrBlock},
		{IssuerCommand{NewPIN: encrypted(k, "1234"), CurrentPIN: bad}, pinblock.ErrBlock},
		{IssuerCommand{NewPIN: foreign}, crypto.ErrKeyRef},
		{IssuerCommand{NewPIN: &other}, pinblock.ErrPolicy},
		{IssuerCommand{NewPIN: encrypted(k, "1234"), CurrentPIN: &other}, pinblock.ErrPolicy},
		{IssuerCommand{NewPIN: &unbound}, pinblock.ErrPolicy},
		{IssuerCommand{NewPIN: encrypted(keys.Integrity.(crypto.IMK).Key(), "1234")}, crypto.ErrUsage},
	} {
		_, err := software.AppendCommands(ctx, nil, keys, r, []IssuerCommand{c.command})
		require.ErrorIs(t, err, c.want)
	}
	keys.Cryptogram = nil
	_, err = software.AppendCommands(ctx, nil, keys, r, []IssuerCommand{{NewPIN: encrypted(k, "1234")}})
	require.ErrorIs(t, err, crypto.ErrNoKey)
}

func TestMChipScriptCounts(t *testing.T) {
	p, err := MChip(0x14)
	require.NoError(t, err)
	b := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	keys := ScriptKeys{Integrity: cardKey(t, "E2", crypto.TDES, b)}
	command := Command{CLA: 0x84, INS: 0x18}
	s := p.NewScript(keys, 1, [8]byte{1, 2, 3, 4, 5, 6, 7, 0xFF})
	_, err = s.AppendCommand(nil, command)
	require.NoError(t, err)
	second, err := s.AppendCommand(nil, command)
	require.NoError(t, err)
	first, err := p.NewScript(keys, 1, [8]byte{1, 2, 3, 4, 5, 6, 8, 0}).AppendCommand(nil, command)
	require.NoError(t, err)
	require.Equal(t, first, second)
}

func TestMisshapenData(t *testing.T) {
	p := VisaCVN10()
	imk, d := sale(t, p, testCard, "06010A03A00000")
	for _, tag := range []emv.Tag{0x9F02, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37, 0x82, 0x9F36, 0x9F10, 0x9F26} {
		tree, err := emv.Parse(d, nil)
		require.NoError(t, err)
		require.Equal(t, 1, tree.Delete(tag))
		var fault *emv.ValueError
		require.ErrorAs(t, p.Verify(imk, testCard, tree.Append(nil)), &fault, tag)
		require.Equal(t, tag, fault.Tag)
		require.ErrorIs(t, fault, ErrMissing)
		long := emv.AppendTLV(tree.Append(nil), tag, make([]byte, 40))
		require.ErrorIs(t, p.Verify(imk, testCard, long), emv.ErrLength, tag)
	}
	repeated := emv.AppendTLV(bytes.Clone(d), 0x9F02, make([]byte, 6))
	require.NoError(t, p.Verify(imk, testCard, repeated), "of repeated objects the first counts")
	zero := emv.AppendTLV(d, 0x9F03, make([]byte, 6))
	require.NoError(t, p.Verify(imk, testCard, zero), "an absent other amount is zero")
	for _, iad := range []string{"06", "06010A", "06010A03A000", "06010AFFA00000", "06010A00A00000"} {
		_, err := p.iadPart(unhex(t, iad))
		require.ErrorIs(t, err, emv.ErrLength, iad)
	}
}

func TestKeysAreHeldToTheirUsage(t *testing.T) {
	b := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	p := VisaCVN10()
	imk, d := sale(t, p, testCard, "06010A03A00000")
	require.ErrorIs(t, p.Verify(issuerKey(t, "E2", crypto.TDES, b), testCard, d), crypto.ErrUsage)
	require.ErrorIs(t, p.Verify(issuerKey(t, "E0", crypto.AES, b), testCard, d), crypto.ErrUsage)
	require.ErrorIs(t, p.Verify(crypto.IMK{}, testCard, d), crypto.ErrNoKey)
	require.ErrorIs(t, Profile{}.Verify(imk, testCard, d), ErrNoProfile)
	require.ErrorIs(t, p.VerifyCard(CardKey{}, d), crypto.ErrNoKey)
	for _, k := range []crypto.Key{importKey(t, "P0", crypto.TDES, "B", b), importKey(t, "B0", crypto.TDES, "X", b)} {
		none, err := NewCardKey(k) // the second one may derive, but nothing of cards
		require.ErrorIs(t, err, crypto.ErrUsage)
		require.Equal(t, CardKey{}, none)
	}
	_, err := NewSessionKey(crypto.Key{})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = NewSessionKey(importKey(t, "P0", crypto.TDES, "B", b))
	require.ErrorIs(t, err, crypto.ErrUsage)
	data, err := NewSessionKey(importKey(t, "D0", crypto.TDES, "B", b))
	require.NoError(t, err)
	_, err = AppendMAC(nil, data, crypto.Padding2, b, 8)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = ARPC1(data, [8]byte{}, emv.ARC{})
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = EncryptScriptData(nil, sessionKey(t, crypto.TDES, b), EncryptEMV, b)
	require.ErrorIs(t, err, crypto.ErrUsage)
	none, err := MastercardCVC3(cardKey(t, "E2", crypto.TDES, b), [2]byte{}, 1, [4]byte{})
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.Zero(t, none)
	none, err = MastercardCVC3(cardKey(t, "E4", crypto.AES, b), [2]byte{}, 1, [4]byte{})
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	require.Zero(t, none)
	none, err = MastercardCVC3(CardKey{}, [2]byte{}, 1, [4]byte{})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.Zero(t, none)
	require.ErrorIs(t, Software{}.VerifyCryptogram(context.Background(), nil, Request{Data: d, RID: emv.RIDVisa}), crypto.ErrKeyRef)
	imk.Destroy()
	require.ErrorIs(t, p.Verify(imk, testCard, d), crypto.ErrDestroyed)
}

func TestDerivationsRefuse(t *testing.T) {
	b := unhex(t, "0123456789ABCDEFFEDCBA98765432101122334455667788")
	tdes, aes, sm4 := issuerKey(t, "E0", crypto.TDES, b[:16]), issuerKey(t, "E0", crypto.AES, b), issuerKey(t, "E0", crypto.SM4, b[:16])
	for _, card := range []Card{{}, {PAN: crypto.Hide("1234567")}, {PAN: crypto.Hide("12345678901234567890")}, {PAN: crypto.Hide("12345678A")}, {PAN: crypto.Hide("123456789"), Sequence: "1"}, {PAN: crypto.Hide("123456789"), Sequence: "1:"}} {
		_, err := DeriveCardKey(tdes, card, OptionA)
		require.ErrorIs(t, err, ErrCard)
		_, err = DeriveCardKey(aes, card, OptionC)
		require.ErrorIs(t, err, ErrCard)
	}
	for _, c := range []struct {
		imk    crypto.IMK
		option Derivation
	}{{tdes, 0}, {tdes, OptionC}, {aes, OptionA}, {sm4, OptionC}, {aes, OptionC256 + 1}, {issuerKey(t, "E0", crypto.TDES, b), OptionA}} {
		_, err := DeriveCardKey(c.imk, testCard, c.option)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
	card, aesCard, sm4Card := cardKey(t, "E0", crypto.TDES, b[:16]), cardKey(t, "E0", crypto.AES, b), cardKey(t, "E0", crypto.SM4, b[:16])
	for _, err := range []error{
		second(CommonSessionKey(card, b[:9])), second(CommonSessionKey(sm4Card, b[:8])), second(VisaSessionKey(aesCard, 1)),
		second(UnionPaySessionKey(aesCard, 1)), second(TreeSessionKey(aesCard, 1, Tree{Branch: 4, Height: 8})),
		second(TreeSessionKey(card, 1, Tree{})), second(TreeSessionKey(card, 1, Tree{Branch: 4, Height: 16})),
		second(VisaLimitedUseKey(card, "")), second(VisaLimitedUseKey(card, "123456789012345")), second(VisaLimitedUseKey(card, "12A")),
	} {
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
}

func second[T any](_ T, err error) error { return err }

func TestScriptsRefuse(t *testing.T) {
	b := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	s := VisaCVN18().NewScript(ScriptKeys{Integrity: cardKey(t, "E2", crypto.TDES, b)}, 1, [8]byte{})
	for _, c := range []Command{{MACSize: 3}, {MACSize: 9}, {Data: make([]byte, 240)}} {
		_, err := s.AppendCommand(nil, c)
		require.ErrorIs(t, err, ErrCommand)
	}
	_, err := s.AppendCommand(nil, Command{Encrypt: true, Data: b})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	good := pinOf(t, "1234")
	for _, change := range []PINChange{{}, {Current: good}} {
		_, err := s.AppendPINChange(nil, change)
		require.ErrorIs(t, err, ErrPINBlock)
	}
	_, err = VisaCVN18().AppendResponseCard(nil, cardKey(t, "E0", crypto.TDES, b), emv.TLV(unhex(t, "9F26080011223344556677")), Answer{})
	require.ErrorIs(t, err, ErrMissing)
	require.Equal(t, "PINChange(hidden)", fmt.Sprintf("%x", PINChange{New: good}))
	require.NotContains(t, fmt.Sprintf("%+v %d %x", PINChange{New: good}, PINChange{New: good}, PINChange{New: good}), "1234")
	require.NotContains(t, fmt.Sprintf("%+v %d %x %#v", testCard, testCard, testCard, Request{Card: testCard}), "6228")
}

// FuzzVerify holds that data from outside never panic, that ProfileFor and the parser agree on what the data are, and
// that no cryptogram verifies but the one Generate gives.
func FuzzVerify(f *testing.F) {
	for _, c := range everyProfile {
		p, err := ProfileFor(c.rid, unhex(f, c.iad))
		require.NoError(f, err)
		_, d := sale(f, p, testCard, c.iad)
		f.Add(c.rid[:], unhex(f, c.iad), []byte(d))
	}
	keys := map[crypto.Algorithm]CardKey{}
	for _, a := range []crypto.Algorithm{crypto.TDES, crypto.AES, crypto.SM4} {
		keys[a] = cardKey(f, "E0", a, unhex(f, "0123456789ABCDEFFEDCBA9876543210"))
	}
	f.Fuzz(func(t *testing.T, rid, iad, data []byte) {
		p, err := ProfileFor(emv.RIDOf(rid), iad)
		if err != nil {
			return
		}
		d := emv.TLV(emv.AppendTLV(nil, 0x9F10, iad))
		d = append(d, data...)
		contents, err := p.AppendContents(nil, d)
		ac, generateErr := p.Generate(keys[p.Algorithm], d)
		if err != nil {
			require.Equal(t, err, generateErr)
			require.Empty(t, contents)
			return
		}
		require.NoError(t, generateErr)
		require.LessOrEqual(t, len(contents), maximumContents)
		if _, has := d.Get(0x9F26); has {
			return
		}
		whole := append(emv.AppendTLV(nil, 0x9F26, ac[:]), d...)
		require.NoError(t, p.VerifyCard(keys[p.Algorithm], whole))
		whole[3] ^= 1
		require.ErrorIs(t, p.VerifyCard(keys[p.Algorithm], whole), crypto.ErrVerify)
	})
}

// TestVerifyAllocations holds what a verification costs the garbage collector: card key and session key, the MAC's
// binding, the contents, two scratch blocks.
func TestVerifyAllocations(t *testing.T) {
	p := VisaCVN18()
	imk, d := sale(t, p, testCard, "06011203A0B800")
	n := testing.AllocsPerRun(100, func() { _ = p.Verify(imk, testCard, d) })
	require.LessOrEqual(t, n, 9.0) // 8; now and then the pool of package mac is emptied under it
}
