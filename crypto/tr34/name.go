package tr34

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// A name is what tokens call a certificate by: issuer and serial number, or the identifier of its key (RFC 5652 sections
// 5.3 and 10.2.4).
type name struct {
	issuer []byte // DER
	serial *big.Int
	key    []byte // the subject key identifier, where there is no issuer
}

// is reports whether the name is the certificate's.
func (n name) is(c *x509.Certificate) bool {
	if n.issuer == nil {
		return len(n.key) > 0 && bytes.Equal(n.key, c.SubjectKeyId)
	}
	return bytes.Equal(n.issuer, c.RawIssuer) && n.serial.Cmp(c.SerialNumber) == 0
}

// addName writes issuer and serial number.
func addName(b *cryptobyte.Builder, c *x509.Certificate) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(c.RawIssuer)
		b.AddASN1BigInt(c.SerialNumber)
	})
}

// readName reads issuer and serial number.
func readName(s *cryptobyte.String) (n name, ok bool) {
	var both, issuer cryptobyte.String
	n.serial = new(big.Int)
	if !s.ReadASN1(&both, der.SEQUENCE) || !both.ReadASN1Element(&issuer, der.SEQUENCE) || !both.ReadASN1Integer(n.serial) || !both.Empty() {
		return name{}, false
	}
	n.issuer = issuer
	return n, true
}

// readAnyName reads a name of either kind.
func readAnyName(s *cryptobyte.String) (n name, ok bool) {
	tag := der.Tag(0).ContextSpecific()
	if !s.PeekASN1Tag(tag) {
		return readName(s)
	}
	var key cryptobyte.String
	ok = s.ReadASN1(&key, tag) && len(key) > 0
	return name{key: key}, ok
}

// An attribute is a signed one with its only value (RFC 5652 section 5.3).
type attribute struct {
	oid   asn1.ObjectIdentifier
	value cryptobyte.String // DER, the type's tag and length included
}

func readAttribute(s *cryptobyte.String) (a attribute, ok bool) {
	var whole, values cryptobyte.String
	var tag der.Tag
	ok = s.ReadASN1(&whole, der.SEQUENCE) && whole.ReadASN1ObjectIdentifier(&a.oid) && whole.ReadASN1(&values, der.SET) && whole.Empty() &&
		values.ReadAnyASN1Element(&a.value, &tag) && values.Empty()
	return a, ok
}

// newAttribute writes an attribute with one value.
func newAttribute(oid asn1.ObjectIdentifier, value cryptobyte.BuilderContinuation) []byte {
	return wrap(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(der.SET, value)
	})
}

// octetAttribute writes an attribute whose value is an octet string.
func octetAttribute(oid asn1.ObjectIdentifier, value []byte) []byte {
	return newAttribute(oid, func(b *cryptobyte.Builder) { b.AddASN1OctetString(value) })
}

// octets returns the content of a value that is an octet string.
func (a attribute) octets() ([]byte, bool) {
	s := a.value
	var content cryptobyte.String
	ok := s.ReadASN1(&content, der.OCTET_STRING) && s.Empty()
	return content, ok
}
