package tr34

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/posline/posline/crypto"
)

// signedData is a SignedData of one signer, or of none where it only carries a certificate (RFC 5652 section 5).
type signedData struct {
	contentType  asn1.ObjectIdentifier
	content      []byte
	certificates [][]byte // DER
	revocations  [][]byte // lists of revoked certificates, DER
	signer       *signer
}

// A signer is who signed and what.
type signer struct {
	name       name
	digest     *digest
	attributes []attribute
	signed     []byte // the attributes as they are signed, as a SET
	signature  []byte
}

// maximumCertificates bounds what a token may carry: one certificate and one revocation list are what it needs.
const maximumCertificates = 4

// parseSigned reads a SignedData. Signatures are not checked.
func parseSigned(data []byte) (*signedData, error) {
	s := cryptobyte.String(data)
	var whole, algorithms, encapsulated, signers cryptobyte.String
	var version int
	if !s.ReadASN1(&whole, der.SEQUENCE) || !s.Empty() || !whole.ReadASN1Integer(&version) || version < 1 || version > 5 ||
		!whole.ReadASN1(&algorithms, der.SET) || !whole.ReadASN1(&encapsulated, der.SEQUENCE) {
		return nil, malformed("signed data")
	}
	d := new(signedData)
	if !d.readContent(encapsulated) {
		return nil, malformed("content")
	}
	var ok bool
	if d.certificates, ok = readList(&whole, tag0); !ok {
		return nil, malformed("certificates")
	}
	if d.revocations, ok = readList(&whole, tag1); !ok {
		return nil, malformed("revocation lists")
	}
	if !whole.ReadASN1(&signers, der.SET) || !whole.Empty() {
		return nil, malformed("signers")
	}
	if signers.Empty() {
		return d, nil
	}
	if d.signer, ok = readSigner(&signers); !ok || !signers.Empty() || !announces(algorithms, d.signer.digest) {
		return nil, malformed("signer")
	}
	return d, nil
}

// announces reports whether the list of hash functions has the signer's and nothing that is none.
func announces(list cryptobyte.String, d *digest) (found bool) {
	for !list.Empty() {
		oid, parameters, ok := readAlgorithm(&list)
		if !ok || !isNull(parameters) {
			return false
		}
		found = found || oid.Equal(d.oid)
	}
	return found
}

func (d *signedData) readContent(s cryptobyte.String) bool {
	if !s.ReadASN1ObjectIdentifier(&d.contentType) {
		return false
	}
	if s.Empty() {
		return true
	}
	var explicit, content cryptobyte.String
	ok := s.ReadASN1(&explicit, tag0) && s.Empty() && explicit.ReadASN1(&content, der.OCTET_STRING) && explicit.Empty()
	d.content = content
	return ok
}

// readList reads an optional list of sequences.
func readList(s *cryptobyte.String, tag der.Tag) (list [][]byte, ok bool) {
	var all cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&all, &present, tag) {
		return nil, false
	}
	for !all.Empty() {
		var one cryptobyte.String
		if len(list) == maximumCertificates || !all.ReadASN1Element(&one, der.SEQUENCE) {
			return nil, false
		}
		list = append(list, one)
	}
	return list, true
}

// readSigner reads a SignerInfo with signed attributes, which TR-34 wants of every signer. Without them a signature over the
// content could be taken for one over attributes.
func readSigner(s *cryptobyte.String) (*signer, bool) {
	var whole, attributes, signature cryptobyte.String
	var version int
	if !s.ReadASN1(&whole, der.SEQUENCE) || !whole.ReadASN1Integer(&version) || version != 1 && version != 3 {
		return nil, false
	}
	var r signer
	var ok bool
	if r.name, ok = readAnyName(&whole); !ok {
		return nil, false
	}
	oid, parameters, ok := readAlgorithm(&whole)
	if r.digest = digestOf(oid); !ok || r.digest == nil || !isNull(parameters) {
		return nil, false
	}
	if !whole.ReadASN1Element(&attributes, tag0) {
		return nil, false
	}
	r.signed = bytes.Clone(attributes)
	r.signed[0] = byte(der.SET) // RFC 5652 section 5.4: not with the tag they are sent with
	if !r.readAttributes(attributes) {
		return nil, false
	}
	oid, parameters, ok = readAlgorithm(&whole)
	if !ok || !isNull(parameters) || !oid.Equal(oidRSA) && !oid.Equal(r.digest.signature) {
		return nil, false
	}
	if !whole.ReadASN1(&signature, der.OCTET_STRING) || !whole.Empty() {
		return nil, false
	}
	r.signature = signature
	return &r, true
}

