package oda

import "github.com/posline/posline/emv"

// fastVersion is the only version of fast DDA in use. Version 00 signed the unpredictable number alone.
const fastVersion = 1

// AppendFDDAData appends what a tapped card of Visa or UnionPay signs in fast DDA of version 01: the terminal's
// unpredictable number (9F37), amount (9F02) and currency (5F2A) as they were sent with GET PROCESSING OPTIONS, and the
// card authentication related data (9F69). The signature, tag 9F4B, is then for VerifyDDA; the dynamic number in it is
// the card's counter (9F36). d holds these objects, at any depth. Errors, in an *Error: ErrMissing, ErrLength, ErrFormat
// for another version. Book C-3 Annex C.
func AppendFDDAData(dst []byte, d emv.TLV) ([]byte, error) {
	out := dst
	for _, part := range []struct {
		tag    emv.Tag
		octets int
	}{{0x9F37, 4}, {0x9F02, 6}, {0x5F2A, 2}} {
		v, ok := d.Lookup(part.tag)
		switch {
		case !ok:
			return dst, &Error{"tag " + part.tag.String(), ErrMissing}
		case len(v) != part.octets:
			return dst, &Error{"tag " + part.tag.String(), ErrLength}
		}
		out = append(out, v...)
	}
	v, ok := d.Lookup(0x9F69)
	if !ok {
		return dst, &Error{"tag 9F69", ErrMissing}
	}
	card, err := emv.ParseCardAuthenticationData(v)
	switch {
	case err != nil:
		return dst, &Error{"tag 9F69", ErrLength}
	case card.Version != fastVersion:
		return dst, &Error{"tag 9F69", ErrFormat}
	}
	return append(out, v...), nil
}
