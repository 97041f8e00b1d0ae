package mac

import (
	stdcrypto "crypto"
	"fmt"

	"github.com/posline/posline/crypto"
)

// Algorithm is crypto.MACAlgorithm. ISO 9797-1.
type Algorithm = crypto.MACAlgorithm

// minimumSize is the shortest MAC in bytes: what X9.9 and ISO 16609 allow.
const minimumSize = 4

// X99 is the MAC of X9.9 and FIPS 113, for a single DES key: CBC-MAC, zeros as padding, the left four bytes.
func X99() Algorithm {
	return Algorithm{Scheme: crypto.CBCMAC, Padding: crypto.Padding1, Size: 4}
}

// X919 is the retail MAC of X9.19 for a double-length DES key, zeros as padding, all eight bytes.
func X919() Algorithm {
	return Algorithm{Scheme: crypto.RetailMAC, Padding: crypto.Padding1, Size: 8}
}

// usages returns which keys a scheme takes.
func usages(s crypto.MACScheme) []crypto.Usage {
	switch s {
	case crypto.CBCMAC:
		return []crypto.Usage{crypto.UsageMAC1, crypto.UsageMACISO16609}
	case crypto.EMAC:
		return []crypto.Usage{crypto.UsageMAC2}
	case crypto.RetailMAC:
		return []crypto.Usage{crypto.UsageMAC3}
	case crypto.MacDES:
		return []crypto.Usage{crypto.UsageMAC4}
	case crypto.CMAC:
		return []crypto.Usage{crypto.UsageCMAC}
	case crypto.LMAC:
		return []crypto.Usage{crypto.UsageMAC6}
	case crypto.TRCBC, crypto.CBCR:
		return []crypto.Usage{crypto.UsageMAC1}
	case crypto.UnionPayECB, crypto.UnionPayRaw:
		return []crypto.Usage{crypto.UsageMACISO16609, crypto.UsageMAC1, crypto.UsageMAC3}
	}
	return []crypto.Usage{crypto.UsageHMAC}
}

// isHMAC reports whether the scheme is HMAC with some hash.
func isHMAC(s crypto.MACScheme) bool { return s >= crypto.HMACSHA1 && s <= crypto.HMACSM3 }

// hash is the hash function of an HMAC scheme, other than SM3.
func hash(s crypto.MACScheme) stdcrypto.Hash {
	switch s {
	case crypto.HMACSHA1:
		return stdcrypto.SHA1
	case crypto.HMACSHA224:
		return stdcrypto.SHA224
	case crypto.HMACSHA256:
		return stdcrypto.SHA256
	case crypto.HMACSHA384:
		return stdcrypto.SHA384
	}
	return stdcrypto.SHA512
}

// sm3Size is the length of an SM3 hash.
const sm3Size = 32

// trcbcSize is the length of a TRCBC MAC. The scheme tells padded messages from complete ones by which end of the last
// block it gives, so the two ends must not overlap.
func trcbcSize(block int) int { return block / 2 }

// complete checks the algorithm for a key of the given algorithm and block size, and fills in the size.
func complete(a Algorithm, key crypto.Algorithm, block int) (Algorithm, error) {
	full, padded := block, false
	hashed := isHMAC(a.Scheme)
	switch a.Scheme {
	case crypto.CBCMAC, crypto.EMAC, crypto.RetailMAC, crypto.MacDES, crypto.LMAC:
		padded = true
	case crypto.CMAC, crypto.CBCR, crypto.UnionPayRaw:
	case crypto.TRCBC:
		full = trcbcSize(block)
	case crypto.UnionPayECB:
		full = unionPaySize
	case crypto.HMACSM3:
		full = sm3Size
	default:
		if !hashed {
			return a, fmt.Errorf("%w: %s", crypto.ErrUnsupported, a.Scheme)
		}
		full = hash(a.Scheme).Size()
	}
	if hashed != (key == crypto.HMAC) || !hashed && block == 0 {
		return a, fmt.Errorf("%w: %s with a key for algorithm %s", crypto.ErrUnsupported, a.Scheme, key)
	}
	if padded != (a.Padding >= crypto.Padding1 && a.Padding <= crypto.Padding3) || !padded && a.Padding != 0 {
		return a, fmt.Errorf("%w: %s with %s", crypto.ErrUnsupported, a.Padding, a.Scheme)
	}
	switch {
	case a.Size == 0:
		a.Size = full
	case a.Scheme == crypto.TRCBC && a.Size != full:
		return a, fmt.Errorf("%w: a TRCBC MAC of %d bytes", crypto.ErrUnsupported, a.Size)
	}
	if a.Size < minimumSize || a.Size > full {
		return a, fmt.Errorf("%w: a MAC of %d bytes", crypto.ErrUnsupported, a.Size)
	}
	return a, nil
}
