package payshield

import (
	"context"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/payshield/internal/wire"
	"github.com/posline/posline/pinblock"
)

var _ pinblock.Translator = (*Client)(nil)

// longestPIN is what the device is told of the PINs it may find.
const longestPIN = 12

// blockSize is the length of a PIN block under a DES key in bytes.
const blockSize = 8

// TranslatePIN has the device translate a PIN from a zone's (CC), a terminal's (CA) or a DUKPT terminal's key (G0) to
// another's; a dukpt.Reference whose Base is a Key stands for a DUKPT terminal's. The client keeps the rules of pinblock.Software: see Options. Both PANs must have the same account number,
// because the command has one. Errors: pinblock.ErrPolicy, ErrBlock, ErrPAN, ErrFormat, crypto.ErrKeyRef, *Error.
func (c *Client) TranslatePIN(ctx context.Context, dst []byte, in pinblock.Encrypted, out pinblock.Target) ([]byte, error) {
	if err := c.options.checkTranslation(in, out); err != nil {
		return dst, err
	}
	t, err := newTranslation(in, out)
	if err != nil {
		return dst, err
	}
	r, err := c.call(ctx, t.command, t.write)
	if err != nil {
		return dst, err
	}
	block := readBlock(r, t.to)
	if err := c.end(t.command, r); err != nil {
		return dst, err
	}
	return append(dst, block...), nil
}

// readBlock reads what answers a translation: the PIN's length, the block, its format.
func readBlock(r *wire.Reader, format string) []byte {
	length, block := r.Decimal(2), r.HexBytes(blockSize)
	if r.Digits(2) != format || length < 4 || length > longestPIN {
		r.Fail()
	}
	return block
}

// translation is a request to translate a PIN.
type translation struct {
	command     string
	source      pinKey
	destination pinKey
	block       []byte
	from, to    string
	account     string
}

func newTranslation(in pinblock.Encrypted, out pinblock.Target) (t translation, err error) {
	t.block = in.Block
	if t.source, err = pinKeyOf(in.Key, crypto.OpDecrypt); err != nil {
		return t, err
	}
	if t.destination, err = pinKeyOf(out.Key, crypto.OpEncrypt); err != nil {
		return t, err
	}
	if t.from, err = formatCode(in.Layout); err != nil {
		return t, err
	}
	if t.to, err = formatCode(out.Layout); err != nil {
		return t, err
	}
	if t.account, err = commonAccount(in, out); err != nil {
		return t, err
	}
	if len(t.block) != blockSize {
		return t, pinblock.ErrBlock
	}
	switch {
	case t.source.derived():
		t.command = "G0"
	case t.source.terminal():
		t.command = "CA"
	default:
		t.command = "CC"
	}
	if t.destination.derived() && t.command == "CC" {
		return t, crypto.ErrUnsupported // no layout of it was seen
	}
	return t, nil
}

// commonAccount returns the account number of those of the two formats that have one.
func commonAccount(in pinblock.Encrypted, out pinblock.Target) (string, error) {
	var accounts []string
	for _, side := range []struct {
		layout pinblock.Format
		pan    crypto.Hidden
	}{{in.Layout, in.PAN}, {out.Layout, out.PAN}} {
		if !side.layout.UsesPAN() {
			continue
		}
		account, err := accountOf(side.pan)
		if err != nil {
			return "", err
		}
		accounts = append(accounts, account)
	}
	switch {
	case len(accounts) == 0:
		return noAccount, nil
	case len(accounts) == 2 && accounts[0] != accounts[1]:
		return "", crypto.ErrUnsupported
	}
	return accounts[0], nil
}

func (t translation) write(w *request) {
	w.Text(t.source.text, t.destination.mark(), t.destination.text)
	t.source.writeKSN(w)
	t.destination.writeKSN(w)
	if t.command != "G0" {
		w.Decimal(longestPIN, 2)
	}
	w.Hex(t.block)
	w.Text(t.from, t.to, t.account)
}
