package pinblock

import "github.com/posline/posline/crypto"

// OffsetData names the card an IBM 3624 natural PIN is of. Printing it shows nothing.
type OffsetData struct {
	PAN crypto.Hidden // at most 19 digits
}

// NaturalPIN returns the PIN of n digits that needs no offset (IBM 3624, in the way of the key's OffsetMethod). The key
// has usage V1. Errors: ErrPIN for n outside 4 to 12, ErrPAN, ErrData for a PAN too short for the method,
// crypto.ErrUsage, crypto.ErrUnsupported for a key of another kind than DES.
func NaturalPIN(key crypto.PVK, data OffsetData, n int) (PIN, error) {
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.natural(key, data, n, crypto.OpGenerate); err != nil {
		return PIN{}, err
	}
	w.pin.n = byte(n)
	copy(w.pin.d[:], w.fill[:n])
	return newPIN(&w.pin), nil
}

// PINFromOffset returns the PIN, as long as the offset, that the offset goes with. The errors are those of NaturalPIN,
// and ErrData for an offset that is not 4 to 12 digits. IBM 3624.
func PINFromOffset(key crypto.PVK, data OffsetData, offset string) (PIN, error) {
	if len(offset) < minimumPIN || len(offset) > maximumPIN || !allDigits(offset) {
		return PIN{}, ErrData
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.natural(key, data, len(offset), crypto.OpGenerate); err != nil {
		return PIN{}, err
	}
	w.pin.n = byte(len(offset))
	for i := range len(offset) {
		w.pin.d[i] = (w.fill[i] + offset[i] - '0') % 10
	}
	return newPIN(&w.pin), nil
}

// AppendOffset appends the offset, as long as the PIN, to dst. The errors are those of NaturalPIN. IBM 3624.
func AppendOffset(dst []byte, key crypto.PVK, data OffsetData, pin PIN) ([]byte, error) {
	return withPIN(dst, pin, func(w *work) ([]byte, error) { return w.appendOffset(dst, key, data, crypto.OpGenerate) })
}

// VerifyOffset returns crypto.ErrVerify when the offset, all digits of it, is not the PIN's. The other errors are those
// of NaturalPIN. IBM 3624.
func VerifyOffset(key crypto.PVK, data OffsetData, pin PIN, offset string) error {
	_, err := withPIN(nil, pin, func(w *work) ([]byte, error) { return nil, w.verifyOffset(key, data, offset) })
	return err
}

func (w *work) verifyOffset(key crypto.PVK, data OffsetData, offset string) error {
	var want [maximumPIN]byte
	digits, err := w.appendOffset(want[:0], key, data, crypto.OpVerify)
	if err != nil {
		return err
	}
	return compare(digits, offset)
}

func (w *work) appendOffset(dst []byte, key crypto.PVK, data OffsetData, op crypto.Operation) ([]byte, error) {
	if err := w.natural(key, data, int(w.pin.n), op); err != nil {
		return dst, err
	}
	for i, v := range w.pin.d[:w.pin.n] {
		dst = append(dst, '0'+(v+10-w.fill[i])%10)
	}
	return dst, nil
}

// natural leaves the digits of the natural PIN at the front of w.fill.
func (w *work) natural(key crypto.PVK, data OffsetData, n int, op crypto.Operation) error {
	if n < minimumPIN || n > maximumPIN {
		return ErrPIN
	}
	method, err := offsetMethod(key)
	if err != nil {
		return err
	}
	if err := method.validation(&w.fill, data.PAN.Text()); err != nil {
		return err
	}
	w.fill.pack(w.block[:8])
	if err := w.encryptPVK(key, op, crypto.UsagePVK3624, 0); err != nil {
		return err
	}
	table := method.table()
	for i, v := range w.fill[:n] {
		w.fill[i] = table[v] - '0'
	}
	return nil
}
