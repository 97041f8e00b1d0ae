//go:build amd64 || arm64

package moovspec

import (
	"reflect"
	"unicode/utf8"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"

	"github.com/posline/posline/spec"
)

// kind is what a field type of moov holds.
type kind uint8

const (
	text    kind = iota // String
	number              // Numeric
	octets              // Binary, Hex
	track1              // Track1
	track               // Track2, Track3
	bits                // a Bitmap that is a data element
	foreign             // a type of the caller's own
)

func kindOf(f field.Field) kind {
	switch f.(type) {
	case *field.String:
		return text
	case *field.Numeric:
		return number
	case *field.Binary, *field.Hex:
		return octets
	case *field.Track1:
		return track1
	case *field.Track2, *field.Track3:
		return track
	case *field.Bitmap:
		return bits
	default:
		return foreign
	}
}

// leaf returns the definition of a field without parts.
func (im *importer) leaf(path string, k kind, s *field.Spec) spec.Field {
	f := spec.Field{Name: s.Description}
	if k == track || k == track1 {
		f.Mask = spec.MaskTrack
	}
	e, ok := extentOf(s.Pref)
	if k == bits {
		e, ok = extent{ending: endFixed}, true // the prefix of a bitmap is never written
		im.bits(path, s)
	}
	if !ok {
		im.fault(path, "has no prefix of moov's")
		return f
	}
	if k == foreign {
		im.warn(path, "a field type of your own: taken as text")
	}
	if isTrack2Form(s, e) {
		im.packedTrack(path, &f, s, e)
		return f
	}
	if s.Packer != nil || s.Unpacker != nil {
		im.warn(path, "is packed by Go code, which a spec cannot hold: taken as encoding and prefix say")
	}
	if k == track1 {
		im.warn(path, "moov takes the blanks off the name of a track when it reads, here they stay")
	}
	content := im.written(path, &f, k, s, e)
	if content == "" {
		return f
	}
	if e.ending == endHexFixed && s.Enc != encoding.ASCIIHexToBytes {
		im.warn(path, "moov demands twice the length when it writes: not here")
	}
	im.framed(path, &f, content, e, bytesLong(k, s))
	return f
}

// bytesLong is the length of a field; a bitmap has eight bytes by default.
func bytesLong(k kind, s *field.Spec) int {
	if k == bits && s.Length == 0 {
		return 8
	}
	return s.Length
}

func (im *importer) bits(path string, s *field.Spec) {
	if !s.DisableAutoExpand {
		im.warn(path, "a bitmap that may be continued: one of fixed size here")
	}
}

// contents are what the field types hold where their encoding does not say otherwise.
var contents = map[kind]string{text: "ans", number: "n", octets: "b", track1: "ans", track: "z", bits: "b", foreign: "ans"}

// characters are the encodings of a character a unit, with the characters that moov takes in them.
var characters = []struct {
	enc     encoding.Encoder
	coding  spec.Encoding
	charset spec.Charset
}{
	{encoding.ASCII, spec.ASCII, spec.CharsetASCII7},
	{encoding.Binary, spec.ASCII, spec.CharsetUTF8},
	{encoding.EBCDIC, spec.EBCDICDataStage, spec.CharsetLatin1},
	{encoding.EBCDIC1047, spec.EBCDIC1047, spec.CharsetLatin1},
	{encoding.BytesToASCIIHex, spec.HexASCII, spec.CharsetUTF8},
}

// written sets encoding and padding and returns the content; "" where there is a fault.
func (im *importer) written(path string, f *spec.Field, k kind, s *field.Spec, e extent) string {
	content := contents[k]
	switch s.Enc {
	case encoding.BCD, encoding.LBCD:
		content = im.packed(path, f, k, s)
	case encoding.ASCIIHexToBytes, encoding.BerTLVTag:
		im.fromHex(path, k, s, e)
		f.Encoding = spec.Raw
		return "b"
	default:
		for _, known := range characters {
			if known.enc == s.Enc {
				f.Encoding, f.Charset = known.coding, known.charset
			}
		}
		if f.Encoding == spec.EncodingDefault {
			im.fault(path, "has no encoding of moov's")
			return ""
		}
	}
	content = im.padded(path, f, k, content, s, e)
	if content == "b" && f.Encoding == spec.ASCII {
		f.Encoding = spec.Raw
	}
	if content != "ans" && (content != "b" || s.Enc != encoding.ASCII) { // bytes in ASCII keep the mark: textual asks for it
		f.Charset = spec.CharsetASCII
	}
	return content
}

// packed sets up digits two a byte and returns their content.
func (im *importer) packed(path string, f *spec.Field, k kind, s *field.Spec) string {
	f.Encoding, f.AnyFiller = spec.BCD, true // moov skips whatever stands beside an odd number of digits
	f.Align = spec.Right
	if s.Enc == encoding.LBCD {
		f.Align = spec.Left
	}
	switch k {
	case octets, bits:
		im.warn(path, "its bytes are digits: a number here")
	case track:
		return "z"
	}
	return "n"
}

