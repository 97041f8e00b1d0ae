package jposxml

import (
	"slices"
	"strings"
	"unicode"

	"github.com/posline/posline/spec"
)

// maskByNumber are the data elements that all editions of ISO 8583 use for card data, and the ones that are shown.
var maskByNumber = map[int]spec.Mask{
	2: spec.MaskPAN, 34: spec.MaskPAN, 102: spec.MaskPAN, 103: spec.MaskPAN,
	35: spec.MaskTrack, 36: spec.MaskTrack, 45: spec.MaskTrack,
	14: spec.MaskHidden, 52: spec.MaskHidden, 55: spec.MaskHidden,
	64: spec.MaskNone, 128: spec.MaskNone,
}

// maskOf tells how much of a field may be shown, by its number or else by the words of its name.
func maskOf(m *member, f spec.Field, depth int) spec.Mask {
	if f.Mask != spec.MaskDefault {
		return f.Mask // a hook has said so
	}
	mask := maskByName(m.label())
	if byNumber, ok := maskByNumber[m.id]; ok && depth == 0 && mask == spec.MaskDefault {
		mask = byNumber
	}
	if strings.HasPrefix(f.Format, "b") && (mask == spec.MaskPAN || mask == spec.MaskTrack) {
		mask = spec.MaskHidden // there are no digits to show some of
	}
	return mask
}

func maskByName(name string) spec.Mask {
	words := strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	has := func(any ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(any, w) })
	}
	switch {
	case has("CODE", "CAPABILITY", "LENGTH", "INDICATOR", "COUNTRY", "CAPTURE", "SEQUENCE") && !has("CVV", "CVV2", "CVC", "CVC2"):
		return spec.MaskDefault // about card data, not the data
	case has("TRACK", "TRACK1", "TRACK2", "TRACK3"):
		return spec.MaskTrack
	case has("PIN", "CVV", "CVV2", "CVC", "CVC2", "CAVV", "EXPIRATION", "EXPIRY"):
		return spec.MaskHidden
	case has("PAN"), has("ACCOUNT", "CARD") && has("NUMBER", "NO"):
		return spec.MaskPAN
	}
	return spec.MaskDefault
}
