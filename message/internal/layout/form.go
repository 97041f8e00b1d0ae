package layout

import (
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// codings are the wire's codings by the spec's encodings.
var codings = map[spec.Encoding]wire.Coding{
	spec.ASCII: wire.ASCII, spec.BCD: wire.BCD, spec.Raw: wire.Raw, spec.HexASCII: wire.HexASCII, spec.HexEBCDIC: wire.HexEBCDIC,
	spec.EBCDIC037: wire.EBCDIC, spec.EBCDIC500: wire.EBCDIC, spec.EBCDIC1047: wire.EBCDIC, spec.EBCDICDataStage: wire.EBCDIC,
	spec.ZonedEBCDIC: wire.Zoned, spec.BER: wire.BER, spec.Binary: wire.Binary,
}

func codingOf(e spec.Encoding) wire.Coding { return codings[e] }

// pageOf is the code page of an encoding; nil for one that has none.
func pageOf(e spec.Encoding) *wire.CodePage {
	switch e {
	case spec.EBCDIC037:
		return wire.Page037
	case spec.EBCDIC500:
		return wire.Page500
	case spec.EBCDIC1047:
		return wire.Page1047
	case spec.EBCDICDataStage:
		return wire.PageDataStage
	default:
		return nil
	}
}

// A content and the class of its characters have the same bit. This does not compile where they do not.
var _ = [1]struct{}{}[uint8(spec.ContentA)^uint8(wire.Letter)|uint8(spec.ContentN)^uint8(wire.Digit)|uint8(spec.ContentS)^uint8(wire.Special)|
	uint8(spec.ContentP)^uint8(wire.Blank)|uint8(spec.ContentZ)^uint8(wire.Track)|uint8(spec.ContentB)^uint8(wire.Any)|uint8(spec.ContentH)^uint8(wire.Hex)]

// form is how the values of a field are written.
func form(f *spec.Field, path string) wire.Form {
	format, _ := spec.ParseFormat(f.Format) // spec.New has parsed it
	out := wire.Form{
		Path: path, Notation: format.Content.String(), Content: wire.Class(format.Content), Classes: allowed(format.Content, f.Charset),
		Coding: codingOf(f.Encoding), Page: pageOf(f.Encoding), Signed: format.Sign, Signs: f.Signs,
		Min: f.Min, Max: format.Max, Reserve: f.Reserve,
		Prefix: wire.NewPrefix(codingOf(f.Prefix.Encoding), f.Prefix.Digits, unitOf(f.Prefix.Unit), f.Prefix.Inclusive),
		Left:   f.Align == spec.Left, Filler: f.Filler, AnyFiller: f.AnyFiller,
		PadSide: sideOf(f.Pad.Side), PadChar: f.Pad.Char[0], PadTo: f.Pad.To, Separator: f.Separator[0],
	}
	if format.Content == spec.ContentB && format.Fixed() {
		out.Max /= 8
	}
	switch {
	case f.ToEnd:
		out.Ending = wire.EndRest
	case f.Terminator != "":
		out.Ending = wire.EndMark
		out.Mark = terminator(f.Terminator, &out)
	case !format.Fixed():
		out.Ending = wire.EndPrefix
	}
	out.Complete()
	return out
}

// allowed are the classes a content takes in a character set. Blank pads everything but pure digits.
func allowed(c spec.Content, set spec.Charset) wire.Class {
	switch {
	case c.IsText() && set == spec.CharsetASCII7:
		return wire.Seven
	case c.IsText() && set != spec.CharsetASCII:
		return wire.Any
	case c == spec.ContentN, c == spec.ContentZ, c == spec.ContentH:
		return wire.Class(c)
	default:
		return wire.Class(c&spec.ContentANS) | wire.Blank
	}
}

// terminator is the declared terminator as it stands on the wire.
func terminator(declared string, f *wire.Form) string {
	var out []byte
	if f.Coding == wire.Raw {
		out, _ = wire.AppendHex(nil, []byte(declared)) // spec.New has checked it
		return string(out)
	}
	for _, c := range []byte(declared) {
		out = append(out, f.WireChar(c))
	}
	return string(out)
}

func unitOf(u spec.Unit) wire.Unit {
	switch u {
	case spec.Bytes:
		return wire.Bytes
	case spec.Nibbles:
		return wire.Nibbles
	default:
		return wire.OwnUnit
	}
}

func sideOf(s spec.Side) wire.Side {
	switch s {
	case spec.Left:
		return wire.Left
	case spec.Neither:
		return wire.Neither
	default:
		return wire.Right
	}
}

func newBitmap(b spec.Bitmap) wire.Bitmap {
	return wire.Bitmap{Coding: codingOf(b.Encoding), Bytes: b.Bytes, Max: b.Max, Min: b.Min, Plain: b.Plain, Tertiary: b.TertiaryField, Absent: b.Absent}
}
