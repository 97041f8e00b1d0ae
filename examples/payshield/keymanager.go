package payshield

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/examples/payshield/internal/wire"
)

var _ crypto.KeyManager = (*Client)(nil)

// Generate has the device make a key (A0) of the type that KeyTypeOf says; see GenerateKey.
func (c *Client) Generate(ctx context.Context, a crypto.Attributes, bits int) (crypto.KeyRef, error) {
	kind := KeyBlock
	if !c.options.KeyBlocks {
		var err error
		if kind, err = KeyTypeOf(a.Usage); err != nil {
			return nil, err
		}
	}
	k, err := c.GenerateKey(ctx, kind, a, bits)
	if err != nil {
		return nil, err
	}
	return k, nil
}

// GenerateKey has the device make a key (A0) of 64, 128 or 192 bits for DES and Triple DES, in a key block also AES.
func (c *Client) GenerateKey(ctx context.Context, kind KeyType, a crypto.Attributes, bits int) (Key, error) {
	k, _, err := c.generate(ctx, kind, a, bits, nil)
	return k, err
}

// GenerateUnder has the device make a key and export it at once (A0, mode 1), under a zone or terminal master key in the given
// scheme, X or U, T or Y, S. It returns the key, and what to send to the other side.
func (c *Client) GenerateUnder(ctx context.Context, kind KeyType, a crypto.Attributes, bits int, master Key, scheme byte) (Key, string, error) {
	if _, err := keyOf(master, crypto.OpEncrypt, crypto.UsageKEK, crypto.UsageKBPK); err != nil {
		return Key{}, "", err
	}
	return c.generate(ctx, kind, a, bits, func(w *request) {
		if !c.options.PlainA0 {
			w.Text(";", masterFlag(master))
		}
		w.Text(master.text, string(rune(scheme)))
	})
}

// masterFlag says whether a key goes out under a zone's or a terminal's master key.
func masterFlag(master Key) string {
	if master.kind == ZMK || master.kind == KeyBlock {
		return "0"
	}
	return "1"
}

// generate sends A0, with the key that the new one is exported under, if any.
func (c *Client) generate(ctx context.Context, kind KeyType, a crypto.Attributes, bits int, under fields) (Key, string, error) {
	scheme, err := schemeFor(kind, a, bits)
	if err != nil {
		return Key{}, "", err
	}
	mode := "0"
	if under != nil {
		mode = "1"
	}
	r, err := c.call(ctx, "A0", func(w *request) {
		w.Text(mode, string(kind), string(rune(scheme)))
		if under != nil {
			under(w)
		}
		if kind == KeyBlock {
			writeAttributes(w, a, bits)
		}
	})
	if err != nil {
		return Key{}, "", err
	}
	text, exported := r.Key(false), ""
	if under != nil {
		exported = r.Key(false)
	}
	k, err := c.keyFrom("A0", r, kind, a, text)
	return k, exported, err
}

// keyFrom ends the reading of an answer with a check value behind a key.
func (c *Client) keyFrom(command string, r *wire.Reader, kind KeyType, a crypto.Attributes, text string) (Key, error) {
	r.Hex(c.kcvDigits())
	if err := c.end(command, r); err != nil {
		return Key{}, err
	}
	k, err := NewKey(kind, a, text)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %s: a key of another kind", ErrReply, command)
	}
	return k, nil
}

func (c *Client) kcvDigits() int {
	if c.options.LegacyKCV {
		return 16
	}
	return 6
}

