package payshield

import (
	"context"

	"github.com/posline/posline/crypto"
)

// NewTerminalKey has the device make a new key for a terminal (HC), of double length and the same type as the current one, and
// returns it with what to send to the terminal: the new key under the current one, in scheme X. The attributes are those of
// the new key.
func (c *Client) NewTerminalKey(ctx context.Context, current Key, a crypto.Attributes) (Key, string, error) {
	if current.text == "" || current.kind != TMK {
		return Key{}, "", crypto.ErrUsage
	}
	if scheme, err := schemeFor(current.kind, a, 128); err != nil || scheme != 'U' {
		return Key{}, "", crypto.ErrAttributes
	}
	r, err := c.call(ctx, "HC", func(w *request) { w.Text(current.text, ";XU1") })
	if err != nil {
		return Key{}, "", err
	}
	sent, kept := r.Key(false), r.Key(false)
	if err := c.end("HC", r); err != nil {
		return Key{}, "", err
	}
	k, err := NewKey(current.kind, a, kept)
	if err != nil || sent[0] != 'X' {
		return Key{}, "", ErrReply
	}
	return k, sent, nil
}
