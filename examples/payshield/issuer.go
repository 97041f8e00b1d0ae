package payshield

import (
	"context"
	"strings"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/pinblock"
)

var _ pinblock.Issuer = (*Client)(nil)

// GeneratePIN is crypto.ErrUnsupported: the device makes PINs under its local master key only.
func (c *Client) GeneratePIN(_ context.Context, dst []byte, _ int, _ pinblock.Target) ([]byte, error) {
	return dst, crypto.ErrUnsupported
}

// AppendPVV has the device compute the Visa PIN verification value of a PIN (FW). Errors are those of VerifyPVV.
func (c *Client) AppendPVV(ctx context.Context, dst []byte, pin pinblock.Encrypted, pvk crypto.KeyRef, data pinblock.PVVData) ([]byte, error) {
	u, err := c.usePVV(pin, pvk, crypto.OpGenerate, data)
	if err != nil {
		return dst, err
	}
	return c.digits(ctx, dst, "FW", pvvDigits, func(w *request) {
		u.writePVV(w, data)
	})
}

// writePVV writes the part that FW and CU have in common.
func (u pinUse) writePVV(w *request, data pinblock.PVVData) {
	w.Text(string(u.pin.kind), u.pin.text, u.pvk.text)
	w.Hex(u.block)
	w.Text(u.format, u.account)
	w.Decimal(data.KeyIndex, 1)
}

// digits sends a command that is answered with n digits.
func (c *Client) digits(ctx context.Context, dst []byte, command string, n int, write fields) ([]byte, error) {
	r, err := c.call(ctx, command, write)
	if err != nil {
		return dst, err
	}
	value := r.Digits(n)
	if err := c.end(command, r); err != nil {
		return dst, err
	}
	return append(dst, value...), nil
}

// ChangePVV has the device verify the current PIN and compute the verification value of the next (CU). Both must be under
// the same key, in the same format. Errors are those of VerifyPVV.
func (c *Client) ChangePVV(
	ctx context.Context, dst []byte, current, next pinblock.Encrypted, pvk crypto.KeyRef, data pinblock.PVVData, pvv string,
) ([]byte, error) {
	u, err := c.usePVV(current, pvk, crypto.OpVerify, data)
	if err != nil {
		return dst, err
	}
	v, err := c.usePVV(next, pvk, crypto.OpGenerate, data)
	switch {
	case err != nil:
		return dst, err
	case u.pin != v.pin || u.format != v.format:
		return dst, crypto.ErrUnsupported
	case len(pvv) != pvvDigits || !digits(pvv):
		return dst, crypto.ErrVerify
	}
	return c.digits(ctx, dst, "CU", pvvDigits, func(w *request) {
		u.writePVV(w, data)
		w.Text(pvv)
		w.Hex(v.block)
	})
}

// AppendOffset has the device compute the IBM 3624 offset of a PIN (BK). The device has to be told how
// many digits the offset has: it is asked for four, for PINs of four. What comes of a longer PIN is for the device to say; the
// simulator answers pinblock.ErrPIN. Errors are those of VerifyOffset.
func (c *Client) AppendOffset(ctx context.Context, dst []byte, pin pinblock.Encrypted, pvk crypto.KeyRef, data pinblock.OffsetData) ([]byte, error) {
	u, err := c.use(pin, pvk, crypto.OpGenerate, crypto.UsagePVK3624, data.PAN)
	if err != nil {
		return dst, err
	}
	if err := c.options.checkOffset(pin.Layout); err != nil {
		return dst, err
	}
	validation, err := u.validation(data.PAN.Text())
	if err != nil {
		return dst, err
	}
	r, err := c.call(ctx, "BK", func(w *request) {
		w.Text(string(u.pin.kind), u.pin.text, u.pvk.text)
		w.Hex(u.block)
		w.Text(u.format)
		w.Decimal(offsetDigits, 2)
		w.Text(u.account, u.table(), validation)
	})
	if err != nil {
		return dst, err
	}
	offset := strings.TrimRight(r.Text(longestPIN), "F")
	if len(offset) != offsetDigits || !digits(offset) {
		r.Fail()
	}
	if err := c.end("BK", r); err != nil {
		return dst, err
	}
	return append(dst, offset...), nil
}

const offsetDigits = 4

// ChangeOffset verifies the current PIN (DA, EA) and then has the offset of the next computed (BK).
func (c *Client) ChangeOffset(
	ctx context.Context, dst []byte, current, next pinblock.Encrypted, pvk crypto.KeyRef, data pinblock.OffsetData, offset string,
) ([]byte, error) {
	if err := c.VerifyOffset(ctx, current, pvk, data, offset); err != nil {
		return dst, err
	}
	return c.AppendOffset(ctx, dst, next, pvk, data)
}