// schemeFor returns the scheme of a new key, and checks that the type serves what the key is for.
func schemeFor(kind KeyType, a crypto.Attributes, bits int) (byte, error) {
	if err := a.Validate(); err != nil {
		return 0, err
	}
	if !kind.Serves(a.Usage) {
		return 0, fmt.Errorf("%w: a key of type %q", crypto.ErrUsage, string(kind))
	}
	if kind == KeyBlock {
		if algorithmCode(a.Algorithm, bits) == "" {
			return 0, crypto.ErrUnsupported
		}
		return 'S', nil
	}
	switch {
	case a.Algorithm == crypto.DES && bits == 64:
		return 'Z', nil
	case a.Algorithm == crypto.TDES && bits == 128:
		return 'U', nil
	case a.Algorithm == crypto.TDES && bits == 192:
		return 'T', nil
	case a.Algorithm == crypto.DES || a.Algorithm == crypto.TDES:
		return 0, crypto.ErrKeyLength
	}
	return 0, fmt.Errorf("%w: algorithm %s under a variant key", crypto.ErrUnsupported, a.Algorithm)
}

// algorithmCode returns the algorithm and length of a key as key block attributes have them, "" for none.
func algorithmCode(a crypto.Algorithm, bits int) string {
	switch {
	case a == crypto.DES && bits == 64:
		return "D1"
	case a == crypto.TDES && (bits == 128 || bits == 192):
		return "T" + string(rune('0'+bits/64))
	case a == crypto.AES && (bits == 128 || bits == 192 || bits == 256):
		return "A" + string(rune('0'+bits/64-1))
	}
	return ""
}

// writeAttributes writes what a key is for, without optional blocks.
func writeAttributes(w *request, a crypto.Attributes, bits int) {
	w.selector()
	w.Text("#", a.Usage.String(), algorithmCode(a.Algorithm, bits), a.Mode.String(), version(a), a.Export.String(), "00")
}

func version(a crypto.Attributes) string {
	if a.Version == "" {
		return "00"
	}
	return a.Version
}

// CheckValue has the device compute a key's check value (BU): crypto.KCVLegacy, 2 or 3 bytes, with Options.LegacyKCV up to 5.
// Others are crypto.ErrUnsupported.
func (c *Client) CheckValue(ctx context.Context, key crypto.KeyRef, method crypto.KCVMethod, n int) ([]byte, error) {
	const least, most = 2, 5
	k, ok := key.(Key)
	switch {
	case !ok:
		return nil, crypto.ErrKeyRef
	case k.text == "":
		return nil, crypto.ErrNoKey
	case method != crypto.KCVLegacy || n < least || n > min(most, c.kcvDigits()/2):
		return nil, crypto.ErrUnsupported
	}
	r, err := c.call(ctx, "BU", func(w *request) {
		w.Text("FF", lengthFlag(k.text), k.text, ";", string(k.kind))
		if !c.options.LegacyKCV {
			w.Text(";001")
		}
	})
	if err != nil {
		return nil, err
	}
	kcv := r.Hex(c.kcvDigits())
	if err := c.end("BU", r); err != nil {
		return nil, err
	}
	return hex.DecodeString(kcv[:2*n])
}

// lengthFlag says how long a key is: single, double or triple.
func lengthFlag(text string) string {
	switch {
	case text[0] == 'T' || text[0] == 'Y':
		return "2"
	case text[0] == 'Z' || len(text) == 16:
		return "0"
	}
	return "1"
}

// Import has the device take a key from a TR-31 key block (A6, scheme R) under a key block protection key, which is a zone master key of
// the device with usage K1. The header says what the key is for; the device authenticates it. Errors: those of
// keyblock.Parse for the header, crypto.ErrUnsupported for keys the device has no type for, *Error. Scheme R was not seen in
// open source.
func (c *Client) Import(ctx context.Context, kbpk crypto.KeyRef, block []byte) (crypto.KeyRef, error) {
	master, err := keyOf(kbpk, crypto.OpDecrypt, crypto.UsageKBPK)
	if err != nil {
		return nil, err
	}
	header, err := keyblock.Parse(block, keyblock.Options{})
	if err != nil {
		return nil, err
	}
	kind := KeyBlock
	if !c.options.KeyBlocks {
		if kind, err = KeyTypeOf(header.Attributes.Usage); err != nil {
			return nil, err
		}
	}
	k, err := c.ImportUnder(ctx, master, kind, header.Attributes, "R"+string(block))
	if err != nil {
		return nil, err
	}
	return k, nil
}

