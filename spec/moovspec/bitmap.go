//go:build amd64 || arm64

package moovspec

import (
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"

	"github.com/posline/posline/spec"
)

// messageBitmap returns the form of the bitmaps before the data elements and the highest number they announce.
func (im *importer) messageBitmap(f field.Field, numbers []int) (spec.Bitmap, int) {
	bitmap, ok := f.(*field.Bitmap)
	if !ok || isNil(f) {
		im.fault("1", "moov needs a bitmap here")
		return spec.Bitmap{}, 0
	}
	s := bitmap.Spec()
	out, ok := im.bitmapForm("1", s)
	if !ok {
		return spec.Bitmap{}, 0
	}
	size := 8 * out.Bytes * out.Max
	switch {
	case s.DisableAutoExpand:
		out.Plain = true
	case size > 64:
		// moov continues bitmaps of this size by another of the same size. One that is never continued has the same
		// bytes.
		im.warn("1", "bitmaps of %d bytes: there is always one, and the first bit of it announces none; a message of the standard, "+
			"with one of 8 bytes, is not read (nor is it by moov)", size/8)
		out.Plain = true
	case size < 64:
		im.warn("1", "bitmaps of %d bytes are not continued: fields from %d on are left out", size/8, size+1)
	default:
		im.bitmaps = 2 // a second one without a bit in it is read, as moov reads it
		if len(numbers) > 0 && numbers[len(numbers)-1] > 128 {
			im.bitmaps = 3
		}
		out.Max = im.bitmaps
		size = 64 * out.Max
	}
	return out, size
}

// announces tells whether moov takes a bit for the announcement of a bitmap. The first bit of the last bitmap is free
// here, but not in moov.
func (im *importer) announces(number int) bool { return number%64 == 1 && number <= 64*im.bitmaps }

// bitmapForm returns the encoding and the size of a bitmap.
func (im *importer) bitmapForm(path string, s *field.Spec) (spec.Bitmap, bool) {
	var out spec.Bitmap
	switch {
	case s.Enc == encoding.Binary:
		out.Encoding = spec.Raw
	case s.Enc == encoding.BytesToASCIIHex:
		out.Encoding = spec.HexASCII
	default:
		im.fault(path, "a bitmap is binary or hexadecimal")
		return out, false
	}
	if s.Pref == nil {
		im.fault(path, "has no prefix: moov cannot read it")
		return out, false
	}
	switch size := s.Length; {
	case size >= 1 && size <= 8:
		out.Bytes, out.Max = size, 1
	case size == 0:
		out.Bytes, out.Max = 8, 1
	case size == 16 || size == 24:
		out.Bytes, out.Max = 8, size/8
	default:
		im.fault(path, "a bitmap of %d bytes: there are ones of 1 to 8, 16 and 24", size)
		return out, false
	}
	return out, true
}
