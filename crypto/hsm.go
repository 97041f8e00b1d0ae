package crypto

import "context"

// The interfaces below are what a hardware security module may do instead of this process. Each is small; ask for the
// smallest that does. Software stands beside them in the packages that own the algorithms: mac.Software,
// cardverify.Software, keyblock.Software, SoftwareEncrypter. PIN translation and verification are in package pinblock, EMV issuer
// functions in emv/cryptogram.
//
// The context is for providers on the other side of a network; software ignores it. Implementations must not keep or
// change the slices they are given.

// A KeyRef names a key to a provider. Key and the typed keys are the references of the software providers; an HSM
// adaptor brings its own type, holding a key block under a local master key or a handle. A provider given a reference
// of another provider answers ErrKeyRef. X9.143 section 6.2.
type KeyRef interface {
	// Attributes says what the key is for.
	Attributes() Attributes
}

// A MACer generates and verifies message authentication codes. ISO 9797-1.
type MACer interface {
	// AppendMAC appends the MAC of the message to dst.
	AppendMAC(ctx context.Context, dst []byte, key KeyRef, algorithm MACAlgorithm, message []byte) ([]byte, error)

	// VerifyMAC returns ErrVerify when the MAC is not the message's.
	VerifyMAC(ctx context.Context, key KeyRef, algorithm MACAlgorithm, message, mac []byte) error
}

// A CardVerifier generates and verifies CVV, CVV2 and iCVV. Visa and Mastercard.
type CardVerifier interface {
	// AppendCVV appends the digits of the value to dst, as many as the data asks for.
	AppendCVV(ctx context.Context, dst []byte, key KeyRef, card CardData) ([]byte, error)

	// VerifyCVV returns ErrVerify when the digits are not the card's.
	VerifyCVV(ctx context.Context, key KeyRef, card CardData, cvv string) error
}

// CardData is what a card verification value is computed over (Visa and Mastercard CVV; the layout is that of ISO 7813
// tracks). It prints nothing of itself; in an unexported field of a struct, where fmt cannot call its methods, it prints all
// but the PAN.
type CardData struct {
	PAN         Hidden // 12 to 19 digits
	Expiry      string // 4 digits, in the order the value uses: YYMM for CVV and iCVV, often MMYY for CVV2
	ServiceCode string // 3 digits; "000" for CVV2, "999" for iCVV
	Digits      int    // digits of the value, 3 to 5; 0 means 3
}

// A KeyManager makes keys and moves them in key blocks. X9.143.
type KeyManager interface {
	// Generate makes a random key of the given number of bits.
	Generate(ctx context.Context, attributes Attributes, bits int) (KeyRef, error)

	// Import unwraps a key block under a key block protection key.
	Import(ctx context.Context, kbpk KeyRef, block []byte) (KeyRef, error)

	// Export appends the key's block under a key block protection key to dst.
	Export(ctx context.Context, dst []byte, kbpk, key KeyRef) ([]byte, error)

	// CheckValue returns the first n bytes of the key's check value.
	CheckValue(ctx context.Context, key KeyRef, method KCVMethod, n int) ([]byte, error)
}

// MACAlgorithm says how a MAC is computed: the scheme, the padding where the scheme leaves it open, and the length of
// the result. The cipher is the key's. It is comparable; the zero value is no algorithm and is refused. ISO 9797-1.
type MACAlgorithm struct {
	Scheme  MACScheme
	Padding MACPadding
	Size    int // bytes, at least 4; 0 is the scheme's full length
}

// MACScheme is a way to compute a MAC. ISO 9797-1:2011.
type MACScheme uint8

// The schemes, with the names of ISO 9797-1:2011 (which GB/T 15852.1 follows) and of those who use them.
const (
	CBCMAC      MACScheme = iota + 1 // algorithm 1: CBC-MAC; X9.9 and FIPS 113 with single DES, ISO 16609 with Triple DES
	EMAC                             // algorithm 2: CBC-MAC, then encrypted under the second key
	RetailMAC                        // algorithm 3: X9.19, CBC-MAC with a triple last step
	MacDES                           // algorithm 4: first block encrypted twice, last one too
	CMAC                             // algorithm 5: NIST SP 800-38B
	LMAC                             // algorithm 6: CBC-MAC with another key for the last block
	TRCBC                            // GB/T 15852.1 algorithm 7: truncated CBC-MAC
	CBCR                             // GB/T 15852.1 algorithm 8: CBC-MAC with a rotation
	UnionPayECB                      // UnionPay POS: exclusive or, two blocks; the result is 8 hexadecimal characters
	UnionPayRaw                      // the same before it is written in hexadecimal
	HMACSHA1
	HMACSHA224
	HMACSHA256
	HMACSHA384
	HMACSHA512
	HMACSM3 // GB/T 15852.2; the key needs gm.SM3
)

// String returns the scheme's name, as in "retail MAC".
func (s MACScheme) String() string {
	names := [...]string{
		CBCMAC: "CBC-MAC", EMAC: "EMAC", RetailMAC: "retail MAC", MacDES: "MacDES", CMAC: "CMAC", LMAC: "LMAC", TRCBC: "TRCBC",
		CBCR: "CBCR", UnionPayECB: "UnionPay ECB", UnionPayRaw: "UnionPay ECB, raw", HMACSHA1: "HMAC-SHA-1",
		HMACSHA224: "HMAC-SHA-224", HMACSHA256: "HMAC-SHA-256", HMACSHA384: "HMAC-SHA-384", HMACSHA512: "HMAC-SHA-512",
		HMACSM3: "HMAC-SM3",
	}
	if s == 0 || int(s) >= len(names) {
		return "unknown MAC scheme"
	}
	return names[s]
}

// MACPadding is a padding method of ISO 9797-1. Schemes 1 to 4 and 6 need one; the others have their own and take none.
type MACPadding uint8

// The padding methods.
const (
	Padding1 MACPadding = iota + 1 // zeros up to a whole block
	Padding2                       // one 1 bit, then zeros
	Padding3                       // a block with the length in bits in front, then zeros up to a whole block
)

// String returns the padding's name, as in "padding 2".
func (p MACPadding) String() string {
	names := [...]string{"no padding", "padding 1", "padding 2", "padding 3"}
	if int(p) >= len(names) {
		return "unknown padding"
	}
	return names[p]
}
