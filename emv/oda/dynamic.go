package oda

import (
	"bytes"
	"crypto/sha1"

	"github.com/posline/posline/emv"
)

// VerifyDDA checks the signed dynamic application data, tag 9F4B, with the card's key and returns the ICC dynamic number
// in it, 2 to 8 bytes, for tag 9F4C. data are those the DDOL asked for, as they were sent with INTERNAL AUTHENTICATE.
// Errors, in an *Error: ErrLength, ErrFormat, ErrHash. EMV Book 2 6.5.2.
func VerifyDDA(icc PublicKey, sdad, data []byte) (idn []byte, err error) {
	dynamic, err := icc.openDynamic(sdad, data)
	if err != nil {
		return nil, &Error{"signed dynamic data", err}
	}
	idn, _, err = dynamicNumber(dynamic)
	if err != nil {
		return nil, &Error{"signed dynamic data", err}
	}
	return idn, nil
}

// openDynamic recovers signed dynamic data, checks their hash and returns the ICC dynamic data.
func (k PublicKey) openDynamic(sdad, data []byte) ([]byte, error) {
	s, err := k.open(formatDynamic, sdad)
	if err != nil {
		return nil, err
	}
	return s.dynamic(data)
}

// dynamic reads signed dynamic data: format, hash algorithm, length of the ICC dynamic data, these, filling.
func (s signed) dynamic(data []byte) ([]byte, error) {
	if s.body[1] != hashSHA1 || int(s.body[2]) > len(s.body)-3 {
		return nil, ErrFormat
	}
	if err := s.verify(data); err != nil {
		return nil, err
	}
	return s.body[3 : 3+int(s.body[2])], nil
}

// dynamicNumber reads the ICC dynamic number with its length in front.
func dynamicNumber(dynamic []byte) (idn, rest []byte, err error) {
	if len(dynamic) == 0 {
		return nil, nil, ErrLength
	}
	n := int(dynamic[0])
	if n < 2 || n > 8 || n >= len(dynamic) {
		return nil, nil, ErrLength
	}
	return bytes.Clone(dynamic[1 : 1+n]), dynamic[1+n:], nil
}

// CDA is what the terminal knows when it checks combined dynamic data authentication.
type CDA struct {
	SDAD   []byte  // tag 9F4B of the response to GENERATE AC
	Number [4]byte // the unpredictable number (9F37) the card got
	CID    emv.CID // tag 9F27 of the response, in the clear

	// Transaction is what the transaction data hash is computed over: the data the PDOL asked for, then CDOL1, for the
	// second GENERATE AC then CDOL2, then the data objects of the response in their order, without 9F4B and the
	// template around them. CDATransaction joins them.
	Transaction []byte
}

// CDAResult is what the card signed.
type CDAResult struct {
	DynamicNumber []byte // 2 to 8 bytes, for tag 9F4C
	Cryptogram    [8]byte
}

// VerifyCDA checks the signature of a GENERATE AC response with the card's key. Only then does the terminal have a
// cryptogram. Errors, in an *Error: ErrLength, ErrFormat, ErrHash for the signature or the transaction data,
// ErrCryptogram when the card signed another type than it gave in the clear. EMV Book 2 6.6.2.
func VerifyCDA(icc PublicKey, c CDA) (CDAResult, error) {
	r, err := verifyCDA(icc, c)
	if err != nil {
		return CDAResult{}, &Error{"combined signature", err}
	}
	return r, nil
}

func verifyCDA(icc PublicKey, c CDA) (r CDAResult, err error) {
	dynamic, err := icc.openDynamic(c.SDAD, c.Number[:])
	if err != nil {
		return r, err
	}
	return c.check(dynamic)
}

// check compares what the card signed with what the terminal knows.
func (c CDA) check(dynamic []byte) (r CDAResult, err error) {
	idn, rest, err := dynamicNumber(dynamic)
	if err != nil {
		return r, err
	}
	if len(rest) < 1+8+hashSize {
		return r, ErrLength
	}
	if emv.CID(rest[0]) != c.CID {
		return r, ErrCryptogram
	}
	if sum := sha1.Sum(c.Transaction); !bytes.Equal(rest[9:9+hashSize], sum[:]) {
		return r, ErrHash
	}
	return CDAResult{idn, [8]byte(rest[1:])}, nil
}

// AppendCDATransaction appends what the transaction data hash is computed over: the data sent to the card and, in their
// order, the objects of its response to GENERATE AC, tag 77, without 9F4B. response is the value of that template. Of a
// faulty response what precedes the fault is appended.
func AppendCDATransaction(dst, pdolData, cdol1Data, cdol2Data []byte, response emv.TLV) []byte {
	dst = append(append(append(dst, pdolData...), cdol1Data...), cdol2Data...)
	rest := []byte(response)
	for len(rest) > 0 {
		tag, _, after, err := emv.Next(rest)
		if err != nil {
			break
		}
		if tag != 0x9F4B {
			dst = append(dst, rest[:len(rest)-len(after)]...)
		}
		rest = after
	}
	return dst
}
