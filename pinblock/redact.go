package pinblock

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/posline/posline/crypto"
)

const hiddenPIN = "PIN(hidden)"

// String hides the digits and their number.
func (PIN) String() string { return hiddenPIN }

// GoString hides the digits.
func (PIN) GoString() string { return hiddenPIN }

// Format hides the digits whatever the verb.
func (PIN) Format(f fmt.State, _ rune) { io.WriteString(f, hiddenPIN) }

// LogValue hides the digits.
func (PIN) LogValue() slog.Value { return slog.StringValue(hiddenPIN) }

// MarshalText hides the digits.
func (PIN) MarshalText() ([]byte, error) { return []byte(hiddenPIN), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (PIN) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

// Format shows the format and hides the rest.
func (e Encrypted) Format(f fmt.State, _ rune) { io.WriteString(f, e.hidden()) }

// LogValue shows the format and hides the rest.
func (e Encrypted) LogValue() slog.Value { return slog.StringValue(e.hidden()) }

// MarshalText shows the format and hides the rest.
func (e Encrypted) MarshalText() ([]byte, error) { return []byte(e.hidden()), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (Encrypted) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

func (e Encrypted) hidden() string { return "Encrypted(" + e.Layout.String() + ", hidden)" }

// Format shows the format and hides the rest.
func (t Target) Format(f fmt.State, _ rune) { io.WriteString(f, t.hidden()) }

// LogValue shows the format and hides the rest.
func (t Target) LogValue() slog.Value { return slog.StringValue(t.hidden()) }

// MarshalText shows the format and hides the rest.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.hidden()), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (Target) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

func (t Target) hidden() string { return "Target(" + t.Layout.String() + ", hidden)" }

const (
	hiddenPVVData    = "PVVData(hidden)"
	hiddenOffsetData = "OffsetData(hidden)"
)

// Format hides the card data.
func (PVVData) Format(f fmt.State, _ rune) { io.WriteString(f, hiddenPVVData) }

// LogValue hides the card data.
func (PVVData) LogValue() slog.Value { return slog.StringValue(hiddenPVVData) }

// MarshalText hides the card data.
func (PVVData) MarshalText() ([]byte, error) { return []byte(hiddenPVVData), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (PVVData) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

// Format hides the card data.
func (OffsetData) Format(f fmt.State, _ rune) { io.WriteString(f, hiddenOffsetData) }

// LogValue hides the card data.
func (OffsetData) LogValue() slog.Value { return slog.StringValue(hiddenOffsetData) }

// MarshalText hides the card data.
func (OffsetData) MarshalText() ([]byte, error) { return []byte(hiddenOffsetData), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (OffsetData) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }
