//go:build amd64 || arm64

package moovspec

import (
	"slices"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posline/posline/spec"
)

func joined(list []string) string {
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// leafOf returns moov's field for a resolved one, as if it had no parts, or what moov lacks for it.
func leafOf(f spec.Field) (out field.Field, problem string) {
	format, _ := spec.ParseFormat(f.Format) // New has parsed it
	s := &field.Spec{Description: f.Name, Length: format.Max}
	if format.Content == spec.ContentB && format.Fixed() {
		s.Length /= 8
	}
	switch {
	case format.Sign:
		return nil, "sign"
	case f.Reserve:
		return nil, "reserved room"
	case f.Terminator != "":
		return nil, "terminator"
	case f.StartsWith != "":
		return nil, "part that is told by its first character"
	}
	if problem := valueEncoding(s, f, format); problem != "" {
		return nil, problem
	}
	if problem := lengthPrefix(s, f, format); problem != "" {
		return nil, problem
	}
	if problem := fill(s, f, format); problem != "" {
		return nil, problem
	}
	switch {
	case format.Content == spec.ContentB:
		return field.NewBinary(s), ""
	case format.Content == spec.ContentN && format.Fixed() && s.Length < 19 && s.Pad != nil && f.Pad.Side == spec.Left && f.Pad.Char == "0":
		return field.NewNumeric(s), "" // a String would lose its zeros, all of them where there is nothing else
	default:
		return field.NewString(s), ""
	}
}

func valueEncoding(s *field.Spec, f spec.Field, format spec.Format) string {
	switch f.Encoding {
	case spec.ASCII:
		if s.Enc = encoding.ASCII; f.Charset != spec.CharsetASCII && f.Charset != spec.CharsetASCII7 {
			s.Enc = encoding.Binary
		}
	case spec.EBCDICDataStage:
		s.Enc = encoding.EBCDIC
	case spec.EBCDIC1047:
		s.Enc = encoding.EBCDIC1047
	case spec.Raw:
		s.Enc = encoding.Binary
	case spec.HexASCII:
		s.Enc = encoding.BytesToASCIIHex
	case spec.BCD:
		if format.Content != spec.ContentN {
			return "packed " + format.Content.String()
		}
		if f.Filler != 0 && !(format.Fixed() && format.Max%2 == 0) {
			return "filler nibble but 0"
		}
		if s.Enc = encoding.BCD; f.Align == spec.Left {
			s.Enc = encoding.LBCD
		}
	default:
		return f.Encoding.String()
	}
	return ""
}

func lengthPrefix(s *field.Spec, f spec.Field, format spec.Format) string {
	p := f.Prefix
	switch {
	case f.ToEnd:
		if s.Pref = prefix.None.Fixed; f.Encoding == spec.BCD || f.Encoding == spec.HexASCII {
			return f.Encoding.String() + " without a length"
		}
		return ""
	case format.Fixed():
		s.Pref = prefix.ASCII.Fixed
		return ""
	case p.Inclusive:
		return "length that counts itself"
	case p.Unit != spec.UnitDefault && f.Encoding != spec.Raw:
		return "length in " + p.Unit.String()
	case p.Unit == spec.Nibbles:
		return "length in nibbles"
	case p.Encoding == spec.BER:
		s.Pref = prefix.BerTLV
		return ""
	case p.Encoding == spec.Binary && p.Digits > 4:
		return "length of more than four bytes that it reads back"
	}
	coding := p.Encoding
	if coding.IsEBCDIC() {
		coding = spec.EBCDIC1047 // the digits are the same in every page
	}
	for _, family := range prefixFamilies {
		if family.coding == coding && p.Digits >= 1 && p.Digits <= 6 {
			s.Pref = widths(family.of)[p.Digits]
			return ""
		}
	}
	return "length of " + p.Encoding.String()
}

// fill sets the padding. moov fills up to the longest length whatever the prefix is.
func fill(s *field.Spec, f spec.Field, format spec.Format) string {
	to := max(f.Min, f.Pad.To)
	fixed := format.Fixed() && !f.ToEnd
	switch {
	case f.Pad.Side == spec.Neither || to == 0 && !fixed:
		return ""
	case f.ToEnd && to > 0:
		s.Length = to
	case !fixed && to < format.Max:
		return "filling up to less than the longest length"
	}
	pad := rune(f.Pad.Char[0])
	if pad >= 0x80 {
		return "pad character above 7F"
	}
	if s.Pad = padding.Left(pad); f.Pad.Side == spec.Right {
		s.Pad = padding.Right(pad)
	}
	return ""
}
