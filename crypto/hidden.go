package crypto

import (
	"fmt"
	"io"
	"log/slog"
)

// Hidden is text of a card, such as its number (PAN, ISO 7812-1) or a track, that nothing prints: neither fmt under any
// verb, wherever in a structure it stands, nor log/slog, JSON or other encodings. It is a small value made by Hide; the zero
// Hidden is empty. Compare with Equal; == does not compile.
type Hidden struct {
	// reach is a closure, because fmt calls no methods on what stands in an unexported field but reads it by reflection,
	// which sees through pointers and not into a closure.
	reach func() string
}

// Hide makes hidden text, such as a PAN (ISO 7812-1), which it copies. Empty text is the zero Hidden.
func Hide[T ~string | ~[]byte](text T) Hidden {
	if len(text) == 0 {
		return Hidden{}
	}
	own := string(text)
	return Hidden{func() string { return own }}
}

// Text returns the text in clear.
func (h Hidden) Text() string {
	if h.reach == nil {
		return ""
	}
	return h.reach()
}

// Equal reports whether both have the same text.
func (h Hidden) Equal(other Hidden) bool { return h.Text() == other.Text() }

const hidden = "(hidden)"

// Format hides the text whatever the verb, and whether there is any.
func (Hidden) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// LogValue hides the text.
func (Hidden) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text.
func (Hidden) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalBinary always fails, and with it encoding/gob: ErrExport.
func (Hidden) MarshalBinary() ([]byte, error) { return nil, ErrExport }
