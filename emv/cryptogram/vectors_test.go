package cryptogram

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/internal/vectortest"
)

// vectorKinds runs the cases of the files whose base name, without a number at its end, is the key.
var vectorKinds = map[string]func(*testing.T, *vector){
	"cryptogram":           checkOperation,
	"keys":                 checkOperation,
	"script":               checkOperation,
	"cvc3":                 checkOperation,
	"emv_key_derivation":   checkKeyDerivation,
	"emv_cryptogram":       checkCryptogram,
	"emv_secure_messaging": checkSecureMessaging,
	"emv_hce_luk":          checkLimitedUse,
	"emv_pboc_sm4_aes":     checkPBOCAndAES,
}

func TestVectors(t *testing.T) {
	vectortest.Files(t, vectorKinds, func(t *testing.T, file string, check func(*testing.T, *vector)) {
		name, cases := filepath.Base(file), readVectors(t, file)
		t.Run(name, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					c.in.t, c.want.t = t, t
					require.NotEmpty(t, c.want.values, "the case expects nothing")
					check(t, c)
					c.in.requireRead()
					c.want.requireRead()
				})
			}
		})
		t.Logf("%s: %d cases, 0 skipped", name, len(cases))
	})
}

// vector is a case of either form of file: a list of inputs and expect, or cases of input and expect.
type vector struct {
	name     string
	in, want *object
}

// object is a JSON object that knows which of its keys were read: one nobody read fails the case.
type object struct {
	t      *testing.T
	values map[string]any
	read   map[string]bool
}

func newObject(t *testing.T, values map[string]any) *object {
	return &object{t, values, map[string]bool{}}
}

func readVectors(t *testing.T, file string) []*vector {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	type item struct {
		ID, Source            string
		Inputs, Input, Expect map[string]any
	}
	var list []item
	if text[0] == '[' {
		require.NoError(t, json.Unmarshal(text, &list))
	} else {
		var wrapped struct{ Cases []item }
		require.NoError(t, json.Unmarshal(text, &wrapped))
		list = wrapped.Cases
	}
	require.NotEmpty(t, list, "%s holds no case", file)
	var out []*vector
	for _, c := range list {
		if c.Inputs == nil {
			c.Inputs = c.Input
		}
		out = append(out, &vector{c.ID + c.Source, newObject(t, c.Inputs), newObject(t, c.Expect)})
	}
	return out
}

func (o *object) requireRead() {
	for key := range o.values {
		require.True(o.t, o.read[key], "%q is of a kind unknown here", key)
	}
}

func (o *object) has(key string) bool { _, ok := o.values[key]; return ok }

// ignore counts keys as read that only explain.
func (o *object) ignore(keys ...string) {
	for _, key := range keys {
		o.read[key] = true
	}
}

func (o *object) text(key string) string {
	o.read[key] = true
	if o.values[key] == nil {
		return ""
	}
	s, ok := o.values[key].(string)
	require.True(o.t, ok, "%q is no text", key)
	return s
}

func (o *object) hex(key string) []byte {
	b, err := hex.DecodeString(o.text(key))
	require.NoError(o.t, err, key)
	return b
}

func (o *object) number(key string) int {
	o.read[key] = true
	f, ok := o.values[key].(float64)
	require.True(o.t, ok, "%q is no number", key)
	return int(f)
}

func (o *object) object(key string) *object {
	o.read[key] = true
	m, ok := o.values[key].(map[string]any)
	require.True(o.t, ok, "%q is no object", key)
	return newObject(o.t, m)
}

func (o *object) bytes2(key string) (out [2]byte) { o.fixed(out[:], key); return out }
func (o *object) bytes4(key string) (out [4]byte) { o.fixed(out[:], key); return out }
func (o *object) bytes8(key string) (out [8]byte) { o.fixed(out[:], key); return out }

func (o *object) fixed(dst []byte, key string) {
	b := o.hex(key)
	require.Len(o.t, b, len(dst), key)
	copy(dst, b)
}

func (o *object) uint16(key string) uint16 {
	b := o.bytes2(key)
	return uint16(b[0])<<8 | uint16(b[1])
}

func (o *object) card() Card { return Card{PAN: crypto.Hide(o.text("pan")), Sequence: o.text("psn")} }

// cipher is the algorithm of a case's keys.
func (o *object) cipher() crypto.Algorithm {
	a, ok := map[string]crypto.Algorithm{
		"": crypto.TDES, "tdes": crypto.TDES, "3des": crypto.TDES, "aes": crypto.AES, "sm4": crypto.SM4,
	}[o.text("cipher")]
	require.True(o.t, ok, "unknown cipher")
	return a
}

