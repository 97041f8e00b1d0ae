package tr34

import (
	"bytes"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/posline/posline/crypto"
)

// headerLength is that of a key block header without optional blocks, in characters (X9.143 section 6.2).
const headerLength = 16

// header writes the key block header that says what a key is for. There is no key block whose length it could tell; what
// stands there is what the standard's samples have.
func header(a crypto.Attributes) []byte {
	version := 'D'
	if a.Algorithm == crypto.TDES || a.Algorithm == crypto.DES {
		version = 'B'
	}
	return fmt.Appendf(nil, "%c0256%s0000", version, a)
}

// parseHeader returns the attributes in a header.
func parseHeader(text []byte) (crypto.Attributes, error) {
	if len(text) != headerLength || text[0] < 'A' || text[0] > 'E' || !digits(text[1:5]) || text[15] != '0' || text[14] < '0' || text[14] > '2' {
		return crypto.Attributes{}, malformed("key block header")
	}
	if string(text[12:14]) != "00" {
		return crypto.Attributes{}, fmt.Errorf("%w: optional blocks in a key block header", crypto.ErrUnsupported)
	}
	a, err := crypto.ParseAttributes(string(text[5:12]))
	if err != nil {
		return crypto.Attributes{}, malformed("key attributes")
	}
	return a, nil
}

func digits(text []byte) bool {
	return !bytes.ContainsFunc(text, func(c rune) bool { return c < '0' || c > '9' })
}

// keyBlock is what lies in the envelope: the host's name, the clear key and, once more, the header.
func keyBlock(host func(*cryptobyte.Builder), key, header []byte) []byte {
	return wrap(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		host(b)
		b.AddASN1OctetString(key)
		b.AddBytes(octetAttribute(oidData, header))
	})
}

// parseKeyBlock returns the parts of a key block; the key is in the block's memory. The version is 0 in the standard's
// module and 1 in its samples.
func parseKeyBlock(block []byte) (host name, key, header []byte, ok bool) {
	s := cryptobyte.String(block)
	var whole, clear cryptobyte.String
	var version int
	if !s.ReadASN1(&whole, der.SEQUENCE) || !s.Empty() || !whole.ReadASN1Integer(&version) || version < 0 || version > 1 {
		return name{}, nil, nil, false
	}
	if host, ok = readName(&whole); !ok || !whole.ReadASN1(&clear, der.OCTET_STRING) {
		return name{}, nil, nil, false
	}
	a, ok := readAttribute(&whole)
	if !ok || !whole.Empty() || !a.oid.Equal(oidData) {
		return name{}, nil, nil, false
	}
	header, ok = a.octets()
	return host, clear, header, ok
}