// maximumAttributes is more than any token has.
const maximumAttributes = 16

func (r *signer) readAttributes(element cryptobyte.String) bool {
	var all cryptobyte.String
	if !element.ReadASN1(&all, tag0) {
		return false
	}
	for !all.Empty() {
		a, ok := readAttribute(&all)
		if !ok || len(r.attributes) == maximumAttributes || r.attribute(a.oid) != nil {
			return false
		}
		r.attributes = append(r.attributes, a)
	}
	return true
}

// attribute returns nil if there is none.
func (r *signer) attribute(oid asn1.ObjectIdentifier) *attribute {
	for i := range r.attributes {
		if r.attributes[i].oid.Equal(oid) {
			return &r.attributes[i]
		}
	}
	return nil
}

// verify checks that the holder of the certificate signed the content as being of its type. Every fault is
// crypto.ErrVerify.
func (d *signedData) verify(by *x509.Certificate) error {
	r := d.signer
	public, ok := by.PublicKey.(*rsa.PublicKey)
	if r == nil || !ok || !r.name.is(by) {
		return crypto.ErrVerify
	}
	h := r.digest.hash.New()
	h.Write(r.signed)
	if rsa.VerifyPKCS1v15(public, r.digest.hash, h.Sum(nil), r.signature) != nil {
		return crypto.ErrVerify
	}
	h.Reset()
	h.Write(d.content)
	sum := r.attribute(oidMessageDigest)
	kind := r.attribute(oidContentType)
	if sum == nil || kind == nil {
		return crypto.ErrVerify
	}
	want, ok := sum.octets()
	if !ok || subtle.ConstantTimeCompare(want, h.Sum(nil)) != 1 {
		return crypto.ErrVerify
	}
	value := kind.value
	var contentType asn1.ObjectIdentifier
	if !value.ReadASN1ObjectIdentifier(&contentType) || !value.Empty() || !contentType.Equal(d.contentType) {
		return crypto.ErrVerify
	}
	return nil
}

// bytes writes the SignedData.
func (d *signedData) bytes(signerInfo []byte) []byte {
	return wrap(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) {
			if signerInfo != nil {
				addAlgorithm(b, oidSHA256, nil)
			}
		})
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(d.contentType)
			if d.content != nil {
				b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(d.content) })
			}
		})
		addList(b, tag0, d.certificates)
		addList(b, tag1, d.revocations)
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) { b.AddBytes(signerInfo) })
	})
}

func addList(b *cryptobyte.Builder, tag der.Tag, list [][]byte) {
	if len(list) > 0 {
		b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(list, nil)) })
	}
}

// sign returns the token: the SignedData with a signature over it and the attributes, in a ContentInfo.
func (d *signedData) sign(by *x509.Certificate, private stdcrypto.Signer, attributes ...[]byte) ([]byte, error) {
	sum := stdcrypto.SHA256.New()
	sum.Write(d.content)
	attributes = append(attributes,
		newAttribute(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(d.contentType) }),
		octetAttribute(oidMessageDigest, sum.Sum(nil)))
	slices.SortFunc(attributes, bytes.Compare) // the order of a SET OF in DER
	all := bytes.Join(attributes, nil)
	sum.Reset()
	sum.Write(wrap(der.SET, func(b *cryptobyte.Builder) { b.AddBytes(all) }))
	signature, err := private.Sign(rand.Reader, sum.Sum(nil), stdcrypto.SHA256)
	if err != nil {
		return nil, err
	}
	return contentInfo(d.bytes(signerInfo(by, all, signature))), nil
}

func signerInfo(by *x509.Certificate, attributes, signature []byte) []byte {
	return wrap(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		addName(b, by)
		addAlgorithm(b, oidSHA256, nil)
		b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
		addAlgorithm(b, oidRSA, null)
		b.AddASN1OctetString(signature)
	})
}
