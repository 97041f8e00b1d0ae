package payshield

import (
	"context"
	"strings"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/pinblock"
)

var _ pinblock.Verifier = (*Client)(nil)

// pinUse is a PIN block and the key its PIN is compared or computed with.
type pinUse struct {
	pin     Key
	block   []byte
	format  string
	pvk     Key
	account string
}

// use takes a PIN for what a PIN verification key of the usage does with it, for the card with the PAN. The client keeps
// the rules of pinblock.Software.
func (c *Client) use(pin pinblock.Encrypted, pvk crypto.KeyRef, op crypto.Operation, usage crypto.Usage, pan crypto.Hidden) (u pinUse, err error) {
	if u.pvk, err = keyOf(pvk, op, usage); err != nil {
		return u, err
	}
	if err := c.options.checkCard(pin, pan.Text()); err != nil {
		return u, err
	}
	if u.pin, err = keyOf(pin.Key, crypto.OpDecrypt, crypto.UsagePIN); err != nil {
		return u, err
	}
	if u.format, err = formatCode(pin.Layout); err != nil {
		return u, err
	}
	if u.account, err = accountOf(pan); err != nil {
		return u, err
	}
	if len(pin.Block) != blockSize {
		return u, pinblock.ErrBlock
	}
	u.block = pin.Block
	return u, nil
}

// command returns the first of two commands for a terminal's PIN key, the second for a zone's.
func (u pinUse) command(terminal, zone string) string {
	if u.pin.terminal() {
		return terminal
	}
	return zone
}

// VerifyPVV has the device compare a PIN with its Visa PIN verification value (DC, EC). Of a PIN longer than four digits the
// device takes the first four, as a key with pinblock.PVVMethod.FirstFour does. Errors: crypto.ErrVerify,
// pinblock.ErrBlock, ErrPolicy, ErrPAN, ErrData, crypto.ErrKeyRef, crypto.ErrUsage, *Error.
func (c *Client) VerifyPVV(ctx context.Context, pin pinblock.Encrypted, pvk crypto.KeyRef, data pinblock.PVVData, pvv string) error {
	u, err := c.usePVV(pin, pvk, crypto.OpVerify, data)
	if err != nil {
		return err
	}
	if len(pvv) != pvvDigits || !digits(pvv) {
		return crypto.ErrVerify
	}
	return c.do(ctx, u.command("DC", "EC"), func(w *request) {
		w.Text(u.pin.text, u.pvk.text)
		w.Hex(u.block)
		w.Text(u.format, u.account)
		w.Decimal(data.KeyIndex, 1)
		w.Text(pvv)
	})
}

const pvvDigits = 4

func (c *Client) usePVV(pin pinblock.Encrypted, pvk crypto.KeyRef, op crypto.Operation, data pinblock.PVVData) (pinUse, error) {
	if data.KeyIndex < 0 || data.KeyIndex > 9 {
		return pinUse{}, pinblock.ErrData
	}
	return c.use(pin, pvk, op, crypto.UsagePVKVisa, data.PAN)
}

// VerifyOffset has the device compare a PIN with its IBM 3624 offset (DA, EA), in the way of the key's OffsetMethod.
// The format must be one of Options.Layouts. Errors are those of VerifyPVV, and crypto.ErrUnsupported for validation data
// that do not hold the last five digits of the account number, which the device wants to put in itself.
func (c *Client) VerifyOffset(ctx context.Context, pin pinblock.Encrypted, pvk crypto.KeyRef, data pinblock.OffsetData, offset string) error {
	u, err := c.use(pin, pvk, crypto.OpVerify, crypto.UsagePVK3624, data.PAN)
	if err != nil {
		return err
	}
	if err := c.options.checkOffset(pin.Layout); err != nil {
		return err
	}
	validation, err := u.validation(data.PAN.Text())
	if err != nil {
		return err
	}
	if len(offset) < 4 || len(offset) > longestPIN || !digits(offset) {
		return crypto.ErrVerify
	}
	return c.do(ctx, u.command("DA", "EA"), func(w *request) {
		w.Text(u.pin.text, u.pvk.text)
		w.Decimal(longestPIN, 2)
		w.Hex(u.block)
		w.Text(u.format)
		w.Decimal(len(offset), 2)
		w.Text(u.account, u.table(), validation, offset, strings.Repeat("F", longestPIN-len(offset)))
	})
}

// decimalisation is the table of a key without another.
const decimalisation = "0123456789012345"

func (u pinUse) table() string {
	if t := u.pvk.method.Table; t != "" {
		return t
	}
	return decimalisation
}

// validation returns the validation data of the key's method as the device takes them: twelve characters, of which N
// stands for the last five digits of the account number.
func (u pinUse) validation(pan string) (string, error) {
	const whole = 16
	m := u.pvk.method
	end := len(pan)
	if m.Length > 0 {
		end = m.Start + m.Length
	}
	if end > len(pan) || end <= m.Start || end-m.Start > whole {
		return "", pinblock.ErrData
	}
	pad := m.Pad
	if pad == 0 {
		pad = 'F'
	}
	text := pan[m.Start:end] + strings.ToUpper(strings.Repeat(string(rune(pad)), whole-(end-m.Start)))
	five := u.account[accountDigits-5:]
	at := strings.LastIndex(text, five)
	if at < 0 {
		return "", crypto.ErrUnsupported
	}
	return text[:at] + "N" + text[at+len(five):], nil
}
