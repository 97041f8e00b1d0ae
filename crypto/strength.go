package crypto

import (
	"crypto/subtle"

	"github.com/posline/posline/internal/keymaterial"
)

// maximumStrength is that of an AES key of 256 bits, in bits; nothing asks for more.
const maximumStrength = 256

// Strength returns the effective strength of the key in bits (SP 800-57 part 1, tables 2 and 3): 56 for DES, 80 for
// Triple DES with two keys and 112 with three, where equal parts of a key count once, the length of AES, SM4 and HMAC keys up to 256, half the length of an
// elliptic curve key, and for RSA and DSA what the modulus stands for. Asymmetric keys whose structure does not show it
// count as 256. It is 0 for no key and a destroyed one.
func (k Key) Strength() int {
	m, err := k.Unguarded(keymaterial.Grant())
	if err != nil {
		return 0
	}
	defer m.Release()
	bits := 8 * len(m.Bytes())
	switch k.Attributes().Algorithm {
	case DES:
		return 56
	case TDES:
		return strengthTDES(m.Bytes())
	case EC:
		return ofCurve(longest(m.Bytes(), tagOctets))
	case RSA, DSA:
		return ModulusStrength(longest(m.Bytes(), tagInteger))
	}
	return min(bits, maximumStrength)
}

// strengthTDES goes by the parts that are different (SP 800-67 section 3.1, keying options): a first and a third part that
// are equal are two keys, and where the second is like one beside it the two undo each other and single DES is left. Parity
// does not count. The comparisons take constant time.
func strengthTDES(key []byte) int {
	var long [24]byte
	defer clear(long[:])
	writeLong(&long, key)
	a, b, c := long[:8], long[8:16], long[16:]
	switch {
	case subtle.ConstantTimeCompare(a, b)|subtle.ConstantTimeCompare(b, c) == 1:
		return 56
	case subtle.ConstantTimeCompare(a, c) == 1:
		return 80
	}
	return 112
}

// ModulusStrength returns the strength in bits of a modulus of RSA or DSA, given in bits: SP 800-57 part 1 table 2. A
// modulus of no bits is one that does not show, and counts as 256.
func ModulusStrength(bits int) int {
	for _, row := range [...]struct{ modulus, strength int }{{15360, 256}, {7680, 192}, {3072, 128}, {2048, 112}, {1024, 80}} {
		if bits >= row.modulus {
			return row.strength
		}
	}
	if bits == 0 {
		return maximumStrength
	}
	return 56
}

// ofCurve is the strength of a private key in bits: half of it.
func ofCurve(bits int) int {
	if bits == 0 {
		return maximumStrength
	}
	return min(bits/2, maximumStrength)
}

// Tags of DER (X.690) that the structures of private keys are made of: PKCS #1, RFC 5915 and PKCS #8 around them.
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagSequence = 0x30
	longForm    = 0x80
)

// longest returns the length in bits of the longest integer or octet string in a private key, 0 when it cannot be read.
// What an octet string holds is looked into, because PKCS #8 keeps the key there.
func longest(der []byte, tag byte) int {
	found := 0
	for len(der) > 0 {
		kind, content, rest, ok := element(der)
		if !ok {
			return 0
		}
		der = rest
		inner := 0
		if kind == tagSequence || kind == tagOctets {
			inner = longest(content, tag)
		}
		if kind == tag && inner == 0 {
			for tag == tagInteger && len(content) > 1 && content[0] == 0 {
				content = content[1:]
			}
			inner = 8 * len(content)
		}
		found = max(found, inner)
	}
	return found
}

// element takes one element off the front of DER.
func element(der []byte) (tag byte, content, rest []byte, ok bool) {
	if len(der) < 2 {
		return 0, nil, nil, false
	}
	n, at := int(der[1]), 2
	if n >= longForm {
		digits := n - longForm
		if digits == 0 || digits > 3 || len(der) < at+digits {
			return 0, nil, nil, false
		}
		n = 0
		for _, b := range der[at : at+digits] {
			n = n<<8 | int(b)
		}
		at += digits
	}
	if len(der)-at < n {
		return 0, nil, nil, false
	}
	return der[0], der[at : at+n], der[at+n:], true
}
