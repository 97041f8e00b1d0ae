package pinblock

import (
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Encode appends the clear block to dst: what a PIN pad computes before it encrypts, and format 2 for the card's
// VERIFY command. ISO format 4 has no clear block; it is ErrFormat here. The other errors are ErrFormat for a format
// out of shape, ErrPIN for a PIN the format does not take, ErrPAN. ISO 9564-1 section 9.
func Encode(dst []byte, f Format, pin PIN, pan string) ([]byte, error) {
	l, err := f.check()
	if err != nil {
		return dst, err
	}
	if l.pan == wholePAN {
		return dst, fmt.Errorf("%w: %s has no clear block", ErrFormat, l.name)
	}
	w := scratch.Get().(*work)
	defer w.done()
	w.fill.randomize(l.fill)
	if err := w.encode(l, f, pin.digits(), pan); err != nil {
		return dst, err
	}
	return append(dst, w.block[:l.size]...), nil
}

// Decode reads a clear block. Whatever is wrong with the block is ErrBlock; ErrFormat and ErrPAN are faults of the
// caller. ISO format 4 has no clear block. ISO 9564-1 section 9.
func Decode(f Format, block []byte, pan string) (PIN, error) {
	l, err := f.check()
	if err != nil {
		return PIN{}, err
	}
	if l.pan == wholePAN {
		return PIN{}, fmt.Errorf("%w: %s has no clear block", ErrFormat, l.name)
	}
	if err := l.checkPAN(pan); err != nil {
		return PIN{}, err
	}
	if len(block) != l.size {
		return PIN{}, ErrBlock
	}
	w := scratch.Get().(*work)
	defer w.done()
	copy(w.block[:], block)
	if err := w.decode(l, f, pan); err != nil {
		return PIN{}, err
	}
	return newPIN(&w.pin), nil
}

// Encrypt appends the block encrypted under the key to dst. The key's cipher must have the block's size: DES or Triple
// DES for 8 bytes, AES or SM4 for 16; others are crypto.ErrUnsupported. The other errors are those of Encode, and
// crypto's for a key that may not encrypt. ISO 9564-1 section 9.
func Encrypt(dst []byte, key crypto.PINKey, f Format, pin PIN, pan string) ([]byte, error) {
	w := scratch.Get().(*work)
	defer w.done()
	if d := pin.digits(); d != nil {
		w.pin = *d
	}
	return w.encrypt(dst, key, f, pan)
}

// Decrypt reads an encrypted block. Whatever is wrong with the block is ErrBlock. A wrong key or PAN mostly shows as
// ErrBlock, but it may also yield another PIN: no format before 4 protects against that. ISO 9564-1 section 9.
func Decrypt(key crypto.PINKey, f Format, block []byte, pan string) (PIN, error) {
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.decrypt(key, f, block, pan); err != nil {
		return PIN{}, err
	}
	return newPIN(&w.pin), nil
}

// work is what one operation needs. It is reused, because memory that passes through the cipher.Block interface cannot
// live on the stack, and cleared before that.
type work struct {
	pin   digits
	fill  nibbles
	block [16]byte
	field [16]byte // PAN field of format 4
}

var scratch = sync.Pool{New: func() any { return new(work) }}

func (w *work) done() {
	*w = work{}
	scratch.Put(w)
}

// encode leaves the clear block in w.block; w.fill holds what a random fill takes and is used up.
func (w *work) encode(l *layout, f Format, pin *digits, pan string) error {
	if err := l.checkPAN(pan); err != nil {
		return err
	}
	if pin == nil || !l.takes(f, pin) {
		return ErrPIN
	}
	l.encode(&w.fill, f, pin)
	w.fill.pack(w.block[:l.size])
	l.xorPAN(w.block[:l.size], pan)
	return nil
}

func (l *layout) takes(f Format, pin *digits) bool {
	n := int(pin.n)
	return minimumPIN <= n && n <= l.longest && (f.length() == 0 || f.length() == n)
}

// decode reads the clear block in w.block into w.pin.
func (w *work) decode(l *layout, f Format, pan string) error {
	l.xorPAN(w.block[:l.size], pan)
	w.fill.unpack(w.block[:l.size])
	if !l.decode(&w.fill, f, &w.pin) {
		w.pin = digits{}
		return ErrBlock
	}
	return nil
}

// encrypt appends the block of w.pin.
func (w *work) encrypt(dst []byte, key crypto.PINKey, f Format, pan string) ([]byte, error) {
	l, err := f.check()
	if err != nil {
		return dst, err
	}
	m, err := l.open(key, crypto.OpEncrypt)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	w.fill.randomize(l.fill)
	if err := w.encode(l, f, &w.pin, pan); err != nil {
		return dst, err
	}
	block := w.block[:l.size]
	m.Block().Encrypt(block, block)
	if l.pan == wholePAN {
		w.encrypt4(m.Block(), pan)
	}
	return append(dst, block...), nil
}

// decrypt reads a block into w.pin.
func (w *work) decrypt(key crypto.PINKey, f Format, encrypted []byte, pan string) error {
	l, err := f.check()
	if err != nil {
		return err
	}
	if err := l.checkPAN(pan); err != nil {
		return err
	}
	m, err := l.open(key, crypto.OpDecrypt)
	if err != nil {
		return err
	}
	defer m.Release()
	if len(encrypted) != l.size {
		return ErrBlock
	}
	block := w.block[:l.size]
	copy(block, encrypted)
	if l.pan == wholePAN {
		w.decrypt4(m.Block(), pan)
	}
	m.Block().Decrypt(block, block)
	return w.decode(l, f, pan)
}

// encrypt4 is the second pass of format 4 (ISO 9564-1 section 9.4.2): the PAN field is combined with the encrypted PIN
// field and encrypted again.
func (w *work) encrypt4(c cipher.Block, pan string) {
	panField4(&w.field, pan)
	subtle.XORBytes(w.block[:], w.block[:], w.field[:])
	c.Encrypt(w.block[:], w.block[:])
}

// decrypt4 undoes the second pass of format 4.
func (w *work) decrypt4(c cipher.Block, pan string) {
	panField4(&w.field, pan)
	c.Decrypt(w.block[:], w.block[:])
	subtle.XORBytes(w.block[:], w.block[:], w.field[:])
}

// open gives the key's cipher for one operation, if its blocks have the layout's size.
func (l *layout) open(key crypto.PINKey, op crypto.Operation) (*keymaterial.Material, error) {
	m, err := key.Open(keymaterial.Grant(), op)
	if err != nil {
		return nil, err
	}
	if c := m.Block(); c == nil || c.BlockSize() != l.size {
		m.Release()
		return nil, fmt.Errorf("%w: %s needs a cipher of %d-byte blocks", crypto.ErrUnsupported, l.name, l.size)
	}
	return m, nil
}
