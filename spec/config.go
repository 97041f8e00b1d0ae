package spec

import (
	"fmt"
	"slices"
)

// Config is what New makes a Spec of. It is also the file form, as JSON.
type Config struct {
	Name string `json:"name"`

	// Encoding is the family the message belongs to: ASCII (everything text, binary as hexadecimal), BCD (n, z and
	// lengths packed, text ASCII, binary raw) or one of the EBCDICs (text and lengths EBCDIC, binary raw).
	Encoding Encoding `json:"encoding,omitzero"`

	// Prefix is the default for length prefixes where it differs from the family's.
	Prefix Prefix `json:"prefix,omitzero"`

	// Header is what precedes the message type indicator, as positional parts numbered from 1.
	Header []Field `json:"header,omitzero"`

	Bitmap Bitmap `json:"bitmap,omitzero"`

	// Fields are the data elements. Number 0 describes the message type indicator where it is not "n 4" in the
	// spec's encoding.
	Fields []Field `json:"fields"`

	// Ignored lists numbers that are no data elements and that setting, marshalling and copying pass over without an
	// error: for programs that come from a library which drops such values, as moov-io/iso8583 drops that of the bit which
	// announces a bitmap. What they are given is lost. On the wire and in JSON they are unknown fields.
	Ignored []int `json:"ignored,omitzero"`

	// Responses and Reversals tell how a message is made from another one.
	Responses []Derivation `json:"responses,omitzero"`
	Reversals []Derivation `json:"reversals,omitzero"`
}

// Derivation makes one message from another: the response from its request, the reversal from what it undoes.
type Derivation struct {
	// From matches the message type it starts from, x standing for any digit; To is the one it makes, x standing for
	// the digit of From: "02x0" to "02x1".
	From string `json:"from"`
	To   string `json:"to"`

	// Echo lists the data elements copied from the original when they are there.
	Echo []int `json:"echo,omitzero"`

	// Original is the data element that gets the original data elements (message type, STAN, transmission time,
	// acquirer and forwarder: ISO 8583:1987 field 90); 0 for none.
	Original int `json:"original,omitzero"`

	// SwapHeader lists byte ranges of the header that change places, such as the addresses of a TPDU.
	SwapHeader []Swap `json:"swap_header,omitzero"`
}

// Swap exchanges Bytes bytes at offset A with those at offset B.
type Swap struct {
	A     int `json:"a"`
	B     int `json:"b"`
	Bytes int `json:"bytes"`
}

// Spec is a valid message format. It is immutable and safe for concurrent use.
type Spec struct {
	config   Config // as given
	resolved Config // with every default filled in
}

// New checks a Config and makes a Spec of it. The error joins one *Error for each fault found.
func New(c Config) (*Spec, error) {
	if err := check(c); err != nil {
		return nil, fmt.Errorf("spec %q: %w", c.Name, err)
	}
	return unchecked(c), nil
}

// unchecked makes a Spec of a valid Config. The shipped specs are made by it, since a test checks them: a program that has
// no other spec, such as a terminal's, does not link the checks.
func unchecked(c Config) *Spec {
	c = clone(c)
	return &Spec{config: c, resolved: resolve(c)}
}

// MustNew is New for literals: it panics on a fault.
func MustNew(c Config) *Spec {
	s, err := New(c)
	if err != nil {
		panic(err)
	}
	return s
}

// Name returns the spec's name.
func (s *Spec) Name() string { return s.config.Name }

// Config returns the Config that the spec was made of. The caller owns it.
func (s *Spec) Config() Config { return clone(s.config) }

// Resolved returns the Config with every default filled in, fields in ascending order. The caller owns it.
func (s *Spec) Resolved() Config { return clone(s.resolved) }

// With derives a spec. What the override leaves empty stays: its fields replace those of the same number or are
// added, its header, bitmap, prefix and derivations replace the base's when given. An empty Header that is not nil
// removes the header. It panics on a fault, as MustNew does; use Derive for overrides that are not literals.
func (s *Spec) With(override Config) *Spec {
	derived, err := s.Derive(override)
	if err != nil {
		panic(err)
	}
	return derived
}

// Derive is With for overrides from outside the program.
func (s *Spec) Derive(override Config) (*Spec, error) {
	c := s.Config()
	if override.Name != "" {
		c.Name = override.Name
	}
	if override.Encoding != EncodingDefault {
		c.Encoding = override.Encoding
	}
	if override.Prefix != (Prefix{}) {
		c.Prefix = override.Prefix
	}
	if override.Header != nil {
		c.Header = override.Header
	}
	if override.Bitmap != (Bitmap{}) {
		c.Bitmap = override.Bitmap
	}
	if override.Ignored != nil {
		c.Ignored = override.Ignored
	}
	if override.Responses != nil {
		c.Responses = override.Responses
	}
	if override.Reversals != nil {
		c.Reversals = override.Reversals
	}
	for _, f := range override.Fields {
		c.Fields = slices.DeleteFunc(c.Fields, func(old Field) bool { return old.Number == f.Number })
		c.Fields = append(c.Fields, f)
	}
	return New(c)
}

// Without derives a spec that lacks the data elements of the given numbers.
func (s *Spec) Without(numbers ...int) *Spec {
	c := s.Config()
	c.Fields = slices.DeleteFunc(c.Fields, func(f Field) bool { return slices.Contains(numbers, f.Number) })
	return MustNew(c)
}

// clone copies c so deeply that nothing a caller holds reaches into a Spec.
func clone(c Config) Config {
	c.Header = cloneFields(c.Header)
	c.Fields = cloneFields(c.Fields)
	c.Ignored = slices.Clone(c.Ignored)
	c.Responses = cloneDerivations(c.Responses)
	c.Reversals = cloneDerivations(c.Reversals)
	return c
}

func cloneDerivations(list []Derivation) []Derivation {
	list = slices.Clone(list)
	for i := range list {
		list[i].Echo = slices.Clone(list[i].Echo)
		list[i].SwapHeader = slices.Clone(list[i].SwapHeader)
	}
	return list
}

func cloneFields(fields []Field) []Field {
	fields = slices.Clone(fields)
	for i := range fields {
		fields[i] = cloneField(fields[i])
	}
	return fields
}

func cloneField(f Field) Field {
	f.Values = slices.Clone(f.Values)
	f.Presence = slices.Clone(f.Presence)
	f.ByMTI = slices.Clone(f.ByMTI)
	for i := range f.ByMTI {
		f.ByMTI[i].Field = cloneField(f.ByMTI[i].Field)
	}
	f.Layout = cloneLayout(f.Layout)
	f.Cases = slices.Clone(f.Cases)
	for i := range f.Cases {
		f.Cases[i].Values = slices.Clone(f.Cases[i].Values)
		f.Cases[i].Layout = cloneLayout(f.Cases[i].Layout)
	}
	return f
}

func cloneLayout(l *Layout) *Layout {
	if l == nil {
		return nil
	}
	c := *l
	c.Fields = cloneFields(l.Fields)
	for _, f := range []**Field{&c.Unknown, &c.Lead} {
		if *f != nil {
			copied := cloneField(**f)
			*f = &copied
		}
	}
	return &c
}
