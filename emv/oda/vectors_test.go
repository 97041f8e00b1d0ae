package oda

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/internal/vectortest"
)

func TestVectors(t *testing.T) {
	vectortest.RunPlain(t, map[string]func(*testing.T, vectortest.Plain){"capk": checkCAKey, "oda": checkChain})
}

// hexBytes is a JSON string in hexadecimal; null is nil.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

func (h hexBytes) String() string { return strings.ToUpper(hex.EncodeToString(h)) }

type keyInput struct {
	RID, Index, Modulus, Exponent hexBytes
	PublishedSHA1                 hexBytes `json:"published_sha1"`
}

func checkCAKey(t *testing.T, c vectortest.Plain) {
	var in keyInput
	var want struct {
		SHA1   hexBytes
		SHA1OK bool `json:"sha1_ok"`
		Bits   int
		Test   *bool // a remark of the source
	}
	vectortest.Strict(t, c.Input, &in)
	vectortest.Strict(t, c.Expect, &want)
	require.Equal(t, want.Bits, 8*len(in.Modulus))
	raw := CAKey{emv.RID(in.RID), in.Index[0], PublicKey{in.Modulus, in.Exponent}}
	sum, err := raw.Checksum()
	require.NoError(t, err)
	require.Equal(t, want.SHA1.String(), hexBytes(sum[:]).String())

	k, err := NewCAKey(raw.RID, raw.Index, in.Modulus, in.Exponent, in.PublishedSHA1)
	switch {
	case !want.SHA1OK:
		require.ErrorIs(t, err, ErrChecksum)
		return
	case bytes.Equal(in.Exponent, []byte{2}) || in.Modulus[len(in.Modulus)-1]&1 == 0: // published so, and never a key of RSA
		require.ErrorIs(t, err, ErrKey)
		return
	}
	require.NoError(t, err)
	var keys CAKeys
	keys.Add(k)
	found, ok := keys.Find(raw.RID, raw.Index)
	require.True(t, ok)
	require.Equal(t, raw, found)
	in.Modulus[0] ^= 1
	_, err = NewCAKey(raw.RID, raw.Index, in.Modulus, in.Exponent, in.PublishedSHA1)
	require.ErrorIs(t, err, ErrChecksum)
}

type chainInput struct {
	Op                string
	CA                *keyInput
	Tags              map[string]hexBytes
	PAN               *string
	StaticData        hexBytes `json:"static_data"`
	SDAD              hexBytes `json:"9F4B"`
	DynamicInput      hexBytes `json:"dynamic_input"`
	TxnData           hexBytes `json:"txn_data"`
	IssuerModulus     hexBytes `json:"issuer_modulus"`
	IssuerExponent    hexBytes `json:"issuer_exponent"`
	SSAD              hexBytes `json:"93"`
	Modulus, Exponent hexBytes
	PIN               string
	Challenge, Random hexBytes
}

type certificateWant struct {
	Header   hexBytes
	Format   byte
	IssuerID hexBytes `json:"issuer_id"`
	PAN      hexBytes
	Expiry   hexBytes
	Serial   hexBytes
	HashAlg  int `json:"hash_alg"`
	PKAlg    int `json:"pk_alg"`
	PKLen    int `json:"pk_len"`
	ExpLen   int `json:"exp_len"`
	Hash     hexBytes
	Modulus  hexBytes
	HashOK   *bool `json:"hash_ok"`
}

type signatureWant struct {
	Format    int
	HashAlg   int `json:"hash_alg"`
	LDD       int
	Dynamic   hexBytes `json:"icc_dynamic_data"`
	Hash      hexBytes
	HashOK    *bool    `json:"hash_ok"`
	Number    hexBytes `json:"icc_dynamic_number"`
	CID       hexBytes
	AC        hexBytes
	TxnHash   hexBytes `json:"txn_hash"`
	TxnHashOK *bool    `json:"txn_hash_ok"`
	DAC       hexBytes
}

type chainWant struct {
	Issuer, ICC       *certificateWant
	SDA, SDAD         *signatureWant
	Error             string
	Plain, Enciphered hexBytes
}

