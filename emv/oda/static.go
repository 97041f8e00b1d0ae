package oda

import (
	"bytes"

	"github.com/posline/posline/emv"
)

// tagAIP is the only static data tag list there is: tag 82, the AIP.
var tagAIP = []byte{0x82}

// AppendStaticData appends the static data to be authenticated (EMV Book 3 10.3): the records the AFL marks, in its
// order, of files 1 to 10 without the template 70 around them, then the AIP when the card has a static data tag list
// (9F4A; nil when it has none). record returns a record as READ RECORD gave it. Errors, in an *Error: ErrMissing for a
// record that record does not have, ErrFormat for one that is not a template 70 and for another tag list.
func AppendStaticData(
	dst []byte, afl emv.AFL, record func(emv.RecordRef) ([]byte, bool), tagList []byte, aip emv.AIP,
) ([]byte, error) {
	out := dst
	for ref := range afl.Records() {
		if !ref.ODA {
			continue
		}
		r, ok := record(ref)
		if !ok {
			return dst, &Error{"record", ErrMissing}
		}
		tag, value, rest, err := emv.Next(r)
		if err != nil || tag != 0x70 || len(rest) > 0 {
			return dst, &Error{"record", ErrFormat}
		}
		if ref.SFI <= 10 {
			r = value
		}
		out = append(out, r...)
	}
	if tagList == nil {
		return out, nil
	}
	if !bytes.Equal(tagList, tagAIP) {
		return dst, &Error{"static data tag list", ErrFormat}
	}
	return append(out, aip[:]...), nil
}

// VerifySDA checks the signed static application data, tag 93, with the issuer's key and returns the data
// authentication code in it, for tag 9F45. Errors, in an *Error: ErrLength, ErrFormat, ErrHash. EMV Book 2 5.4.
func VerifySDA(issuer PublicKey, ssad, static []byte) (dac [2]byte, err error) {
	s, err := issuer.open(formatStatic, ssad)
	if err == nil {
		dac, err = s.static(static)
	}
	if err != nil {
		return dac, &Error{"signed static data", err}
	}
	return dac, nil
}

// static reads signed static data: format, hash algorithm, data authentication code, filling.
func (s signed) static(static []byte) (dac [2]byte, err error) {
	if s.body[1] != hashSHA1 {
		return dac, ErrFormat
	}
	if err := s.verify(static); err != nil {
		return dac, err
	}
	return [2]byte(s.body[2:]), nil
}
