package mac

import (
	"encoding/hex"

	"github.com/posline/posline/crypto"
)

// unionPaySize is the length of field 64 of UnionPay's terminal messages: 8 characters.
const unionPaySize = 8

// UnionPay binds a key of DES, Triple DES or SM4 to UnionPay's ECB MAC as field 64 of terminal messages carries it: eight
// upper-case hexadecimal characters (Q/CUP 006 part 1). It is the MAC for all of them: UnionPayRaw with 4 bytes is the
// same for hosts that send field 64 binary, and the two must not be mixed. The key has usage M0, M1 or M3. What this MAC
// is worth stands in the package comment. Errors are those of New.
func UnionPay(key crypto.MACKey) (*MAC, error) {
	return New(key, Algorithm{Scheme: crypto.UnionPayECB})
}

// finishUnionPay ends UnionPay's ECB MAC (Q/CUP 006 terminal protocol): the exclusive or of all blocks is written as
// upper-case hexadecimal; the first half of that is encrypted, the second half xored in, the result encrypted; field 64
// carries the first half of it, again in hexadecimal.
func finishUnionPay(scheme crypto.MACScheme, key *unit, folded, tag []byte) {
	var digits [2 * maximumBlock]byte
	n := len(folded)
	upperHex(digits[:2*n], folded)
	copy(folded, digits[:n])
	key.encrypt(folded)
	xorBlock(folded, digits[n:2*n])
	key.encrypt(folded)
	if scheme == crypto.UnionPayRaw {
		copy(tag, folded)
		return
	}
	upperHex(tag[:unionPaySize], folded[:unionPaySize/2])
}

func upperHex(dst, src []byte) {
	hex.Encode(dst, src)
	for i, c := range dst {
		if c >= 'a' {
			dst[i] = c - 'a' + 'A'
		}
	}
}
