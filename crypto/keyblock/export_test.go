package keyblock

import "github.com/posline/posline/crypto"

// ParseHeader reads a header without the rest of the block.
func ParseHeader(header []byte, o Options) (Header, error) {
	h, _, err := parseHeader(header, o.AllowLegacy)
	return h, err
}

// Payload returns the clear payload of a block: length, key and padding.
func Payload(kbpk crypto.KBPK, block []byte) ([]byte, error) {
	p, err := parse(block, Options{AllowLegacy: true, LowerCase: true})
	if err != nil {
		return nil, err
	}
	return p.open(kbpk)
}

// Seal writes the block of a header and a clear payload.
func Seal(h Header, kbpk crypto.KBPK, payload []byte) ([]byte, error) {
	return h.seal(nil, kbpk, payload)
}

// Variant and Derive are how the keys of a version come from the protection key.
var (
	Variant = variant
	Derive  = derive
)

// What Derive derives for.
const (
	UseCBC = useCBC
	UseMAC = useMAC
)
