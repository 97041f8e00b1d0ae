package pinblock

import (
	"bytes"
	"crypto/cipher"
	"crypto/subtle"
)

// EncodeFilled is Encode with the nibbles a random fill takes given, also for format 4, whose PIN field it gives.
func EncodeFilled(f Format, pin PIN, pan string, fill []byte) ([]byte, error) {
	l, err := f.check()
	if err != nil {
		return nil, err
	}
	var w work
	copy(w.fill[:], fill)
	if err := w.encode(l, f, pin.digits(), pan); err != nil {
		return nil, err
	}
	return append([]byte(nil), w.block[:l.size]...), nil
}

// EncryptField4 runs both passes of format 4 over a PIN field and gives what stands between and after them.
func EncryptField4(c cipher.Block, field []byte, pan string) (a, mixed, b []byte) {
	var w work
	c.Encrypt(w.block[:], field)
	a = bytes.Clone(w.block[:])
	w.encrypt4(c, pan)
	mixed = make([]byte, len(a))
	subtle.XORBytes(mixed, a, w.field[:])
	return a, mixed, w.block[:]
}

// PANField4 returns the PAN field of format 4.
func PANField4(pan string) ([]byte, error) {
	if err := layouts[ISO4].checkPAN(pan); err != nil {
		return nil, err
	}
	var field [16]byte
	panField4(&field, pan)
	return field[:], nil
}

// DecodeField4 reads a PIN field of format 4.
func DecodeField4(field []byte) (PIN, error) {
	var w work
	if len(field) != len(w.block) {
		return PIN{}, ErrBlock
	}
	copy(w.block[:], field)
	if err := w.decode(&layouts[ISO4], ISO4, ""); err != nil {
		return PIN{}, err
	}
	return newPIN(&w.pin), nil
}

// ScratchIsClear takes working memory out of the pool and looks whether anything is left in it.
func ScratchIsClear() bool {
	w := scratch.Get().(*work)
	defer scratch.Put(w)
	return *w == work{}
}
