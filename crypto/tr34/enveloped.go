package tr34

import (
	stdcrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/posline/posline/crypto"
)

// An envelope is an EnvelopedData for one recipient (RFC 5652 section 6): a random key under RSA, the content under it.
type envelope struct {
	recipient name
	key       []byte // encrypted
	cipher    *contentCipher
	iv        []byte
	content   []byte // encrypted
}

// A contentCipher is a block cipher that content may be encrypted with, in CBC mode.
type contentCipher struct {
	oid asn1.ObjectIdentifier
	key int // bytes
	new func([]byte) (cipher.Block, error)
}

// The ones that are written, weakest first, and those that are only read.
var contentCiphers = []contentCipher{
	{oidAES128, 16, aes.NewCipher}, {oidAES256, 32, aes.NewCipher}, {oidAES192, 24, aes.NewCipher}, {oidTripleDES, 24, des.NewTripleDESCipher},
}

// strongEnough returns the content cipher to write for a key of a strength in bits.
func strongEnough(strength int) *contentCipher {
	if strength <= 128 {
		return &contentCiphers[0]
	}
	return &contentCiphers[1]
}

// seal returns the EnvelopedData of content for a device.
func seal(to *x509.Certificate, public *rsa.PublicKey, c *contentCipher, content []byte) ([]byte, error) {
	key := make([]byte, c.key)
	defer clear(key)
	rand.Read(key)
	block, err := c.new(key)
	if err != nil {
		return nil, crypto.ErrFIPS
	}
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public, key, nil)
	if err != nil {
		return nil, crypto.ErrWeakKey
	}
	iv := make([]byte, block.BlockSize())
	rand.Read(iv)
	padded := pad(content, len(iv))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return wrap(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) { addRecipient(b, to, wrapped) })
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidData)
			addAlgorithm(b, c.oid, func(b *cryptobyte.Builder) { b.AddASN1OctetString(iv) })
			b.AddASN1(der.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(padded) })
		})
	}), nil
}

func addRecipient(b *cryptobyte.Builder, to *x509.Certificate, wrapped []byte) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		addName(b, to)
		addAlgorithm(b, oidOAEP, func(b *cryptobyte.Builder) { b.AddBytes(oaepForms[0]) })
		b.AddASN1OctetString(wrapped)
	})
}

// pad returns a copy padded as RFC 5652 section 6.3 has it.
func pad(content []byte, unit int) []byte {
	n := unit - len(content)%unit
	padded := make([]byte, len(content)+n)
	copy(padded, content)
	for i := len(content); i < len(padded); i++ {
		padded[i] = byte(n)
	}
	return padded
}

func unpad(padded []byte) ([]byte, bool) {
	if len(padded) == 0 {
		return nil, false
	}
	n := int(padded[len(padded)-1])
	if n == 0 || n > len(padded) {
		return nil, false
	}
	for _, c := range padded[len(padded)-n:] {
		if int(c) != n {
			return nil, false
		}
	}
	return padded[:len(padded)-n], true
}

// parseEnvelope reads an EnvelopedData.
func parseEnvelope(data []byte) (*envelope, bool) {
	s := cryptobyte.String(data)
	var whole, recipients, content cryptobyte.String
	var version int
	if !s.ReadASN1(&whole, der.SEQUENCE) || !s.Empty() || !whole.ReadASN1Integer(&version) || version < 0 || version > 2 ||
		!whole.ReadASN1(&recipients, der.SET) || !whole.ReadASN1(&content, der.SEQUENCE) || !whole.Empty() {
		return nil, false
	}
	e := new(envelope)
	return e, e.readRecipient(&recipients) && recipients.Empty() && e.readContent(content)
}

func (e *envelope) readRecipient(s *cryptobyte.String) bool {
	var whole, key cryptobyte.String
	var version int
	if !s.ReadASN1(&whole, der.SEQUENCE) || !whole.ReadASN1Integer(&version) || version != 0 && version != 2 {
		return false
	}
	var ok bool
	if e.recipient, ok = readAnyName(&whole); !ok {
		return false
	}
	oid, parameters, ok := readAlgorithm(&whole)
	if !ok || !oid.Equal(oidOAEP) || !isOAEP(parameters) || !whole.ReadASN1(&key, der.OCTET_STRING) || !whole.Empty() {
		return false
	}
	e.key = key
	return true
}

func (e *envelope) readContent(s cryptobyte.String) bool {
	var contentType asn1.ObjectIdentifier
	if !s.ReadASN1ObjectIdentifier(&contentType) || !contentType.Equal(oidData) {
		return false
	}
	oid, parameters, ok := readAlgorithm(&s)
	if !ok {
		return false
	}
	for i := range contentCiphers {
		if contentCiphers[i].oid.Equal(oid) {
			e.cipher = &contentCiphers[i]
		}
	}
	var iv, content cryptobyte.String
	if e.cipher == nil || !parameters.ReadASN1(&iv, der.OCTET_STRING) || !parameters.Empty() ||
		!s.ReadASN1(&content, der.Tag(0).ContextSpecific()) || !s.Empty() {
		return false
	}
	e.iv, e.content = iv, content
	return true
}

// open decrypts the content; the caller clears it. It is called once the sender is known, so that nobody can probe it.
func (e *envelope) open(private stdcrypto.Decrypter) ([]byte, bool) {
	key, err := private.Decrypt(rand.Reader, e.key, &rsa.OAEPOptions{Hash: stdcrypto.SHA256})
	defer clear(key)
	if err != nil || len(key) != e.cipher.key {
		return nil, false
	}
	block, err := e.cipher.new(key)
	if err != nil || len(e.iv) != block.BlockSize() || len(e.content)%len(e.iv) != 0 {
		return nil, false
	}
	padded := make([]byte, len(e.content))
	cipher.NewCBCDecrypter(block, e.iv).CryptBlocks(padded, e.content)
	content, ok := unpad(padded)
	if !ok {
		clear(padded)
	}
	return content, ok
}