// usage is that of the key a case says it is about: of cryptograms when it does not say.
func (o *object) usage() string {
	usage, ok := map[string]string{"": "E0", "AC": "E0", "SMC": "E1", "SMI": "E2"}[o.text("which")]
	require.True(o.t, ok, "unknown key")
	return usage
}

func importKey(t testing.TB, usage string, a crypto.Algorithm, mode string, b []byte) crypto.Key {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes(usage+a.String()+mode+"00S"), b, crypto.AllowWeak, gm.SM4)
	require.NoError(t, err)
	return k
}

func issuerKey(t testing.TB, usage string, a crypto.Algorithm, b []byte) crypto.IMK {
	t.Helper()
	imk, err := crypto.NewIMK(importKey(t, usage, a, "X", b))
	require.NoError(t, err)
	return imk
}

func cardKey(t testing.TB, usage string, a crypto.Algorithm, b []byte) CardKey {
	t.Helper()
	k, err := NewCardKey(importKey(t, usage, a, "N", b))
	require.NoError(t, err)
	return k
}

var sessionUsage = map[crypto.Algorithm]string{crypto.TDES: "M3", crypto.AES: "M6", crypto.SM4: "M1"}

func sessionKey(t testing.TB, a crypto.Algorithm, b []byte) SessionKey {
	t.Helper()
	k, err := NewSessionKey(importKey(t, sessionUsage[a], a, "C", b))
	require.NoError(t, err)
	return k
}

// requireKey compares a key with its clear bytes, those of DES without their parity unless exact.
func requireKey(t *testing.T, want []byte, k crypto.Key, exact bool) {
	t.Helper()
	got, err := clearkey.Export(k)
	require.NoError(t, err)
	if !exact {
		want = bytes.Clone(want)
		setOddParity(want)
	}
	require.Equal(t, hex.EncodeToString(want), hex.EncodeToString(got))
}

var options = map[string]Derivation{"A": OptionA, "B": OptionB, "C": OptionC}

// option reads how a case derives card keys.
func (o *object) option(key string) Derivation {
	option, ok := options[o.text(key)]
	require.True(o.t, ok, "derivation")
	if o.has("key_bits") {
		option = map[int]Derivation{128: OptionC128, 192: OptionC192, 256: OptionC256}[o.number("key_bits")]
	}
	return option
}

var paddings = map[string]crypto.MACPadding{"iso9797-1": crypto.Padding1, "iso9797-2": crypto.Padding2, "cmac": 0}

func checkOperation(t *testing.T, c *vector) {
	operations := map[string]func(*testing.T, *vector){
		"arqc": checkARQC, "arqc_raw": checkRawARQC, "arpc": checkRawARPC, "mac_alg3": checkMAC,
		"icc_master_key": checkMasterKey, "session_key": checkSessionKey,
		"script_mac": checkScriptMAC, "pin_change": checkPINChange, "cvc3": checkCVC3,
	}
	check, ok := operations[c.in.text("op")]
	require.True(t, ok, "unknown operation")
	check(t, c)
}

// profiles are the names the vectors have for the profiles.
func profiles(t *testing.T, name string) Profile {
	p, ok := map[string]Profile{
		"visa10": VisaCVN10(), "visa17": VisaCVN17(), "visa18": VisaCVN18(), "visa22": VisaCVN22(), "ccd": CCD(), "ccd_aes": CCDAES(),
		"interac133": Interac133(), "amex01": Amex01(), "unionpay": UnionPay(), "unionpay_sm4": UnionPaySM4(),
	}[name]
	if ok {
		return p
	}
	version, ok := map[string]byte{ // the vectors number them in hexadecimal and in decimal digits
		"mc10": 0x10, "mc11": 0x11, "mc12": 0x12, "mc13": 0x13, "mc14": 0x14, "mc15": 0x15,
		"mc16": 0x10, "mc17": 0x11, "mc18": 0x12, "mc19": 0x13, "mc20": 0x14, "mc21": 0x15,
	}[name]
	require.True(t, ok, "unknown profile %q", name)
	p, err := MChip(version)
	require.NoError(t, err)
	return p
}

// tags builds field 55 of a case.
func (o *object) tags() emv.TLV {
	var d []byte
	for _, name := range slices.Sorted(maps.Keys(o.values)) {
		tag, err := emv.ParseTag(name)
		require.NoError(o.t, err)
		d = emv.AppendTLV(d, tag, o.hex(name))
	}
	return d
}

