//go:build amd64 || arm64

package moovspec

import (
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"

	"github.com/posline/posline/spec"
)

// messageType returns the definition of the message type indicator: four digits, however moov's field holds them.
func (im *importer) messageType(f field.Field) []spec.Field {
	if isNil(f) {
		im.fault("0", "moov needs a message type indicator")
		return nil
	}
	if _, ok := f.(*field.Composite); ok {
		im.fault("0", "a message type with parts")
		return nil
	}
	s, k := f.Spec(), kindOf(f)
	e, ok := extentOf(s.Pref)
	switch {
	case !ok:
		im.fault("0", "has no prefix of moov's")
		return nil
	case e.ending != endFixed && e.ending != endHexFixed:
		im.fault("0", "the message type indicator has a fixed length")
		return nil
	}
	out := spec.Field{Name: s.Description, Format: "n 4"}
	digits := s.Length
	switch s.Enc {
	case encoding.ASCIIHexToBytes:
		digits, out.Encoding = 2*s.Length, spec.BCD
	case encoding.Binary:
		if out.Encoding = spec.ASCII; k == octets {
			digits, out.Encoding = 2*s.Length, spec.BCD
		}
	default:
		im.written("0", &out, number, s, e)
		out.Charset, out.Pad, out.AnyFiller = spec.CharsetASCII, spec.Pad{}, false
	}
	if digits != 4 {
		im.fault("0", "the message type indicator has four digits, not %d", digits)
	}
	return []spec.Field{out}
}
