package tr34

import (
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/posline/posline/crypto"
)

// Object identifiers as they are registered: what both ends of our own have wrong, no round trip shows.
func TestObjectIdentifiers(t *testing.T) {
	for text, oid := range map[string]asn1.ObjectIdentifier{
		"1.2.840.113549.1.7.1": oidData, "1.2.840.113549.1.7.2": oidSignedData, "1.2.840.113549.1.7.3": oidEnveloped,
		"1.2.840.113549.1.9.3": oidContentType, "1.2.840.113549.1.9.4": oidMessageDigest, "1.2.840.113549.1.9.5": oidSigningTime,
		"1.2.840.113549.1.9.25.3": oidRandomNonce,
		"1.2.840.113549.1.1.1":    oidRSA, "1.2.840.113549.1.1.7": oidOAEP, "1.2.840.113549.1.1.8": oidMGF1, "1.2.840.113549.1.1.9": oidPSpecified,
		"1.2.840.113549.1.1.11": oidSHA256WithRSA, "1.2.840.113549.1.1.12": oidSHA384WithRSA, "1.2.840.113549.1.1.13": oidSHA512WithRSA,
		"2.16.840.1.101.3.4.2.1": oidSHA256, "2.16.840.1.101.3.4.2.2": oidSHA384, "2.16.840.1.101.3.4.2.3": oidSHA512,
		"1.2.840.113549.3.7":     oidTripleDES,
		"2.16.840.1.101.3.4.1.2": oidAES128, "2.16.840.1.101.3.4.1.22": oidAES192, "2.16.840.1.101.3.4.1.42": oidAES256,
	} {
		require.Equal(t, text, oid.String())
	}
}

// All sixteen ways to write the parameters of OAEP differ and are read.
func TestOAEPForms(t *testing.T) {
	seen := map[string]bool{}
	for _, form := range oaepForms {
		require.True(t, isOAEP(form))
		seen[string(form)] = true
	}
	require.Len(t, seen, 16)
	for _, hashNull := range []bool{true, false} {
		require.True(t, seen[string(oaepForm(true, hashNull, true, true))])
	}
}

// A header says the version that goes with the algorithm, and every context of X9.143 is read.
func TestHeaders(t *testing.T) {
	for attributes, want := range map[string]string{"K1TD00E": "B0256K1TD00E0000", "P0DB00N": "B0256P0DB00N0000", "K1AD00E": "D0256K1AD00E0000", "M7HC00S": "D0256M7HC00S0000"} {
		require.Equal(t, want, string(header(crypto.MustAttributes(attributes))))
	}
	for text, ok := range map[string]bool{
		"A0256K1TD00E0000": true, "E0256K1TD00E0020": true, "@0256K1TD00E0000": false, "B0256K1TD00E00/0": false, "B0256K1TD00E0010": true,
	} {
		_, err := parseHeader([]byte(text))
		require.Equal(t, ok, err == nil, text)
	}
}

// A key block has the version of the standard's module or that of its samples, and nothing of it may be missing.
func TestKeyBlockVersions(t *testing.T) {
	c := &x509.Certificate{RawIssuer: []byte{0x30, 0}, SerialNumber: big.NewInt(7)}
	block := keyBlock(func(b *cryptobyte.Builder) { addName(b, c) }, []byte("key"), []byte("header"))
	at := 4 // of the version: two elements' tag and length before it
	require.Equal(t, byte(1), block[at])
	for version, want := range map[byte]bool{0: true, 1: true, 2: false, 0xff: false} {
		block[at] = version
		host, key, text, ok := parseKeyBlock(block)
		require.Equal(t, want, ok, version)
		if ok {
			require.True(t, host.is(c))
			require.Equal(t, "key header", string(key)+" "+string(text))
		}
	}
}

// A certificate may be named by the identifier of its key, which must be there and the same.
func TestNamesByKey(t *testing.T) {
	c := &x509.Certificate{RawIssuer: []byte{0x30, 0}, SerialNumber: big.NewInt(7), SubjectKeyId: []byte{1, 2}}
	for text, want := range map[string]bool{"\x80\x02\x01\x02": true, "\x80\x02\x01\x03": false, "\x80\x01\x01": false} {
		s := cryptobyte.String([]byte(text))
		n, ok := readAnyName(&s)
		require.True(t, ok)
		require.Equal(t, want, n.is(c), text)
	}
	empty := cryptobyte.String([]byte{0x80, 0})
	_, ok := readAnyName(&empty)
	require.False(t, ok)
	require.False(t, name{}.is(&x509.Certificate{}), "nothing is nobody's name")
}
