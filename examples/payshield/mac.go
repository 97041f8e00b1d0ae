package payshield

import (
	"context"
	"fmt"

	"github.com/posline/posline/crypto"
)

var _ crypto.MACer = (*Client)(nil)

// maximumMessage is how many bytes a MAC is computed over at most: what a device surely takes as one block.
const maximumMessage = 31 << 10

// macRequest is what M6 and M8 have in common.
type macRequest struct {
	key                      Key
	algorithm, padding, size string
	bytes                    int
}

// AppendMAC has the device compute a MAC (M6): ISO 9797-1 algorithms 1 and 3 with padding 1 or 2, of 4 to 8 bytes, over at
// most 31 KiB. Others are crypto.ErrUnsupported. Keys have usage M0, M1 or M3 and type TAK or ZAK, or are key blocks.
func (c *Client) AppendMAC(ctx context.Context, dst []byte, key crypto.KeyRef, a crypto.MACAlgorithm, message []byte) ([]byte, error) {
	m, err := newMACRequest(key, crypto.OpGenerate, a, message)
	if err != nil {
		return dst, err
	}
	r, err := c.call(ctx, "M6", func(w *request) { m.write(w, message) })
	if err != nil {
		return dst, err
	}
	whole := macHalf
	if m.size == "1" {
		whole = macWhole
	}
	if c.options.MACLength && r.HexNumber(4) != 2*whole {
		r.Fail()
	}
	mac := r.HexBytes(whole)
	if err := c.end("M6", r); err != nil {
		return dst, err
	}
	return append(dst, mac[:m.bytes]...), nil
}

// VerifyMAC has the device compare a MAC (M8), of 4 or 8 bytes; otherwise it is as AppendMAC. Another MAC than the message's is
// crypto.ErrVerify.
func (c *Client) VerifyMAC(ctx context.Context, key crypto.KeyRef, a crypto.MACAlgorithm, message, mac []byte) error {
	m, err := newMACRequest(key, crypto.OpVerify, a, message)
	switch {
	case err != nil:
		return err
	case m.bytes != macHalf && m.bytes != macWhole:
		return fmt.Errorf("%w: the device compares MACs of 4 or 8 bytes", crypto.ErrUnsupported)
	case len(mac) != m.bytes:
		return crypto.ErrVerify
	}
	return c.do(ctx, "M8", func(w *request) {
		m.write(w, message)
		w.Hex(mac)
	})
}

// The lengths of a MAC that the device knows, in bytes.
const (
	macHalf  = 4
	macWhole = 8
)

func newMACRequest(ref crypto.KeyRef, op crypto.Operation, a crypto.MACAlgorithm, message []byte) (m macRequest, err error) {
	var usages []crypto.Usage
	switch a.Scheme {
	case crypto.CBCMAC:
		m.algorithm, usages = "1", []crypto.Usage{crypto.UsageMAC1, crypto.UsageMACISO16609}
	case crypto.RetailMAC:
		m.algorithm, usages = "3", []crypto.Usage{crypto.UsageMAC3}
	default:
		return m, fmt.Errorf("%w: %s on the device", crypto.ErrUnsupported, a.Scheme)
	}
	switch a.Padding {
	case crypto.Padding1:
		m.padding = "1"
	case crypto.Padding2:
		m.padding = "2"
	default:
		return m, fmt.Errorf("%w: %s on the device", crypto.ErrUnsupported, a.Padding)
	}
	if m.bytes = a.Size; m.bytes == 0 {
		m.bytes = macWhole
	}
	if m.bytes < macHalf || m.bytes > macWhole || len(message) > maximumMessage {
		return m, fmt.Errorf("%w: length of the MAC or the message", crypto.ErrUnsupported)
	}
	if m.size = "1"; m.bytes == macHalf {
		m.size = "0"
	}
	m.key, err = keyOf(ref, op, usages...)
	return m, err
}

// write writes one block, not a part of a longer message, as binary data.
func (m macRequest) write(w *request, message []byte) {
	const only, binary = "0", "0"
	w.Text(only, binary, m.size, m.algorithm, m.padding, string(m.key.kind), m.key.text)
	w.HexNumber(len(message), 4)
	w.Raw(message)
}
