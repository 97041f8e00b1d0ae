package oda

import (
	"bytes"
	"crypto/sha1"
	"slices"
	"strings"

	"github.com/posline/posline/emv"
)

// IssueIssuer makes the certificate of an issuer's key: tag 90, and tag 92 with what of the key had no room (nil when
// all had). Of c the Identifier, Expiry, Serial and PublicKey count. Errors, in an *Error: ErrKey, ErrFormat for an
// identifier or expiry that cannot be written.
func IssueIssuer(ca KeyPair, c IssuerCertificate) (cert, remainder []byte, err error) {
	if len(c.Identifier) < 3 || len(c.Identifier) > 2*issuerHolder {
		return nil, nil, &Error{"issuer certificate", ErrFormat}
	}
	cert, remainder, err = ca.certify(formatIssuer, issuerHolder, c.Identifier, c.Expiry, c.Serial, c.PublicKey, nil)
	if err != nil {
		return nil, nil, &Error{"issuer certificate", err}
	}
	return cert, remainder, nil
}

// IssueICC makes the certificate of a card's key over its static data: tag 9F46, and tag 9F48 with what of the key had
// no room (nil when all had). Errors are those of IssueIssuer.
func IssueICC(issuer KeyPair, c ICCCertificate, static []byte) (cert, remainder []byte, err error) {
	cert, remainder, err = issuer.certify(formatICC, iccHolder, c.PAN, c.Expiry, c.Serial, c.PublicKey, static)
	if err != nil {
		return nil, nil, &Error{"ICC certificate", err}
	}
	return cert, remainder, nil
}

// certify builds a certificate in the layout that openCertificate reads.
func (k KeyPair) certify(
	format byte, holderSize int, holder string, expiry emv.Date, serial [3]byte, key PublicKey, static []byte,
) (cert, remainder []byte, err error) {
	if err := key.Validate(); err != nil {
		return nil, nil, err
	}
	room := len(k.public.Modulus) - wrapping - fixedPart - holderSize
	id, err := packHolder(holder, holderSize)
	month, dateErr := emv.AppendDate(nil, 0x9A, expiry)
	if err != nil || dateErr != nil || room < 0 || len(key.Modulus) > 255 {
		return nil, nil, ErrFormat
	}
	inside := min(len(key.Modulus), room)
	mmyy := []byte{month[3], month[2]} // behind tag and length come year and month
	body := slices.Concat([]byte{format}, id, mmyy, serial[:],
		[]byte{hashSHA1, keyRSA, byte(len(key.Modulus)), byte(len(key.Exponent))},
		key.Modulus[:inside], bytes.Repeat([]byte{filler}, room-inside))
	if inside < len(key.Modulus) {
		remainder = bytes.Clone(key.Modulus[inside:])
	}
	cert, err = k.sign(body, remainder, key.Exponent, static)
	return cert, remainder, err
}

// packHolder packs digits from the left and fills up with F.
func packHolder(digits string, size int) ([]byte, error) {
	if digits == "" || len(digits) > 2*size {
		return nil, ErrFormat
	}
	object, err := emv.AppendCN(nil, 0x5A, digits)
	if err != nil {
		return nil, err
	}
	packed := object[2:]
	return append(packed, bytes.Repeat([]byte{0xFF}, size-len(packed))...), nil
}

// sign wraps the body, with a hash over it and the data behind it, and signs it.
func (k KeyPair) sign(body []byte, data ...[]byte) ([]byte, error) {
	if err := allowed(); err != nil {
		return nil, err
	}
	h := sha1.New()
	h.Write(body)
	for _, d := range data {
		h.Write(d)
	}
	return k.apply(slices.Concat([]byte{header}, body, h.Sum(nil), []byte{trailer}))
}

// SignStatic makes the signed static application data of a card, tag 93, with its issuer's key.
func SignStatic(issuer KeyPair, dac [2]byte, static []byte) ([]byte, error) {
	return issuer.signFilled([]byte{formatStatic, hashSHA1, dac[0], dac[1]}, static)
}

// SignDynamic makes the signed dynamic application data, tag 9F4B, as a card does for INTERNAL AUTHENTICATE: over its
// dynamic number, 2 to 8 bytes, and the data the DDOL asked for.
func SignDynamic(icc KeyPair, idn, data []byte) ([]byte, error) {
	if len(idn) < 2 || len(idn) > 8 {
		return nil, &Error{"signed dynamic data", ErrLength}
	}
	return icc.signDynamic(append([]byte{byte(len(idn))}, idn...), data)
}

