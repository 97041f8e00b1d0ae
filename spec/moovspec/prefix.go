//go:build amd64 || arm64

package moovspec

import (
	"math"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583/prefix"

	"github.com/posline/posline/spec"
)

// ending is how moov finds the end of a value.
type ending uint8

const (
	endFixed    ending = iota // Length says
	endHexFixed               // Length says, but on writing twice as much is demanded
	endRest                   // the surroundings end
	endPrefix                 // a length prefix says
)

// extent is what a prefix of moov says.
type extent struct {
	ending ending
	coding spec.Encoding // of the prefix; BER has no digits
	digits int           // decimal digits, or bytes of a binary or hexadecimal number
}

// prefixFamilies are moov's prefixes with what their lengths are written in.
var prefixFamilies = []struct {
	coding spec.Encoding
	of     *prefix.Prefixers
}{
	{spec.ASCII, &prefix.ASCII},
	{spec.BCD, &prefix.BCD},
	{spec.Binary, &prefix.Binary},
	{spec.HexASCII, &prefix.Hex},
	{spec.EBCDICDataStage, &prefix.EBCDIC},
	{spec.EBCDIC1047, &prefix.EBCDIC1047},
}

// extentOf tells which of moov's prefixes p is. It compares values, not names, since a prefix of the caller's own may
// give any name.
func extentOf(p prefix.Prefixer) (extent, bool) {
	switch p {
	case nil:
		return extent{}, false
	case prefix.BerTLV:
		return extent{ending: endPrefix, coding: spec.BER}, true
	case prefix.None.Fixed:
		return extent{ending: endRest}, true
	case prefix.Hex.Fixed:
		return extent{ending: endHexFixed}, true
	}
	for _, family := range prefixFamilies {
		for digits, known := range widths(family.of) {
			switch {
			case known == nil || known != p:
			case digits == 0:
				return extent{ending: endFixed}, true
			default:
				return extent{ending: endPrefix, coding: family.coding, digits: digits}, true
			}
		}
	}
	return extent{}, false
}

// widths are the prefixes of a family by their number of digits, 0 being the fixed one.
func widths(p *prefix.Prefixers) [7]prefix.Prefixer {
	return [7]prefix.Prefixer{p.Fixed, p.L, p.LL, p.LLL, p.LLLL, p.LLLLL, p.LLLLLL}
}

// limit is the longest length that a prefix can tell.
func (e extent) limit() int {
	switch {
	case e.ending != endPrefix, e.coding == spec.BER:
		return unlimited
	case e.coding == spec.Binary, e.coding == spec.HexASCII:
		return int(math.Pow(256, float64(e.digits))) - 1
	default:
		return int(math.Pow(10, float64(e.digits))) - 1
	}
}

// unlimited is the maximum of fields for which moov has none: data objects without a length, and what takes the rest.
const unlimited = 999999

// framed sets the format, the prefix and the end of a field of the given content. length is moov's.
func (im *importer) framed(path string, f *spec.Field, content string, e extent, length int) {
	if length < 0 || length > spec.MaxLength {
		im.fault(path, "length %d is not from 0 to %d", length, spec.MaxLength)
		return
	}
	switch e.ending {
	case endFixed, endHexFixed:
		if content == "b" {
			length *= 8
		}
		f.Format = content + " " + strconv.Itoa(length)
		return
	case endRest:
		f.ToEnd = true
		f.Format = content + "......" + strconv.Itoa(unlimited)
		return
	}
	im.variable(path, f, content, e, length)
}

// variable is framed for a field with a length prefix.
func (im *importer) variable(path string, f *spec.Field, content string, e extent, length int) {
	longest := min(length, e.limit())
	if longest == 0 && e.coding == spec.BER {
		longest = unlimited
	}
	if longest == 0 {
		im.warn(path, "a variable field of no length: one here")
		longest = 1
	}
	if longest > unlimited {
		longest = unlimited // formats have six digits
		im.warn(path, "length %d: %d here", length, longest)
	}
	dots := len(strconv.Itoa(longest))
	f.Prefix = spec.Prefix{Encoding: e.coding}
	switch e.coding {
	case spec.BER:
	case spec.Binary, spec.HexASCII:
		f.Prefix.Digits = e.digits
	default:
		dots = e.digits
	}
	f.Format = content + strings.Repeat(".", dots) + strconv.Itoa(longest)
}
