//go:build amd64 || arm64

package moovspec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posline/posline/spec"
)

// To makes a moov spec of a spec, for programs that are moved over bit by bit. moov knows less: a field that it cannot
// write or read in the same bytes is left out, parts that it does not know make their field one of bytes, and masks,
// presence, legal values, times and derivations are lost. Each of these is a Warning with its path.
//
// The error joins a *spec.Error for each part of the front of the message that moov does not have: a header, bitmaps in
// EBCDIC.
func To(s *spec.Spec) (*iso8583.MessageSpec, []Warning, error) {
	if s == nil {
		return nil, nil, errors.New("moovspec: no spec")
	}
	c := s.Resolved()
	x := &exporter{}
	ms := &iso8583.MessageSpec{Name: c.Name, Fields: map[int]field.Field{}}
	if len(c.Header) > 0 {
		x.fault("header", "moov has no header before the message type")
	}
	ms.Fields[1] = x.messageBitmap(c.Bitmap)
	for _, f := range c.Fields {
		path := strconv.Itoa(f.Number)
		out := x.field(path, f)
		switch {
		case out == nil && f.Number == 0:
			x.fault("0", "moov cannot write the message type")
		case out == nil:
		case c.Bitmap.TertiaryField != 0 && f.Number > 128:
			x.warn(path, "left out: moov has no bitmap in a field")
		default:
			ms.Fields[f.Number] = out
		}
	}
	for _, number := range c.Ignored {
		x.warn(strconv.Itoa(number), "is an error in moov when it is set: here it is ignored")
	}
	if len(c.Responses)+len(c.Reversals) > 0 {
		x.warn("", "moov makes no responses or reversals")
	}
	if err := errors.Join(x.faults...); err != nil {
		return nil, x.warnings, fmt.Errorf("moovspec %q: %w", c.Name, err)
	}
	return ms, x.warnings, nil
}

// exporter collects what To finds.
type exporter struct {
	warnings []Warning
	faults   []error
}

func (x *exporter) warn(path, format string, args ...any) {
	x.warnings = append(x.warnings, Warning{Path: path, Problem: fmt.Sprintf(format, args...)})
}

func (x *exporter) fault(path, format string, args ...any) {
	x.faults = append(x.faults, &spec.Error{Path: path, Problem: fmt.Sprintf(format, args...)})
}

func (x *exporter) messageBitmap(b spec.Bitmap) field.Field {
	s, ok := bitmapSpec(b)
	if !ok {
		x.fault("bitmap", "moov has no bitmap in %s", b.Encoding)
	}
	return field.NewBitmap(s)
}

// bitmapSpec is the spec of a bitmap; ok is false where moov has none like it.
func bitmapSpec(b spec.Bitmap) (s *field.Spec, ok bool) {
	s = &field.Spec{Description: "Bitmap", Length: b.Bytes, Enc: encoding.Binary, Pref: prefix.Binary.Fixed, DisableAutoExpand: b.Plain}
	if b.Plain {
		s.Length = b.Bytes * b.Max
	}
	if b.Encoding == spec.HexASCII {
		s.Enc, s.Pref = encoding.BytesToASCIIHex, prefix.Hex.Fixed
	}
	return s, b.Encoding == spec.Raw || b.Encoding == spec.HexASCII
}

// field returns moov's field; nil, with a warning, where it has none.
func (x *exporter) field(path string, f spec.Field) field.Field {
	x.losses(path, f)
	if out := x.composite(path, f); out != nil {
		return out
	}
	out, problem := leafOf(f)
	if problem != "" {
		x.warn(path, "left out: moov has no %s", problem)
		return nil
	}
	return out
}

// losses reports what has no influence on the bytes and is lost.
func (x *exporter) losses(path string, f spec.Field) {
	var lost []string
	for what, there := range map[string]bool{
		"mask": f.Mask != spec.MaskDefault && f.Mask != spec.MaskNone, "legal values": len(f.Values) > 0, "presence": len(f.Presence) > 0, "notation of time": f.Time != "",
		"character set": f.Charset == spec.CharsetGBK, "definitions for other message types": len(f.ByMTI) > 0,
		"layouts by case": len(f.Cases) > 0, "shortest length": f.Min > 0 && strings.Contains(f.Format, "."),
	} {
		if there {
			lost = append(lost, what)
		}
	}
	if len(lost) > 0 {
		x.warn(path, "lost: %s", joined(lost))
	}
}