// SignCDA makes tag 9F4B as a card does in its response to GENERATE AC. Of c the Number, CID and Transaction count.
func SignCDA(icc KeyPair, idn []byte, ac [8]byte, c CDA) ([]byte, error) {
	if len(idn) < 2 || len(idn) > 8 {
		return nil, &Error{"combined signature", ErrLength}
	}
	if err := allowed(); err != nil {
		return nil, &Error{"combined signature", err}
	}
	sum := sha1.Sum(c.Transaction)
	return icc.signDynamic(slices.Concat([]byte{byte(len(idn))}, idn, []byte{byte(c.CID)}, ac[:], sum[:]), c.Number[:])
}

func (k KeyPair) signDynamic(dynamic, data []byte) ([]byte, error) {
	return k.signFilled(append([]byte{formatDynamic, hashSHA1, byte(len(dynamic))}, dynamic...), data)
}

// signFilled fills the body up to the length of the key.
func (k KeyPair) signFilled(body, data []byte) ([]byte, error) {
	missing := len(k.public.Modulus) - wrapping - len(body)
	if missing < 0 {
		return nil, &Error{"signature", ErrLength}
	}
	signature, err := k.sign(append(body, bytes.Repeat([]byte{filler}, missing)...), data)
	if err != nil {
		return nil, &Error{"signature", err}
	}
	return signature, nil
}

// TestPKI is a payment system and an issuer that certify cards for simulators. Their private keys are published: nobody
// but a test may trust them.
type TestPKI struct {
	CA     CAKey
	Issuer IssuerCertificate

	issuer          KeyPair
	card            KeyPair
	cert, remainder []byte
}

// testIndex is the index of the test CA key.
const testIndex = 0xF1

// NewTestPKI returns the test PKI under a RID, with an issuer whose PANs begin with the identifier (3 to 8 digits) and
// certificates that are good until the end of 2049.
func NewTestPKI(rid emv.RID, identifier string) (*TestPKI, error) {
	ca, issuer, card := testKeys()
	p := &TestPKI{CA: CAKey{rid, testIndex, ca.public}, issuer: issuer, card: card}
	p.Issuer = IssuerCertificate{
		PublicKey: issuer.public, RID: rid, Index: testIndex, Identifier: identifier, Expiry: testExpiry, Serial: [3]byte{0, 0, 1},
	}
	var err error
	p.cert, p.remainder, err = IssueIssuer(ca, p.Issuer)
	return p, err
}

var testExpiry = emv.Date{Year: 2049, Month: 12, Day: 31}

// AppendIssuer appends the objects a card of the issuer holds: 8F, 90, 92, 9F32.
func (p *TestPKI) AppendIssuer(dst []byte) []byte {
	dst = emv.AppendTLV(dst, 0x8F, []byte{p.CA.Index})
	dst = emv.AppendTLV(dst, 0x90, p.cert)
	if len(p.remainder) > 0 {
		dst = emv.AppendTLV(dst, 0x92, p.remainder)
	}
	return emv.AppendTLV(dst, 0x9F32, p.issuer.public.Exponent)
}

// AppendStatic appends the signed static application data of a card, 93.
func (p *TestPKI) AppendStatic(dst []byte, dac [2]byte, static []byte) ([]byte, error) {
	ssad, err := SignStatic(p.issuer, dac, static)
	if err != nil {
		return dst, err
	}
	return emv.AppendTLV(dst, 0x93, ssad), nil
}

// AppendICC appends the objects of a card's own certificate over its static data, 9F46, 9F48, 9F47, and returns the key
// pair the card signs with, which is the same for all test cards. The PAN must begin with the issuer's identifier.
func (p *TestPKI) AppendICC(dst []byte, pan string, static []byte) ([]byte, KeyPair, error) {
	if !strings.HasPrefix(pan, p.Issuer.Identifier) {
		return dst, KeyPair{}, &Error{"ICC certificate", ErrIssuer}
	}
	c := ICCCertificate{PublicKey: p.card.public, PAN: pan, Expiry: testExpiry, Serial: [3]byte{0, 0, 1}}
	cert, remainder, err := IssueICC(p.issuer, c, static)
	if err != nil {
		return dst, KeyPair{}, err
	}
	dst = emv.AppendTLV(dst, 0x9F46, cert)
	if len(remainder) > 0 {
		dst = emv.AppendTLV(dst, 0x9F48, remainder)
	}
	return emv.AppendTLV(dst, 0x9F47, p.card.public.Exponent), p.card, nil
}