func checkChain(t *testing.T, c vectortest.Plain) {
	var in chainInput
	var want chainWant
	vectortest.Strict(t, c.Input, &in)
	if strings.Contains(c.ID, "ssad") && in.CA == nil {
		checkSignature(t, c, in)
		return
	}
	vectortest.Strict(t, c.Expect, &want)
	if in.Op != "" {
		checkEncipherPIN(t, in, want)
		return
	}
	ca := CAKey{emv.RID(in.CA.RID), in.CA.Index[0], PublicKey{in.CA.Modulus, in.CA.Exponent}}
	if want.Error != "" {
		checkRefused(t, in, ca, want.Error)
		return
	}
	issuer, err := RecoverIssuer(ca, in.Tags["90"], in.Tags["92"], in.Tags["9F32"])
	require.NoError(t, err)
	raw, err := ca.openCertificate(formatIssuer, issuerHolder, in.Tags["90"], in.Tags["92"], in.Tags["9F32"])
	require.NoError(t, err)
	requireCertificate(t, *want.Issuer, raw, want.Issuer.IssuerID)
	require.Equal(t, want.Issuer.IssuerID.String()[:len(issuer.Identifier)], issuer.Identifier)
	checkExpiry(t, want.Issuer.Expiry, issuer.Expiry)
	if in.PAN != nil {
		require.NoError(t, issuer.Check(*in.PAN, issuer.Expiry, nil))
	}
	if want.SDA != nil {
		s, err := issuer.open(formatStatic, in.Tags["93"])
		require.NoError(t, err)
		requireSignature(t, *want.SDA, s)
	}
	if want.ICC != nil {
		checkICC(t, in, want, issuer)
	}
}

// refusals are the words by which the vectors tell what is wrong.
var refusals = map[string]error{
	"identifier": ErrIssuer, "PAN": ErrPAN, "expired": ErrExpired, "hash": ErrHash, "length": ErrLength, "header": ErrFormat,
	"trailer": ErrFormat, "format": ErrFormat, "algorithm": ErrFormat,
}

func checkRefused(t *testing.T, in chainInput, ca CAKey, want string) {
	var wanted error
	for _, word := range []string{"identifier", "expired", "hash", "length", "header", "trailer", "format", "algorithm", "PAN"} {
		if wanted == nil && strings.Contains(want, word) {
			wanted = refusals[word]
		}
	}
	require.Error(t, wanted, "unknown refusal %q", want)
	today := emv.Date{Year: 2018, Month: 6, Day: 1}
	if mmyy := regexp.MustCompile(`\((\d\d)/(\d\d)\)`).FindStringSubmatch(want); mmyy != nil {
		last, err := emv.ParseExpiry(mmyy[2] + mmyy[1])
		require.NoError(t, err)
		require.NoError(t, authenticate(in, ca, last), "good through the last day")
		today = emv.DateOf(last.Time(time.UTC).AddDate(0, 0, 1))
	}
	require.ErrorIs(t, authenticate(in, ca, today), wanted)
}

// authenticate checks all the certificates and signatures a case has.
func authenticate(in chainInput, ca CAKey, today emv.Date) error {
	issuer, err := RecoverIssuer(ca, in.Tags["90"], in.Tags["92"], in.Tags["9F32"])
	if err != nil {
		return err
	}
	if err := issuer.Check(*in.PAN, today, nil); err != nil {
		return err
	}
	if ssad := in.Tags["93"]; ssad != nil {
		if _, err := VerifySDA(issuer.PublicKey, ssad, in.StaticData); err != nil {
			return err
		}
	}
	if in.Tags["9F46"] == nil {
		return nil
	}
	icc, err := RecoverICC(issuer.PublicKey, in.Tags["9F46"], in.Tags["9F48"], in.Tags["9F47"], in.StaticData)
	if err != nil {
		return err
	}
	if err := icc.Check(*in.PAN, today); err != nil || in.SDAD == nil {
		return err
	}
	_, err = VerifyDDA(icc.PublicKey, in.SDAD, in.DynamicInput)
	return err
}

func checkICC(t *testing.T, in chainInput, want chainWant, issuer IssuerCertificate) {
	raw, err := issuer.openCertificate(formatICC, iccHolder, in.Tags["9F46"], in.Tags["9F48"], in.Tags["9F47"])
	require.NoError(t, err)
	requireCertificate(t, *want.ICC, raw, want.ICC.PAN)
	icc, err := raw.icc()
	require.NoError(t, err)
	checkExpiry(t, want.ICC.Expiry, icc.Expiry)
	require.NoError(t, icc.Check(strings.TrimRight(want.ICC.PAN.String(), "F"), icc.Expiry))

	got, err := RecoverICC(issuer.PublicKey, in.Tags["9F46"], in.Tags["9F48"], in.Tags["9F47"], in.StaticData)
	if want.ICC.HashOK != nil {
		require.NoError(t, err)
		require.Equal(t, icc, got)
	} else {
		require.ErrorIs(t, err, ErrHash, "the source does not publish all signed data")
	}
	if want.SDAD == nil {
		return
	}
	s, err := icc.open(formatDynamic, in.SDAD)
	require.NoError(t, err)
	requireSignature(t, *want.SDAD, s)
	require.NoError(t, s.verify(in.DynamicInput))
	if want.SDAD.AC == nil {
		idn, err := VerifyDDA(icc.PublicKey, in.SDAD, in.DynamicInput)
		require.NoError(t, err)
		require.Equal(t, want.SDAD.Number.String(), hexBytes(idn).String())
		return
	}
	cda := CDA{SDAD: in.SDAD, Number: [4]byte(in.DynamicInput), CID: emv.CID(want.SDAD.CID[0]), Transaction: in.TxnData}
	r, err := VerifyCDA(icc.PublicKey, cda)
	if want.SDAD.TxnHashOK == nil {
		require.ErrorIs(t, err, ErrHash, "the source does not publish the transaction")
		return
	}
	require.NoError(t, err)
	require.Equal(t, want.SDAD.Number.String(), hexBytes(r.DynamicNumber).String())
	require.Equal(t, want.SDAD.AC.String(), hexBytes(r.Cryptogram[:]).String())
	cda.CID ^= 0x40
	_, err = VerifyCDA(icc.PublicKey, cda)
	require.ErrorIs(t, err, ErrCryptogram)
}

