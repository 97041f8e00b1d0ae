package emv

import (
	"fmt"
	"strings"
)

// printable returns text with everything but printable ASCII as '.', so that a card cannot send control characters to
// a screen or a log.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, string(b))
}

// Format prints the bytes with %x and %X and only their number with every other verb: data objects hold card numbers,
// and %v is how they end up in logs.
func (d TLV) Format(f fmt.State, verb rune) { formatBytes(f, verb, d) }

// Format prints the bytes with %x and %X and only their number with every other verb.
func (v Value) Format(f fmt.State, verb rune) { formatBytes(f, verb, v) }

func formatBytes(f fmt.State, verb rune, b []byte) {
	if verb == 'x' || verb == 'X' {
		fmt.Fprintf(f, fmt.FormatString(f, verb), b)
		return
	}
	fmt.Fprintf(f, "%d bytes", len(b))
}

// Format prints the tag and the size of the value, whatever the verb.
func (o Object) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%v (%d bytes)", o.Tag, o.size()) }

// MarshalText writes the number of bytes, so that structured logs and JSON hold nothing else; convert to []byte for the
// bytes themselves.
func (d TLV) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", d), nil }

// MarshalText writes the number of bytes, so that structured logs and JSON hold nothing else; convert to []byte for the
// bytes themselves.
func (v Value) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", v), nil }

// MarshalText writes the tag and the size of the value, so that structured logs and JSON hold nothing else.
func (o Object) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", o), nil }
