package pinblock

import (
	"crypto/subtle"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// PVVData is what a Visa PIN verification value is computed over besides the PIN. Printing it shows nothing.
type PVVData struct {
	PAN      crypto.Hidden // 12 to 19 digits, of which the last 12 count, the check digit among them left out
	KeyIndex int           // PVKI, 0 to 9
}

const pvvDigits = 4

// AppendPVV appends the 4 digits of the PIN's verification value (Visa PVV) to dst. The key has usage V2 and is a
// double-length Triple DES key; a PVVMethod may be bound to it. Errors: ErrPIN, ErrPAN, ErrData, crypto.ErrUsage,
// crypto.ErrUnsupported.
func AppendPVV(dst []byte, key crypto.PVK, data PVVData, pin PIN) ([]byte, error) {
	return withPIN(dst, pin, func(w *work) ([]byte, error) { return w.appendPVV(dst, key, data, crypto.OpGenerate) })
}

// VerifyPVV returns crypto.ErrVerify when the value is not the PIN's. The other errors are those of AppendPVV. Visa
// PVV.
func VerifyPVV(key crypto.PVK, data PVVData, pin PIN, pvv string) error {
	_, err := withPIN(nil, pin, func(w *work) ([]byte, error) { return nil, w.verifyPVV(key, data, pvv) })
	return err
}

// withPIN runs f with the PIN in its work.
func withPIN(dst []byte, pin PIN, f func(*work) ([]byte, error)) ([]byte, error) {
	d := pin.digits()
	if d == nil {
		return dst, ErrPIN
	}
	w := scratch.Get().(*work)
	defer w.done()
	w.pin = *d
	return f(w)
}

func (w *work) verifyPVV(key crypto.PVK, data PVVData, pvv string) error {
	var want [pvvDigits]byte
	digits, err := w.appendPVV(want[:0], key, data, crypto.OpVerify)
	if err != nil {
		return err
	}
	return compare(digits, pvv)
}

// appendPVV encrypts eleven digits of the PAN, the key index and four digits of the PIN, and takes the decimal digits
// of the result from left to right, after them its letters, A counting as 0.
func (w *work) appendPVV(dst []byte, key crypto.PVK, data PVVData, op crypto.Operation) ([]byte, error) {
	const fromPAN = 11
	pan := data.PAN.Text()
	method, err := pvvMethod(key)
	switch {
	case err != nil:
		return dst, err
	case len(pan) < fromPAN+1 || len(pan) > maximumPAN || !allDigits(pan):
		return dst, ErrPAN
	case data.KeyIndex < 0 || data.KeyIndex > 9:
		return dst, ErrData
	case w.pin.n != pvvDigits && !(method.FirstFour && w.pin.n > pvvDigits):
		return dst, ErrPIN
	}
	for i, c := range []byte(pan[len(pan)-1-fromPAN : len(pan)-1]) {
		w.fill[i] = c - '0'
	}
	w.fill[fromPAN] = byte(data.KeyIndex)
	copy(w.fill[fromPAN+1:], w.pin.d[:pvvDigits])
	w.fill.pack(w.block[:8])
	if err := w.encryptPVK(key, op, crypto.UsagePVKVisa, 128); err != nil {
		return dst, err
	}
	n := 0
	for _, letters := range []bool{false, true} {
		for _, v := range w.fill[:16] {
			if n == pvvDigits || (v > 9) != letters {
				continue
			}
			if letters {
				v -= 10
			}
			dst = append(dst, '0'+v)
			n++
		}
	}
	return dst, nil
}

// encryptPVK encrypts the eight bytes of w.block into the sixteen nibbles of w.fill. bits is the key length asked for,
// 0 for any.
func (w *work) encryptPVK(key crypto.PVK, op crypto.Operation, usage crypto.Usage, bits int) error {
	if err := key.Require(op, usage); err != nil {
		return err
	}
	m, err := key.Open(keymaterial.Grant(), op)
	if err != nil {
		return err
	}
	defer m.Release()
	if c := m.Block(); c == nil || c.BlockSize() != 8 || bits != 0 && key.Bits() != bits {
		return crypto.ErrUnsupported
	}
	m.Block().Encrypt(w.block[:8], w.block[:8])
	w.fill.unpack(w.block[:8])
	return nil
}

func compare(want []byte, got string) error {
	var b [maximumPIN + 1]byte
	n := copy(b[:], got)
	if subtle.ConstantTimeCompare(want, b[:n]) != 1 {
		return crypto.ErrVerify
	}
	return nil
}