// fromHex reports what differs where moov's value is the hexadecimal text of the bytes on the wire.
func (im *importer) fromHex(path string, k kind, s *field.Spec, e extent) {
	switch {
	case s.Enc == encoding.BerTLVTag:
		im.warn(path, "a tag that ends by itself: bytes of the declared length here")
	case e.ending == endFixed || e.ending == endPrefix:
		im.warn(path, "moov counts digits when it writes and bytes when it reads: bytes here")
	}
	if k != text && k != foreign {
		im.warn(path, "moov's value is hexadecimal text of the bytes on the wire: the bytes here")
	}
	if side, _, _ := padOf(s.Pad); side != spec.Neither {
		im.warn(path, "moov pads the hexadecimal text: not here")
	}
}

// padOf returns the side and the character of a padder; plain is false for one that cannot be carried over.
func padOf(p padding.Padder) (side spec.Side, char string, plain bool) {
	if p == nil || p == padding.None {
		return spec.Neither, "", true
	}
	switch reflect.TypeOf(p) {
	case leftPadder:
		side = spec.Left
	case rightPadder:
		side = spec.Right
	default:
		return spec.Neither, "", false
	}
	if reflect.ValueOf(p).IsNil() {
		return spec.Neither, "", false
	}
	pad := p.Inspect()
	if len(pad) != 1 || pad[0] >= utf8.RuneSelf {
		return spec.Neither, "", false
	}
	return side, string(pad), true
}

var (
	leftPadder  = reflect.TypeOf(padding.NewLeftPadder(' '))
	rightPadder = reflect.TypeOf(padding.NewRightPadder(' '))
)

// padded sets the padding of a field and returns the content that takes it.
func (im *importer) padded(path string, f *spec.Field, k kind, content string, s *field.Spec, e extent) string {
	side, char, plain := padOf(s.Pad)
	if !plain {
		im.warn(path, "padding that is no single ASCII character: short values are refused here")
	}
	isDigit := len(char) == 1 && char[0] >= '0' && char[0] <= '9'
	if f.Encoding == spec.BCD && side != spec.Neither && !isDigit {
		im.warn(path, "padding that is no digit: short values are refused here")
		side = spec.Neither
	}
	fixed := e.ending == endFixed || e.ending == endHexFixed
	if filled := side == spec.Left && char == "0" || side == spec.Neither && fixed; k == number && !filled {
		im.warn(path, "moov drops the zeros before a number and writes no text as 0: here text is written as it is, use SetInt and Int64")
	}
	if side == spec.Neither {
		if k == number && fixed {
			return content // moov cannot write a short number here; it is zero-filled
		}
		f.Pad.Side = spec.Neither
		return content
	}
	f.Pad = spec.Pad{Side: side, Char: char}
	if e.ending == endPrefix || e.ending == endRest {
		f.Pad.To = min(s.Length, e.limit())
	}
	switch {
	case k == number && side == spec.Left && char == "0":
		return content
	case k == number && isDigit:
		im.warn(path, "padding with digits on this side is part of the number here: moov strips it when it reads")
		return content
	case k == number && char == " ":
		return "ns"
	case k == number, content == "z" && !isTrackCode(char[0]):
		content = "ans"
	}
	im.warn(path, "moov strips padding when it reads, here it stays")
	return content
}

// isTrackCode tells whether a character is in the code set of track 2.
func isTrackCode(c byte) bool { return c >= '0' && c <= '?' || c >= 'A' && c <= 'F' }

// isTrack2Form tells whether a field is written by moov's Track2Packer: digits two a byte, with a length that does not
// count the digit which fills up the last byte.
func isTrack2Form(s *field.Spec, e extent) bool {
	_, packs := s.Packer.(field.Track2Packer)
	_, packsToo := s.Packer.(*field.Track2Packer)
	_, unpacks := s.Unpacker.(field.Track2Unpacker)
	_, unpacksToo := s.Unpacker.(*field.Track2Unpacker)
	digits := s.Enc == encoding.BCD || s.Enc == encoding.LBCD || s.Enc == encoding.ASCIIHexToBytes
	return (packs || packsToo) && (unpacks || unpacksToo) && digits && e.ending == endPrefix
}

// packedTrack is the form that Track2Packer writes.
func (im *importer) packedTrack(path string, f *spec.Field, s *field.Spec, e extent) {
	f.Encoding, f.Mask, f.AnyFiller = spec.BCD, spec.MaskTrack, true
	side, char, _ := padOf(s.Pad)
	f.Align = spec.Right // the pad stands left of the digits, as BCD has it by itself
	if side == spec.Right || side == spec.Neither && s.Enc == encoding.LBCD {
		f.Align = spec.Left
	}
	if char != "" && isTrackCode(char[0]) {
		f.Filler = nibble(char[0])
	} else if char != "" {
		im.warn(path, "padding %q is no digit of a track: 0 here", char)
	}
	im.framed(path, f, "z", e, s.Length)
}

// nibble is the nibble that a character of track data is packed in.
func nibble(c byte) uint8 {
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c & 15
}
