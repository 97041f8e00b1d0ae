package keyblock

import (
	"crypto/cipher"
	"crypto/fips140"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// Options say what Unwrap admits and how it makes the key. The zero value is strict. X9.143 section 6.
type Options struct {
	// AllowLegacy admits versions A and C, a protection key weaker than the key, a mode of use that does not go with the
	// usage, and optional blocks whose data is not what the standard has for them, such as key serial numbers of 8
	// bytes. The authentication code is checked all the same, and so is every check value in the block.
	AllowLegacy bool

	// LowerCase admits lower-case hexadecimal digits in the encrypted part and the authentication code, as some systems
	// write them. The header stays as the standard has it.
	LowerCase bool

	// Key are the options the unwrapped key is made with: crypto.TableDES, gm.SM4, crypto.AllowWeak and so on. Options that
	// say what the key may do beyond its header, such as crypto.Home.Storable, pinblock.OffsetMethod or
	// dukpt.AllowLegacyData, are crypto.ErrUsage: they come in the block or by crypto.Confers of the protection key.
	Key []crypto.Option
}

// lengthField is the length of the key in bits, in front of the key, in bytes.
const lengthField = 2

// Unwrap returns the key in the block, with the attributes of the header, and the header. The protection key has usage
// K1, or K4 for versions D and E, and its mode allows decryption. Faults of the public part are a *FormatError,
// everything about the protected part ErrBlock; then come ErrWeakKBPK, crypto.ErrKCV for a check value in the block
// that is not the key's, and the errors of crypto.NewKey.
func Unwrap(kbpk crypto.KBPK, block []byte, o Options) (crypto.Key, Header, error) {
	p, err := parse(block, o)
	if err != nil {
		return crypto.Key{}, Header{}, err
	}
	if p.header.Version.legacy() && !o.AllowLegacy {
		return crypto.Key{}, Header{}, ErrLegacy
	}
	k, err := p.unwrap(kbpk, o)
	if err != nil {
		return crypto.Key{}, Header{}, err
	}
	return k, p.header, nil
}

func (p *parsed) unwrap(kbpk crypto.KBPK, o Options) (crypto.Key, error) {
	payload, err := p.open(kbpk)
	defer clear(payload)
	if err != nil {
		return crypto.Key{}, err
	}
	bits := int(binary.BigEndian.Uint16(payload))
	if bits == 0 || bits%8 != 0 || bits/8 > len(payload)-lengthField {
		return crypto.Key{}, ErrBlock
	}
	options := o.Key
	if o.AllowLegacy {
		options = append(slices.Clip(options), crypto.AnyMode)
	}
	arrival := crypto.Arrival{Under: kbpk.Key(), Rules: p.header.rules()}
	if p.header.Context == ContextStorage {
		arrival.Home = kbpk.Keeps(keymaterial.Grant())
	}
	k, err := crypto.Receive(keymaterial.Grant(), arrival, p.header.Attributes, payload[lengthField:lengthField+bits/8], options...)
	if err != nil {
		return crypto.Key{}, err
	}
	if err := p.accept(kbpk, k, o); err != nil {
		k.Destroy()
		return crypto.Key{}, err
	}
	return k, nil
}

// accept is what Unwrap asks of a key before it gives it away.
func (p *parsed) accept(kbpk crypto.KBPK, k crypto.Key, o Options) error {
	weak, err := strength(kbpk, k)
	switch {
	case err != nil:
		return err
	case weak && !o.AllowLegacy:
		return ErrWeakKBPK
	}
	return p.checkValues(kbpk, k)
}

// open decrypts the payload and checks the authentication code.
func (p *parsed) open(kbpk crypto.KBPK) ([]byte, error) {
	payload := make([]byte, hex.DecodedLen(len(p.payload)))
	mac := make([]byte, hex.DecodedLen(len(p.mac)))
	hex.Decode(payload, p.payload)
	hex.Decode(mac, p.mac)
	v := p.header.Version
	err := withBinding(v, kbpk, crypto.OpDecrypt, func(b *binding) error { return b.open(p.text, payload, mac) })
	return payload, err
}

// withBinding gives the version's keys, derived from the protection key, to f.
func withBinding(v Version, kbpk crypto.KBPK, op crypto.Operation, f func(*binding) error) error {
	usages := []crypto.Usage{crypto.UsageKBPK}
	if v.aes() {
		usages = append(usages, crypto.UsageKBPK20038)
	}
	if err := kbpk.Require(op, usages...); err != nil {
		return err
	}
	wanted := crypto.TDES
	if v.aes() {
		wanted = crypto.AES
	}
	if kbpk.Attributes().Algorithm != wanted || kbpk.Bits() < 128 {
		return crypto.ErrUnsupported
	}
	if fips140.Enforced() && !v.aes() {
		return crypto.ErrFIPS // a key made before or around the enforcement, over which crypto/cipher would panic
	}
	m, err := kbpk.Open(keymaterial.Grant(), op)
	if err != nil {
		return err
	}
	defer m.Release()
	b := newBinding(v, m.Bytes(), m.Block(), desForm(m.Block()))
	defer b.wipe()
	return f(b)
}

// desForm is the form of DES the protection key was made with.
func desForm(c cipher.Block) des.Form {
	if d, ok := c.(*des.Cipher); ok {
		return d.Form()
	}
	return des.ConstantTime
}

// checkValues compares the check values in the header with the keys they are of. What is no check value by the standard
// has only come this far by AllowLegacy and says nothing.
func (p *parsed) checkValues(kbpk crypto.KBPK, k crypto.Key) error {
	for id, of := range map[string]crypto.Key{"KC": k, "KP": kbpk.Key()} {
		b, _ := p.header.Optional(id)
		method, want, _ := b.KCV() // no method where there is none, which is ErrUnsupported
		if err := of.CheckKCV(method, want); err != nil && err != crypto.ErrUnsupported {
			return err
		}
	}
	return nil
}