// ImportUnder has the device take a key that comes under a zone master key (A6) in the scheme that its text says. What the
// key is for is the caller's word, except in key blocks. A key without odd parity, of which the device warns, is taken.
func (c *Client) ImportUnder(ctx context.Context, master Key, kind KeyType, a crypto.Attributes, text string) (Key, error) {
	if _, err := keyOf(master, crypto.OpDecrypt, crypto.UsageKEK, crypto.UsageKBPK); err != nil {
		return Key{}, err
	}
	if !wire.IsKey(text) || !kind.Serves(a.Usage) {
		return Key{}, ErrData
	}
	r, err := c.call(ctx, "A6", func(w *request) {
		w.Text(string(kind), master.text, text, string(rune(localScheme(kind, a, text))))
	}, "01")
	if err != nil {
		return Key{}, err
	}
	key := r.Key(false)
	return c.keyFrom("A6", r, kind, a, key)
}

// localScheme returns the scheme of an imported key under the local master key.
func localScheme(kind KeyType, a crypto.Attributes, text string) byte {
	switch {
	case kind == KeyBlock:
		return 'S'
	case a.Algorithm == crypto.DES || lengthFlag(text) == "0":
		return 'Z'
	case lengthFlag(text) == "2":
		return 'T'
	}
	return 'U'
}

// Export has the device wrap a key in a TR-31 key block (A8, scheme R) under a key block protection key; see Import. A key that is
// crypto.NonExportable is crypto.ErrExport: the device does not know of it.
func (c *Client) Export(ctx context.Context, dst []byte, kbpk, key crypto.KeyRef) ([]byte, error) {
	k, ok := key.(Key)
	if !ok {
		return dst, crypto.ErrKeyRef
	}
	if _, err := keyOf(kbpk, crypto.OpEncrypt, crypto.UsageKBPK); err != nil {
		return dst, err
	}
	text, err := c.ExportUnder(ctx, kbpk.(Key), k, 'R', 0)
	if err != nil {
		return dst, err
	}
	return append(dst, text[1:]...), nil
}

// ExportUnder has the device encrypt a key under a zone master key (A8) in the scheme, and returns it. In key blocks the receiver
// gets the exportability, 0 for the key's own. A key that is crypto.NonExportable is crypto.ErrExport, and one that is not
// crypto.Sensitive leaves in key blocks only.
func (c *Client) ExportUnder(ctx context.Context, master, key Key, scheme byte, export crypto.Exportability) (string, error) {
	if _, err := keyOf(master, crypto.OpEncrypt, crypto.UsageKEK, crypto.UsageKBPK); err != nil {
		return "", err
	}
	block := scheme == 'S' || scheme == 'R'
	switch own := key.attributes.Export; {
	case key.text == "":
		return "", crypto.ErrNoKey
	case own == crypto.NonExportable || own != crypto.Sensitive && !block:
		return "", crypto.ErrExport
	}
	r, err := c.call(ctx, "A8", func(w *request) {
		w.Text(string(key.kind), master.text, key.text, string(rune(scheme)))
		writeExport(w, key, scheme, export)
	})
	if err != nil {
		return "", err
	}
	text := r.Key(false)
	if r.Valid() && block && text[0] != scheme {
		r.Fail()
	}
	r.Hex(c.kcvDigits())
	if err := c.end("A8", r); err != nil {
		return "", err
	}
	return text, nil
}

// writeExport writes what a key block says of the key: all of it where the key is under a variant master key, which does
// not know.
func writeExport(w *request, key Key, scheme byte, export crypto.Exportability) {
	a := key.attributes
	if export != 0 {
		a.Export = export
	}
	switch {
	case scheme == 'R' && key.kind != KeyBlock:
		writeAttributes(w, a, 64*(1+int(lengthFlag(key.text)[0]-'0')))
	case export != 0:
		w.selector()
		w.Text("&", export.String())
	}
}
