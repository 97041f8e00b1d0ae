package pinblock

import "github.com/posline/posline/crypto"

// OffsetData is what an IBM 3624 natural PIN is computed from. Printing it shows nothing.
type OffsetData struct {
	// Table turns the sixteen hexadecimal digits of a result into decimal ones; "" is "0123456789012345". A table with
	// fewer than eight different digits, or with one of them more than four times, is ErrData: such tables serve to
	// find out PINs.
	Table string

	// The validation data is Length digits of the PAN from position Start on, filled up to 16 with Pad. Length 0 takes
	// the rest of the PAN. Pad is '0' to '9' or 'A' to 'F', 0 means 'F'.
	PAN           string // at most 19 digits
	Start, Length int
	Pad           byte
}

const validationDigits = 16

// NaturalPIN returns the PIN of n digits that needs no offset. The key has usage V1 or V0. Errors: ErrPIN for n
// outside 4 to 12, ErrPAN, ErrData, crypto.ErrUsage, crypto.ErrUnsupported for a key of another kind than DES.
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
// and ErrData for an offset that is not 4 to 12 digits.
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

// AppendOffset appends the offset, as long as the PIN, to dst. The errors are those of NaturalPIN.
func AppendOffset(dst []byte, key crypto.PVK, data OffsetData, pin PIN) ([]byte, error) {
	return withPIN(dst, pin, func(w *work) ([]byte, error) { return w.appendOffset(dst, key, data, crypto.OpGenerate) })
}

// VerifyOffset returns crypto.ErrVerify when the offset, all digits of it, is not the PIN's. The other errors are those
// of NaturalPIN.
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
	table, ok := data.table()
	if !ok {
		return ErrData
	}
	if err := data.validation(&w.fill); err != nil {
		return err
	}
	w.fill.pack(w.block[:8])
	if err := w.encryptPVK(key, op, crypto.UsagePVK3624, 0); err != nil {
		return err
	}
	for i, v := range w.fill[:n] {
		w.fill[i] = table[v] - '0'
	}
	return nil
}

func (d *OffsetData) table() (string, bool) {
	const usual, different, most = "0123456789012345", 8, 4
	if d.Table == "" {
		return usual, true
	}
	if len(d.Table) != len(usual) || !allDigits(d.Table) {
		return "", false
	}
	var counts [10]int
	kinds := 0
	for _, c := range []byte(d.Table) {
		if counts[c-'0']++; counts[c-'0'] == 1 {
			kinds++
		}
		if counts[c-'0'] > most {
			return "", false
		}
	}
	return d.Table, kinds >= different
}

// validation writes the sixteen nibbles of the validation data.
func (d *OffsetData) validation(out *nibbles) error {
	if len(d.PAN) == 0 || len(d.PAN) > maximumPAN || !allDigits(d.PAN) {
		return ErrPAN
	}
	length := d.Length
	if length == 0 {
		length = len(d.PAN) - d.Start
	}
	if d.Start < 0 || length < 1 || length > validationDigits || d.Start > len(d.PAN)-length {
		return ErrData
	}
	pad, ok := padValue(d.Pad)
	if !ok {
		return ErrData
	}
	for i := range validationDigits {
		out[i] = pad
		if i < length {
			out[i] = d.PAN[d.Start+i] - '0'
		}
	}
	return nil
}

func padValue(digit byte) (byte, bool) {
	switch {
	case digit == 0:
		return 15, true
	case '0' <= digit && digit <= '9':
		return digit - '0', true
	case 'A' <= digit && digit <= 'F':
		return digit - 'A' + 10, true
	case 'a' <= digit && digit <= 'f':
		return digit - 'a' + 10, true
	}
	return 0, false
}