func requireCertificate(t *testing.T, want certificateWant, got certificate, holder hexBytes) {
	t.Helper()
	require.Equal(t, want.Format, got.signed.body[0])
	require.Equal(t, holder.String(), hexBytes(got.holder).String())
	require.Equal(t, want.Expiry.String(), hexBytes(got.expiry[:]).String())
	require.Equal(t, want.Serial.String(), hexBytes(got.serial[:]).String())
	require.Equal(t, want.Modulus.String(), hexBytes(got.Modulus).String())
	require.Len(t, got.Modulus, want.PKLen)
	require.Len(t, got.Exponent, want.ExpLen)
	require.Equal(t, want.Hash.String(), hexBytes(got.signed.hash).String())
	require.Equal(t, []int{hashSHA1, keyRSA}, []int{want.HashAlg, want.PKAlg})
	require.True(t, want.Header == nil || want.Header[0] == header)
	require.True(t, want.HashOK == nil || *want.HashOK)
}

func checkExpiry(t *testing.T, mmyy []byte, got emv.Date) {
	t.Helper()
	first, err := emv.ParseDate([]byte{mmyy[1], mmyy[0], 1})
	require.NoError(t, err)
	require.Equal(t, time.Date(first.Year, first.Month+1, 1, 0, 0, 0, 0, time.UTC), got.Time(time.UTC).AddDate(0, 0, 1))
}

func requireSignature(t *testing.T, want signatureWant, got signed) {
	t.Helper()
	require.Equal(t, want.Hash.String(), hexBytes(got.hash).String())
	require.Equal(t, want.HashAlg, int(got.body[1]))
	require.True(t, want.HashOK == nil || *want.HashOK)
	if want.DAC != nil {
		require.Equal(t, want.DAC.String(), hexBytes(got.body[2:4]).String())
	}
	if want.LDD != 0 {
		require.Equal(t, want.Format, int(got.body[0]))
		require.Equal(t, want.LDD, int(got.body[2]))
		require.Equal(t, want.Dynamic.String(), hexBytes(got.body[3:3+want.LDD]).String())
	}
	if want.TxnHash != nil {
		require.Equal(t, want.TxnHash.String(), hexBytes(got.body[3+want.LDD-hashSize:3+want.LDD]).String())
	}
}

// checkSignature checks signed static data under an issuer's key that comes without a certificate.
func checkSignature(t *testing.T, c vectortest.Plain, in chainInput) {
	var want signatureWant
	vectortest.Strict(t, c.Expect, &want)
	issuer := PublicKey{in.IssuerModulus, in.IssuerExponent}
	s, err := issuer.open(formatStatic, in.SSAD)
	require.NoError(t, err)
	requireSignature(t, want, s)
	dac, err := VerifySDA(issuer, in.SSAD, in.StaticData)
	require.NoError(t, err)
	require.Equal(t, want.DAC.String(), hexBytes(dac[:]).String())
	_, err = VerifySDA(issuer, in.SSAD, append(in.StaticData, 0))
	require.ErrorIs(t, err, ErrHash)
}

func checkEncipherPIN(t *testing.T, in chainInput, want chainWant) {
	require.Equal(t, "encipher_pin", in.Op)
	block := [8]byte{0x20 | byte(len(in.PIN)), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	digits, err := hex.DecodeString(in.PIN)
	require.NoError(t, err)
	copy(block[1:], digits)
	require.Equal(t, want.Plain.String(), hexBytes(plainPIN(block, [8]byte(in.Challenge), in.Random)).String())
	got, err := encipherPIN(PublicKey{in.Modulus, in.Exponent}, block, [8]byte(in.Challenge), in.Random)
	require.NoError(t, err)
	require.Equal(t, want.Enciphered.String(), hexBytes(got).String())
}
