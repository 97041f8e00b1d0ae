package oda

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
)

// IssuerCertificate is a recovered issuer public key certificate, tag 90. EMV Book 2 table 6.
type IssuerCertificate struct {
	PublicKey
	RID        emv.RID
	Index      byte     // of the CA key that signed it
	Identifier string   // 3 to 8 digits with which the issuer's PANs begin
	Expiry     emv.Date // the last day it is valid
	Serial     [3]byte
}

// ICCCertificate is a recovered ICC public key certificate, tag 9F46 (or 9F2D of a key for PIN encipherment). EMV Book 2
// table 14. It prints nothing of the card: print the fields that may be shown.
type ICCCertificate struct {
	PublicKey
	PAN    string
	Expiry emv.Date // the last day it is valid
	Serial [3]byte
}

// Format hides the certificate, whatever the verb.
func (ICCCertificate) Format(f fmt.State, _ rune) { fmt.Fprint(f, "ICCCertificate(hidden)") }

// MarshalText hides the certificate, so that logs, JSON and XML hold nothing of it.
func (ICCCertificate) MarshalText() ([]byte, error) { return []byte("ICCCertificate(hidden)"), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (ICCCertificate) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

// Both certificates share a layout: format, identifier of holderSize bytes, expiry 2, serial 3, hash algorithm, key
// algorithm, key length, exponent length, then the room for the key. Header and trailer are 1 byte, the hash 20.
const (
	issuerHolder = 4
	iccHolder    = 10
	fixedPart    = 1 + 2 + 3 + 1 + 1 + 1 + 1
	wrapping     = 1 + hashSize + 1
)

// certificate is what both have in common.
type certificate struct {
	PublicKey
	holder []byte
	expiry [2]byte
	serial [3]byte
	signed signed
	tail   []byte // of the modulus, not in the signature
}

// openCertificate recovers a certificate and takes it apart, all but the hash checked.
func (k PublicKey) openCertificate(format byte, holderSize int, cert, remainder, exponent []byte) (certificate, error) {
	s, err := k.open(format, cert)
	if err != nil {
		return certificate{}, err
	}
	return s.certificate(holderSize, remainder, exponent)
}

// certificate reads a certificate. There is room for the fixed part under the shortest modulus.
func (s signed) certificate(holderSize int, remainder, exponent []byte) (certificate, error) {
	b := s.body[1+holderSize:]
	c := certificate{holder: s.body[1 : 1+holderSize], expiry: [2]byte(b), serial: [3]byte(b[2:]), signed: s, tail: remainder}
	room, length := b[9:], int(b[7])
	switch {
	case b[5] != hashSHA1 || b[6] != keyRSA:
		return c, ErrFormat
	case int(b[8]) != len(exponent) || len(remainder) != max(length-len(room), 0):
		return c, ErrLength
	}
	c.Modulus = append(bytes.Clone(room[:min(length, len(room))]), remainder...)
	c.Exponent = bytes.Clone(exponent)
	return c, c.Validate()
}

// verify checks the hash over the certificate and, for a card's, the static data.
func (c certificate) verify(static []byte) error { return c.signed.verify(c.tail, c.Exponent, static) }

// RecoverIssuer recovers and checks an issuer's certificate from tags 90, 92 (nil when there is none) and 9F32. Whether
// it fits the card and the day is for Check. Errors, in an *Error: ErrLength, ErrFormat, ErrHash, ErrKey, ErrExpired for
// an expiry that is no month.
func RecoverIssuer(ca CAKey, cert, remainder, exponent []byte) (IssuerCertificate, error) {
	c, err := ca.openCertificate(formatIssuer, issuerHolder, cert, remainder, exponent)
	if err == nil {
		err = c.verify(nil)
	}
	if err != nil {
		return IssuerCertificate{}, &Error{"issuer certificate", err}
	}
	id, err := emv.ParseCN(c.holder)
	if err != nil || len(id) < 3 {
		return IssuerCertificate{}, &Error{"issuer certificate", ErrFormat}
	}
	expiry, err := parseExpiry(c.expiry)
	if err != nil {
		return IssuerCertificate{}, &Error{"issuer certificate", err}
	}
	return IssuerCertificate{c.PublicKey, ca.RID, ca.Index, id, expiry, c.serial}, nil
}

// RecoverICC recovers and checks a card's certificate from tags 9F46, 9F48 (nil when there is none) and 9F47, with the
// static data to be authenticated; or from 9F2D, 9F2F and 9F2E, whose certificate is not over the static data: nil. Errors
// are those of RecoverIssuer.
func RecoverICC(issuer PublicKey, cert, remainder, exponent, static []byte) (ICCCertificate, error) {
	c, err := issuer.openCertificate(formatICC, iccHolder, cert, remainder, exponent)
	if err == nil {
		err = c.verify(static)
	}
	if err != nil {
		return ICCCertificate{}, &Error{"ICC certificate", err}
	}
	icc, err := c.icc()
	if err != nil {
		return ICCCertificate{}, &Error{"ICC certificate", err}
	}
	return icc, nil
}

func (c certificate) icc() (ICCCertificate, error) {
	pan, err := emv.ParseCN(c.holder)
	if err != nil || pan == "" {
		return ICCCertificate{}, ErrFormat
	}
	expiry, err := parseExpiry(c.expiry)
	return ICCCertificate{c.PublicKey, pan, expiry, c.serial}, err
}

// parseExpiry reads MMYY; a certificate is valid through the last day of that month.
func parseExpiry(mmyy [2]byte) (emv.Date, error) {
	first, err := emv.ParseDate([]byte{mmyy[1], mmyy[0], 1})
	if err != nil {
		return emv.Date{}, ErrExpired
	}
	return emv.DateOf(time.Date(first.Year, first.Month+1, 0, 0, 0, 0, 0, time.UTC)), nil
}

// Check returns ErrIssuer, ErrExpired or ErrRevoked, in an *Error, when the certificate is not for the PAN or not for
// the day. Revoked, which may be nil, knows the revocation list by RID, index and serial number (EMV Book 2 5.1.2).
func (c IssuerCertificate) Check(pan string, today emv.Date, revoked func(emv.RID, byte, [3]byte) bool) error {
	switch {
	case !strings.HasPrefix(pan, c.Identifier):
		return &Error{"issuer certificate", ErrIssuer}
	case today.Compare(c.Expiry) > 0:
		return &Error{"issuer certificate", ErrExpired}
	case revoked != nil && revoked(c.RID, c.Index, c.Serial):
		return &Error{"issuer certificate", ErrRevoked}
	}
	return nil
}

// Check returns ErrPAN or ErrExpired, in an *Error, when the certificate is another card's or not for the day.
func (c ICCCertificate) Check(pan string, today emv.Date) error {
	switch {
	case pan != c.PAN:
		return &Error{"ICC certificate", ErrPAN}
	case today.Compare(c.Expiry) > 0:
		return &Error{"ICC certificate", ErrExpired}
	}
	return nil
}