func checkARQC(t *testing.T, c *vector) {
	p := profiles(t, c.in.text("profile"))
	p.Derivation = c.in.option("mk_option")
	imk, card := issuerKey(t, "E0", p.Algorithm, c.in.hex("imk_ac")), c.in.card()
	d := c.in.object("tags").tags()
	k, err := p.DeriveCardKey(imk, card)
	require.NoError(t, err)
	requireKey(t, c.want.hex("icc_mk"), k.Key(), true)
	s, err := p.sessionKey(k, d)
	require.NoError(t, err)
	requireKey(t, c.want.hex("session_key"), s.Key(), true)
	contents, err := p.AppendContents(nil, d)
	require.NoError(t, err)
	require.Equal(t, c.want.hex("ac_data"), contents)
	ac, err := p.Generate(k, d)
	require.NoError(t, err)
	require.Equal(t, c.want.bytes8("arqc"), ac)

	d = emv.AppendTLV(d, 0x9F26, ac[:])
	require.NoError(t, p.Verify(imk, card, d))
	d[len(d)-1] ^= 1
	require.ErrorIs(t, p.Verify(imk, card, d), crypto.ErrVerify)
	d[len(d)-1] ^= 1
	if c.in.has("arpc") {
		checkResponse(t, c, p, imk, card, d)
	}
}

func checkResponse(t *testing.T, c *vector, p Profile, imk crypto.IMK, card Card, d emv.TLV) {
	in := c.in.object("arpc")
	require.Equal(t, in.number("method") == 2, p.Response == Response2)
	require.Equal(t, in.text("key") == "mk", p.Response == Response1Card || p.Session == SessionDirect)
	answer := Answer{Proprietary: in.hex("prop")}
	if p.Response == Response2 {
		answer.CSU = in.bytes4("csu")
	} else {
		answer.ARC = in.bytes2("arc")
	}
	in.requireRead()
	response, err := p.AppendResponse(nil, imk, card, d, answer)
	require.NoError(t, err)
	require.Equal(t, c.want.hex("tag91"), response)
	require.True(t, bytes.HasPrefix(response, c.want.hex("arpc")))

	k, err := p.DeriveCardKey(imk, card)
	require.NoError(t, err)
	got, err := p.VerifyResponse(k, d, response)
	require.NoError(t, err)
	require.Equal(t, answer.ARC, got.ARC)
	require.Equal(t, answer.CSU, got.CSU)
	for i := range response {
		response[i] ^= 0x10
		_, err := p.VerifyResponse(k, d, response)
		require.ErrorIs(t, err, crypto.ErrVerify)
		response[i] ^= 0x10
	}
}

// bySession derives a session key by the name the vectors have for the method.
func bySession(t *testing.T, method string, k CardKey, r []byte, counter uint16) SessionKey {
	t.Helper()
	var s SessionKey
	var err error
	switch method {
	case "none":
		s, err = DirectKey(k)
	case "emv_csk", "csk_arqc", "mchip_skd":
		s, err = CommonSessionKey(k, r)
	case "visa_sm", "visa":
		s, err = VisaSessionKey(k, counter)
	case "unionpay", "pboc":
		s, err = UnionPaySessionKey(k, counter)
	default:
		require.Fail(t, "unknown session key method", method)
	}
	require.NoError(t, err)
	return s
}

func checkRawARQC(t *testing.T, c *vector) {
	padding, ok := paddings[c.in.text("padding")]
	require.True(t, ok)
	a := c.in.cipher()
	k, err := DeriveCardKey(issuerKey(t, "E0", a, c.in.hex("imk_ac")), c.in.card(), c.in.option("mk_option"))
	require.NoError(t, err)
	if c.want.has("icc_mk") {
		requireKey(t, c.want.hex("icc_mk"), k.Key(), true)
	}
	method, r, number := c.in.text("session_key_method"), c.in.hex("atc"), c.in.hex("un")
	if method == "mchip_skd" {
		r = append(append(r, 0, 0), number...)
	}
	s := bySession(t, method, k, r, c.in.uint16("atc"))
	if c.want.has("session_key") {
		requireKey(t, c.want.hex("session_key"), s.Key(), true)
	}
	ac := requireMAC(t, s, padding, c.in.hex("data"), c.want.hex("arqc"))
	if !c.in.has("arpc") {
		return
	}
	in := c.in.object("arpc")
	if in.text("key") == "mk" {
		s, err = DirectKey(k)
		require.NoError(t, err)
	}
	if in.number("method") == 1 {
		arpc, err := ARPC1(s, ac, in.bytes2("rc"))
		require.NoError(t, err)
		require.Equal(t, c.want.bytes8("arpc"), arpc)
		in.requireRead()
		return
	}
	csu := "csu"
	if in.has("rc") {
		csu = "rc"
	}
	arpc, err := ARPC2(s, ac, in.bytes4(csu), in.hex("prop"))
	require.NoError(t, err)
	require.Equal(t, c.want.bytes4("arpc"), arpc)
	if c.want.has("tag91") {
		require.Equal(t, c.want.hex("tag91"), slices.Concat(arpc[:], in.hex(csu), in.hex("prop")))
	}
	in.requireRead()
}

