package payshield

import (
	"fmt"
	"log/slog"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/examples/payshield/internal/wire"
	"github.com/posline/posline/pinblock"
)

// A Key is a key of the device, as the device gives it out: encrypted under its local master key, or by its place in the
// device's storage. It is the crypto.KeyRef of a Client. It prints its attributes and nothing else. The zero Key is none.
type Key struct {
	text       string
	kind       KeyType
	attributes crypto.Attributes
	method     pinblock.OffsetMethod
}

// NewKey names a key: its text as the device gave it, in scheme Z, U, T, X, Y, S (a key block), K (a place in storage) or
// none, its type, and what it is for, which the device does not keep with variant keys. Errors: crypto.ErrAttributes,
// crypto.ErrUsage for a type that does not serve the usage, ErrData for a text that is no key.
func NewKey(kind KeyType, a crypto.Attributes, text string) (Key, error) {
	if err := a.Validate(); err != nil {
		return Key{}, err
	}
	switch {
	case !kind.Serves(a.Usage):
		return Key{}, fmt.Errorf("%w: a key of type %q", crypto.ErrUsage, string(kind))
	case !wire.IsKey(text) || text[0] == 'R' || (text[0] == 'S') != (kind == KeyBlock):
		return Key{}, fmt.Errorf("%w: a key of type %q", ErrData, string(kind))
	}
	return Key{text: text, kind: kind, attributes: a}, nil
}

// Attributes says what the key is for.
func (k Key) Attributes() crypto.Attributes { return k.attributes }

// Type returns the type of the key.
func (k Key) Type() KeyType { return k.kind }

// AppendText appends the key as the device gave it: to be kept, not to be shown.
func (k Key) AppendText(dst []byte) ([]byte, error) {
	if k.text == "" {
		return dst, crypto.ErrNoKey
	}
	return append(dst, k.text...), nil
}

// WithOffsetMethod returns the PIN verification key with how its natural PINs are computed (IBM 3624), which belongs to the
// key and not to the call. Without it the key has the zero method. Errors: pinblock.ErrData for a method out of shape,
// crypto.ErrUsage for a key that is not for offsets.
func (k Key) WithOffsetMethod(m pinblock.OffsetMethod) (Key, error) {
	if k.attributes.Usage != crypto.UsagePVK3624 {
		return Key{}, crypto.ErrUsage
	}
	probe, err := crypto.GenerateKey(crypto.MustAttributes("V1TV00N"), 128, m.Bind) // the library knows which methods are fair
	if err != nil {
		return Key{}, err
	}
	probe.Destroy()
	k.method = m
	return k, nil
}

// terminal reports whether a PIN key is a terminal's, for which the device has commands of their own.
func (k Key) terminal() bool {
	if k.kind == KeyBlock {
		return len(k.text) > 8 && k.text[6:8] == "71"
	}
	return k.kind == TPK || k.kind == TPK2
}

// Format shows the attributes, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "Key(%s)", k.attributes) }

// LogValue shows the attributes.
func (k Key) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// MarshalText shows the attributes.
func (k Key) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(k)), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport. AppendText is how a key is kept.
func (Key) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

// keyOf takes the reference of this provider that serves the operation with one of the usages.
func keyOf(ref crypto.KeyRef, op crypto.Operation, usages ...crypto.Usage) (Key, error) {
	k, ok := ref.(Key)
	if _, derived := ref.(dukpt.Reference); derived {
		return Key{}, fmt.Errorf("%w: this under a key of DUKPT", crypto.ErrUnsupported)
	}
	if !ok {
		return Key{}, crypto.ErrKeyRef
	}
	if k.text == "" {
		return Key{}, crypto.ErrNoKey
	}
	for _, u := range usages {
		if k.attributes.Usage == u && k.attributes.Mode.Allows(op) {
			return k, nil
		}
	}
	return Key{}, &crypto.UsageError{Key: k.attributes, Want: fmt.Sprintf("%s with usage %s", op, usages[0])}
}
