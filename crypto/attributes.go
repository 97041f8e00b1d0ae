package crypto

import (
	"fmt"
	"strings"
)

// Attributes say what a key is for, in the words of the X9.143 (TR-31) key block header. They are fixed when the key
// is made. The zero value describes no key and is refused.
type Attributes struct {
	Usage     Usage
	Algorithm Algorithm
	Mode      Mode
	Export    Exportability

	// Version is the header's key version number, two characters: "00" or empty when versions are not used, "c1" to
	// "c9" for a component, anything else a version.
	Version string
}

// attributesLength is the length of the text form.
const attributesLength = 7

// ParseAttributes reads the seven characters that stand in a key block header from the key usage on: usage (2),
// algorithm, mode of use, key version (2), exportability, as in "P0TE00N".
func ParseAttributes(text string) (Attributes, error) {
	if len(text) != attributesLength {
		return Attributes{}, fmt.Errorf("%w: %d characters instead of %d", ErrAttributes, len(text), attributesLength)
	}
	a := Attributes{
		Usage:     Usage(text[0])<<8 | Usage(text[1]),
		Algorithm: Algorithm(text[2]),
		Mode:      Mode(text[3]),
		Version:   text[4:6],
		Export:    Exportability(text[6]),
	}
	return a, a.Validate()
}

// MustAttributes is ParseAttributes for literals in a program; it panics on a fault.
func MustAttributes(text string) Attributes {
	a, err := ParseAttributes(text)
	if err != nil {
		panic(err)
	}
	return a
}

// String returns the text form that ParseAttributes reads.
func (a Attributes) String() string {
	return a.Usage.String() + a.Algorithm.String() + a.Mode.String() + a.version() + a.Export.String()
}

// MarshalText returns the text form; invalid attributes are an error.
func (a Attributes) MarshalText() ([]byte, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads the text form.
func (a *Attributes) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAttributes(string(text))
	return err
}

// Validate reports, as an ErrAttributes, letters the standard does not know and combinations it does not allow.
func (a Attributes) Validate() error { return a.validate(false) }

// validate lets any mode go with the usage if anyMode is set.
func (a Attributes) validate(anyMode bool) error {
	allowed, known := a.Usage.rule()
	switch {
	case !known:
		return fmt.Errorf("%w: unknown usage %q", ErrAttributes, a.Usage.String())
	case !a.Algorithm.known():
		return fmt.Errorf("%w: unknown algorithm %q", ErrAttributes, a.Algorithm.String())
	case !a.Mode.known():
		return fmt.Errorf("%w: unknown mode of use %q", ErrAttributes, a.Mode.String())
	case !anyMode && !strings.ContainsRune(allowed, rune(a.Mode)) && a.Mode != ModeNoRestriction && !a.Mode.proprietary():
		return fmt.Errorf("%w: usage %s does not go with mode %s", ErrAttributes, a.Usage, a.Mode)
	case !strings.ContainsRune("ENS", rune(a.Export)):
		return fmt.Errorf("%w: unknown exportability %q", ErrAttributes, a.Export.String())
	case !validVersion(a.Version):
		return fmt.Errorf("%w: key version is not two letters or digits", ErrAttributes)
	}
	return nil
}

// Component reports whether the version says that the bytes are a component of a key, "c1" to "c9" (X9.143 table 5). A
// component can be kept, sent and combined with the others; it is not used as a key.
func (a Attributes) Component() bool {
	return len(a.Version) == 2 && a.Version[0] == 'c' && '1' <= a.Version[1] && a.Version[1] <= '9'
}

func (a Attributes) version() string {
	if a.Version == "" {
		return "00"
	}
	return a.Version
}

// same compares attributes, with the empty version meaning "00".
func (a Attributes) same(b Attributes) bool {
	a.Version, b.Version = a.version(), b.version()
	return a == b
}

func validVersion(v string) bool {
	return v == "" || len(v) == 2 && alphanumeric(v[0]) && alphanumeric(v[1])
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// printable turns a header character into text, or into "?" when it is none.
func printable(c byte) string {
	if c < ' ' || c > '~' {
		return "?"
	}
	return string(rune(c))
}