// requireMAC checks a MAC of 8 bytes, that it verifies, and that no other does.
func requireMAC(t *testing.T, s SessionKey, padding crypto.MACPadding, data, want []byte) [8]byte {
	t.Helper()
	got, err := AppendMAC(nil, s, padding, data, 8)
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(want), hex.EncodeToString(got))
	require.NoError(t, VerifyMAC(s, padding, data, got))
	require.NoError(t, VerifyMAC(s, padding, data, got[:4]))
	require.ErrorIs(t, VerifyMAC(s, padding, data, got[:3]), crypto.ErrVerify)
	require.ErrorIs(t, VerifyMAC(s, padding, data, append(got, 0)), crypto.ErrVerify)
	require.ErrorIs(t, VerifyMAC(s, padding, data, nil), crypto.ErrVerify)
	got[7] ^= 1
	require.ErrorIs(t, VerifyMAC(s, padding, data, got[:8]), crypto.ErrVerify)
	return [8]byte(want)
}

func checkRawARPC(t *testing.T, c *vector) {
	s := sessionKey(t, c.in.cipher(), c.in.hex("key"))
	if c.in.number("method") == 1 {
		arpc, err := ARPC1(s, c.in.bytes8("arqc"), c.in.bytes2("arc"))
		require.NoError(t, err)
		require.Equal(t, c.want.bytes8("arpc"), arpc)
		return
	}
	require.Equal(t, 2, c.in.number("method"))
	arpc, err := ARPC2(s, c.in.bytes8("arqc"), c.in.bytes4("csu"), c.in.hex("proprietary"))
	require.NoError(t, err)
	require.Equal(t, c.want.bytes4("arpc"), arpc)
}

func checkMAC(t *testing.T, c *vector) {
	s := sessionKey(t, crypto.TDES, c.in.hex("key"))
	requireMAC(t, s, paddings[c.in.text("padding")], c.in.hex("data"), c.want.hex("mac"))
}

func checkMasterKey(t *testing.T, c *vector) {
	option := c.in.option("option")
	a := crypto.TDES
	if option >= OptionC {
		a = crypto.AES
	}
	k, err := DeriveCardKey(issuerKey(t, "E0", a, c.in.hex("imk")), c.in.card(), option)
	require.NoError(t, err)
	requireKey(t, c.want.hex("key"), k.Key(), true)
	if c.want.has("kcv") {
		require.NoError(t, k.CheckKCV(crypto.KCVLegacy, c.want.hex("kcv")))
	}
}

func checkSessionKey(t *testing.T, c *vector) {
	a := c.in.cipher()
	k := cardKey(t, "E0", a, c.in.hex("mk"))
	if c.in.has("key_bits") {
		require.Equal(t, c.in.number("key_bits"), k.Bits())
	}
	method := c.in.text("method")
	if method == "emv2000_tree" {
		s, err := TreeSessionKey(k, c.in.uint16("atc"), Tree{Branch: c.in.number("branch"), Height: c.in.number("height")})
		require.NoError(t, err)
		requireKey(t, c.want.hex("key"), s.Key(), true)
		return
	}
	s := bySession(t, method, k, c.in.hex("atc"), c.in.uint16("atc"))
	requireKey(t, c.want.hex("key"), s.Key(), true)
}

func checkCVC3(t *testing.T, c *vector) {
	k, err := DeriveCardKey(issuerKey(t, "E4", crypto.TDES, c.in.hex("imk")), c.in.card(), c.in.option("mk_option"))
	require.NoError(t, err)
	iv, err := MastercardIVCVC3(k, c.in.hex("track_data"))
	require.NoError(t, err)
	if c.in.text("iv") != "" {
		iv = c.in.bytes2("iv")
	}
	cvc3, err := MastercardCVC3(k, iv, c.in.uint16("atc"), c.in.bytes4("un"))
	require.NoError(t, err)
	require.Equal(t, c.want.text("cvc3"), string(appendDigits(nil, cvc3)))
}

func appendDigits(dst []byte, n uint16) []byte {
	for _, unit := range []uint16{10000, 1000, 100, 10, 1} {
		dst = append(dst, '0'+byte(n/unit%10))
	}
	return dst
}
