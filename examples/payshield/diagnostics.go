package payshield

import (
	"context"
	"errors"

	"github.com/posline/posline/crypto"
)

// Diagnosis is what a device says of itself (NC).
type Diagnosis struct {
	LMKCheck string // check value of its local master key, 16 hexadecimal digits
	Firmware string // 9 characters, as in "0007-E000"
}

// Status is how a device is set up for hosts (NO).
type Status struct {
	Buffer   int  // kilobytes
	TCP      bool // else UDP
	Sockets  int
	Firmware string
}

// Diagnose asks the device to check itself (NC).
func (c *Client) Diagnose(ctx context.Context) (Diagnosis, error) {
	r, err := c.call(ctx, "NC", func(*request) {})
	if err != nil {
		return Diagnosis{}, err
	}
	d := Diagnosis{LMKCheck: r.Hex(16), Firmware: r.Text(9)}
	if err := c.end("NC", r); err != nil {
		return Diagnosis{}, err
	}
	return d, nil
}

// CheckDevice returns nil for a device that works (NC) and does not have the published test keys, or may have them:
// ErrTestLMK. It asks for the check value of a zone PIN key that is published under them (BU): only a device that has them gives
// the published one. Test keys for key blocks are not known here and not found.
func (c *Client) CheckDevice(ctx context.Context) error {
	if _, err := c.Diagnose(ctx); err != nil || c.options.AllowTestLMK {
		return err
	}
	kcv, err := c.CheckValue(ctx, publishedKey, crypto.KCVLegacy, len(publishedCheck))
	var refusal *Error
	switch {
	case errors.As(err, &refusal) && (refusal.Class() == KeyFault || refusal.Class() == Input):
		return nil // it could not read the key
	case err != nil:
		return err
	case string(kcv) == publishedCheck:
		return ErrTestLMK
	}
	return nil
}

// publishedKey is a key under the test keys that is in every test of such devices, publishedCheck its check value.
var publishedKey = Key{text: "U1EF828AA8F6B80EB83E19FBC373F3A85", kind: ZPK, attributes: crypto.MustAttributes("P0TN00N")}

const publishedCheck = "\x6F\x1E\x3F"

// Status asks how the device is set up (NO, mode 00).
func (c *Client) Status(ctx context.Context) (Status, error) {
	r, err := c.call(ctx, "NO", func(w *request) { w.Text("00") })
	if err != nil {
		return Status{}, err
	}
	buffer, link := r.Decimal(1), r.Decimal(1)
	sockets := 2
	if tail := c.trailerLength(); r.Left()-tail == 4+14 {
		sockets = 4 // newer firmware
	}
	s := Status{Buffer: 2, TCP: link == 1, Sockets: r.Decimal(sockets), Firmware: r.Text(9)}
	r.Text(5) // reserved
	switch {
	case buffer > 3 || link > 1:
		r.Fail()
	case buffer > 0:
		s.Buffer = 4 << buffer
	}
	if err := c.end("NO", r); err != nil {
		return Status{}, err
	}
	return s, nil
}

func (c *Client) trailerLength() int {
	if c.options.Trailer == "" {
		return 0
	}
	return 1 + len(c.options.Trailer)
}

// Echo sends text to the device and wants it back (B2): the cheapest proof that it is there. At most 1024 characters.
func (c *Client) Echo(ctx context.Context, text string) error {
	const most = 1024
	if len(text) > most {
		return ErrData
	}
	r, err := c.call(ctx, "B2", func(w *request) {
		w.HexNumber(len(text), 4)
		w.Text(text)
	})
	if err != nil {
		return err
	}
	if r.Text(len(text)) != text {
		r.Fail()
	}
	return c.end("B2", r)
}
