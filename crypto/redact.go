package crypto

import (
	"fmt"
	"io"
	"log/slog"
)

// String returns the attributes and the check value, as in "Key(P0TE00E, KCV 08D7B4)": legacy and three bytes for DES
// and SM4, CMAC and five for AES. Nothing that prints, logs or marshals a key shows more.
func (k Key) String() string {
	if k.reach == nil {
		return "Key(none)"
	}
	_, kcv, err := k.UsualKCV()
	switch err {
	case nil:
		return fmt.Sprintf("Key(%s, KCV %X)", k.core().attributes, kcv)
	case ErrDestroyed:
		return fmt.Sprintf("Key(%s, destroyed)", k.core().attributes)
	}
	return fmt.Sprintf("Key(%s)", k.core().attributes)
}

// GoString is String.
func (k Key) GoString() string { return k.String() }

// Format writes String whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

// LogValue gives String to log/slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText always fails: a key leaves in a key block or through package clearkey.
func (k Key) MarshalText() ([]byte, error) { return nil, ErrExport }

// MarshalJSON gives String, so that a key inside a logged structure does no harm. There is no way back.
func (k Key) MarshalJSON() ([]byte, error) { return []byte(`"` + k.String() + `"`), nil }

// MarshalBinary always fails, as MarshalText does.
func (k Key) MarshalBinary() ([]byte, error) { return nil, ErrExport }

const hiddenCard = "CardData(hidden)"

// Format hides the card data whatever the verb.
func (CardData) Format(f fmt.State, _ rune) { io.WriteString(f, hiddenCard) }

// LogValue hides the card data.
func (CardData) LogValue() slog.Value { return slog.StringValue(hiddenCard) }

// MarshalText hides the card data.
func (CardData) MarshalText() ([]byte, error) { return []byte(hiddenCard), nil }

// MarshalBinary always fails, and with it encoding/gob: ErrExport.
func (CardData) MarshalBinary() ([]byte, error) { return nil, ErrExport }
