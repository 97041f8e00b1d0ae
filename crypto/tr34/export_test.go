package tr34

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// ReadCredential reads a credential without judging it, to the tests.
func ReadCredential(token []byte) (*x509.Certificate, error) {
	c, _, err := parseCredential(token)
	return c, err
}

// CheckUnder checks a certificate under an authority, to the tests.
func CheckUnder(c, authority *x509.Certificate, at time.Time) error {
	return trust{authority: authority, now: func() time.Time { return at }}.check(c, nil)
}

// ParseAll reads a token as everything it could be, to the fuzz target.
func ParseAll(token []byte) {
	parseCredential(token)
	parseChallenge(token)
	parseKeyBlock(token)
	parseHeader(token)
	if e, ok := parseEnvelope(token); ok {
		parseKeyBlock(e.content)
	}
	s, err := parseToken(token)
	if err != nil {
		return
	}
	parseSigned(s.content)
	parseEnvelope(s.content)
	if s.signer != nil {
		s.signingTime()
	}
}

// Parts are those of a token with a key, to be bent by the tests.
type Parts struct {
	Recipient, Host      *x509.Certificate
	Key                  []byte
	Header, SignedHeader string
	BadPadding, Trailing bool
	Attribute            asn1.ObjectIdentifier // one more
}

// SignParts is Host.Key without its checks.
func SignParts(p Parts, challenge []byte, certificate *x509.Certificate, by *rsa.PrivateKey) ([]byte, error) {
	block := keyBlock(func(b *cryptobyte.Builder) { addName(b, p.Host) }, p.Key, []byte(p.Header))
	if p.Trailing {
		block = append(block, 0)
	}
	sealed, err := seal(p.Recipient, p.Recipient.PublicKey.(*rsa.PublicKey), strongEnough(112), block)
	if err != nil {
		return nil, err
	}
	if p.BadPadding {
		sealed[len(sealed)-17] ^= 0x40 // in the last block but one, which CBC adds to the last
	}
	n, err := parseChallenge(challenge)
	if err != nil {
		return nil, err
	}
	attributes := [][]byte{octetAttribute(oidRandomNonce, n), octetAttribute(oidData, []byte(p.SignedHeader))}
	if p.Attribute != nil {
		attributes = append(attributes, octetAttribute(p.Attribute, n))
	}
	d := signedData{contentType: oidEnveloped, content: sealed}
	return d.sign(certificate, by, attributes...)
}

// The parts of an envelope, to the tests.
var (
	IsOAEP = isOAEP
	Pad    = pad
	Unpad  = unpad
)
