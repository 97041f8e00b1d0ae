package jposxml

import (
	"slices"

	"github.com/posline/posline/spec"
)

// brief leaves out of a config what its defaults say anyway, so that its file form is as short as one written by hand.
// The family is that of the message type. Fields inside others take their defaults from around them and stay as they are.
func brief(c spec.Config) spec.Config {
	i := slices.IndexFunc(c.Fields, func(f spec.Field) bool { return f.Number == 0 })
	if i < 0 {
		return c
	}
	c.Encoding = c.Fields[i].Encoding
	if c.Bitmap.Encoding == usual(c.Encoding, spec.ContentB) {
		c.Bitmap.Encoding = spec.EncodingDefault
	}
	if c.Bitmap.Bytes == 8 {
		c.Bitmap.Bytes = 0
	}
	for i := range c.Fields {
		briefField(&c.Fields[i], c.Encoding)
	}
	return c
}

func briefField(f *spec.Field, family spec.Encoding) {
	format, err := spec.ParseFormat(f.Format)
	if err != nil {
		return // package spec refuses it
	}

	if f.Encoding == usual(family, format.Content) && f.Layout == nil { // a layout was made for it
		f.Encoding = spec.EncodingDefault
	}
	if f.Prefix.Encoding != family {
		return
	}
	f.Prefix.Encoding = spec.EncodingDefault
	if f.Prefix.Digits == format.Digits {
		f.Prefix.Digits = 0
	}
}

// usual is how a family of messages writes a content.
func usual(family spec.Encoding, content spec.Content) spec.Encoding {
	switch {
	case content == spec.ContentB && family == spec.ASCII:
		return spec.HexASCII
	case content == spec.ContentB:
		return spec.Raw
	case content.IsText() && content != spec.ContentN && family == spec.BCD:
		return spec.ASCII
	default:
		return family
	}
}
