package cardverify

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/posline/posline/crypto"
)

const (
	hiddenDynamic        = "Dynamic(hidden)"
	hiddenAuthentication = "Authentication(hidden)"
)

// Format hides the card data whatever the verb, also inside a DCVV or CVC3.
func (Dynamic) Format(f fmt.State, _ rune) { io.WriteString(f, hiddenDynamic) }

// LogValue hides the card data.
func (Dynamic) LogValue() slog.Value { return slog.StringValue(hiddenDynamic) }

// MarshalText hides the card data.
func (Dynamic) MarshalText() ([]byte, error) { return []byte(hiddenDynamic), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (Dynamic) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

// Format hides the card data whatever the verb.
func (Authentication) Format(f fmt.State, _ rune) { io.WriteString(f, hiddenAuthentication) }

// LogValue hides the card data.
func (Authentication) LogValue() slog.Value { return slog.StringValue(hiddenAuthentication) }

// MarshalText hides the card data.
func (Authentication) MarshalText() ([]byte, error) { return []byte(hiddenAuthentication), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (Authentication) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }
