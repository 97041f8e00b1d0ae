package firmware

import (
	"bytes"
	"errors"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/pinblock"
)

// Errors of a PIN pad.
var (
	ErrCancelled = errors.New("firmware: cancelled at the PIN pad")
	ErrWorkKeys  = errors.New("firmware: field 62 does not hold two work keys")
	ErrNoKeys    = errors.New("firmware: no work keys, sign in first")
)

// SoftPad is a PINPad made of software. It is for trying things out: a certified device keeps keys and PINs in hardware.
type SoftPad struct {
	master  crypto.KEK
	enter   func(digits []byte) ([]byte, error)
	entered [12]byte // holds a PIN while its block is made
	typed   pinblock.PIN
	pin     crypto.PINKey
	mac     *mac.MAC
}

// NewSoftPad makes a pad with a terminal master key. enter appends the digits that the customer types to the empty slice
// it is given, which has room for twelve, or returns ErrCancelled.
func NewSoftPad(master crypto.KEK, enter func(digits []byte) ([]byte, error)) *SoftPad {
	return &SoftPad{master: master, enter: enter}
}

// Sizes in field 62 of a sign-in answer for Triple DES (60.3 = 003): two keys, each with four bytes of its check value.
const (
	keySize   = 16
	checkSize = 4
	blockSize = 2 * (keySize + checkSize)
)

// LoadWorkKeys takes both keys or none. A key whose check value differs is crypto.ErrKCV.
func (p *SoftPad) LoadWorkKeys(block []byte) error {
	if len(block) != blockSize {
		return ErrWorkKeys
	}
	pin, err := p.unwrap(crypto.SchemeX, "P0TE00N", block[:keySize], block[keySize:][:checkSize])
	if err != nil {
		return err
	}
	scheme, attributes := crypto.SchemeX, "M1TC00N"
	wrapped, check := block[keySize+checkSize:][:keySize], block[2*keySize+checkSize:]
	if bytes.Equal(wrapped[8:], make([]byte, 8)) { // a single-length MAC key, filled with zeros
		scheme, attributes, wrapped = crypto.SchemeZ, "M1DC00N", wrapped[:8]
	}
	code, err := p.unwrap(scheme, attributes, wrapped, check)
	if err != nil {
		return err
	}
	return p.use(pin, code)
}

func (p *SoftPad) unwrap(scheme crypto.VariantScheme, attributes string, wrapped, check []byte) (crypto.Key, error) {
	key, err := crypto.UnwrapVariant(p.master, scheme, 0, wrapped, crypto.MustAttributes(attributes))
	if err != nil {
		return key, err
	}
	return key, key.CheckKCV(crypto.KCVLegacy, check)
}

func (p *SoftPad) use(pin, code crypto.Key) error {
	pinKey, err := crypto.NewPINKey(pin)
	if err != nil {
		return err
	}
	macKey, err := crypto.NewMACKey(code)
	if err != nil {
		return err
	}
	m, err := mac.UnionPay(macKey)
	if err != nil {
		return err
	}
	p.pin, p.mac = pinKey, m
	return nil
}

// AppendPINBlock implements PINPad.
func (p *SoftPad) AppendPINBlock(dst []byte, pan string) ([]byte, error) {
	if p.mac == nil {
		return dst, ErrNoKeys
	}
	defer clear(p.entered[:])
	digits, err := p.enter(p.entered[:0])
	if err != nil {
		return dst, err
	}
	defer p.typed.Wipe()
	if err := p.typed.Set(digits); err != nil {
		return dst, err
	}
	return pinblock.Encrypt(dst, p.pin, pinblock.ISO0, p.typed, pan)
}

// AppendMAC implements PINPad.
func (p *SoftPad) AppendMAC(dst, message []byte) ([]byte, error) {
	if p.mac == nil {
		return dst, ErrNoKeys
	}
	return p.mac.Append(dst, message)
}

// VerifyMAC implements PINPad.
func (p *SoftPad) VerifyMAC(message, code []byte) error {
	if p.mac == nil {
		return ErrNoKeys
	}
	return p.mac.Verify(message, code)
}
