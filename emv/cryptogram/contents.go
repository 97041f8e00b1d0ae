package cryptogram

import (
	"github.com/posline/posline/emv"
)

// Where the parts of a cryptogram's contents stand in M/Chip's issuer application data.
const (
	mChipCVR         = 2
	mChipCVREnd      = 8
	mChipCounters    = 10
	mChipCountersEnd = 18
)

// element is a data object of fixed length and its place in the contents.
type element struct {
	tag      emv.Tag
	at, size int
	optional bool // counts as zeros when absent, as the terminal gave it to the card
}

// elements are the ten with which most contents begin.
var elements = [...]element{
	{tag: 0x9F02, at: 0, size: 6},
	{tag: 0x9F03, at: 6, size: 6, optional: true},
	{tag: 0x9F1A, at: 12, size: 2},
	{tag: 0x95, at: 14, size: 5},
	{tag: 0x5F2A, at: 19, size: 2},
	{tag: 0x9A, at: 21, size: 3},
	{tag: 0x9C, at: 24, size: 1},
	{tag: 0x9F37, at: 25, size: 4},
	{tag: 0x82, at: 29, size: 2},
	{tag: 0x9F36, at: 31, size: 2},
}

const elementsSize = 33

// maximumIAD is the longest issuer application data, EMV Book 3 Annex A.
const maximumIAD = 32

// cvn17 are the elements of ContentsCVN17; one octet of the issuer application data follows.
var cvn17 = [...]element{
	{tag: 0x9F02, at: 0, size: 6},
	{tag: 0x9F37, at: 6, size: 4},
	{tag: 0x9F36, at: 10, size: 2},
}

const cvn17Size = 12

// AppendContents appends what the cryptogram is computed over, before padding, from the data objects of a transaction:
// field 55. An absent other amount (9F03) counts as zero. Errors are *emv.ValueError with ErrMissing or emv.ErrLength;
// of repeated objects the first counts.
func (p Profile) AppendContents(dst []byte, d emv.TLV) ([]byte, error) {
	iad, err := find(d, 0x9F10)
	if err != nil {
		return dst, err
	}
	tail, err := p.iadPart(iad)
	if err != nil {
		return dst, err
	}
	from := len(dst)
	table := elements[:]
	out := append(dst, make([]byte, elementsSize)...)
	if p.Contents == ContentsCVN17 {
		table, out = cvn17[:], out[:from+cvn17Size]
	}
	if err := fill(out[from:], table, d); err != nil {
		return dst, err
	}
	return append(out, tail...), nil
}

// iadPart returns what of the issuer application data is under the cryptogram.
func (p Profile) iadPart(iad []byte) ([]byte, error) {
	from, to := 0, len(iad)
	if to > maximumIAD {
		return nil, &emv.ValueError{Tag: 0x9F10, Err: emv.ErrLength}
	}
	switch p.Contents {
	case ContentsIAD:
	case ContentsCVR:
		if from = 3; len(iad) > from && iad[from] != 0 {
			to = from + 1 + int(iad[from])
		} else {
			to = from
		}
	case ContentsCVN17:
		from, to = 4, 5
	case ContentsMChip:
		from, to = mChipCVR, mChipCVREnd
	case ContentsMChipCounters:
		if len(iad) < mChipCountersEnd {
			return nil, &emv.ValueError{Tag: 0x9F10, Err: emv.ErrLength}
		}
		part := make([]byte, 0, mChipCountersEnd)
		return append(append(part, iad[mChipCVR:mChipCVREnd]...), iad[mChipCounters:mChipCountersEnd]...), nil
	default:
		return nil, ErrNoProfile
	}
	if from >= to || to > len(iad) {
		return nil, &emv.ValueError{Tag: 0x9F10, Err: emv.ErrLength}
	}
	return iad[from:to], nil
}

// fill copies the elements to their places, in one pass over the data.
func fill(out []byte, table []element, d emv.TLV) error {
	var seen uint16
	for tag, v := range d.All() {
		for i, e := range table {
			if e.tag != tag || seen&(1<<i) != 0 {
				continue
			}
			if len(v) != e.size {
				return &emv.ValueError{Tag: tag, Err: emv.ErrLength}
			}
			seen |= 1 << i
			copy(out[e.at:], v)
		}
	}
	for i, e := range table {
		if seen&(1<<i) == 0 && !e.optional {
			return &emv.ValueError{Tag: e.tag, Err: ErrMissing}
		}
	}
	return nil
}

// find returns the first object with the tag, which must be there.
func find(d emv.TLV, t emv.Tag) ([]byte, error) {
	v, ok := d.Get(t)
	if !ok {
		return nil, &emv.ValueError{Tag: t, Err: ErrMissing}
	}
	return v, nil
}

// findSized returns the first object with the tag, which must be there and so long.
func findSized(d emv.TLV, t emv.Tag, size int) ([]byte, error) {
	v, err := find(d, t)
	if err == nil && len(v) != size {
		err = &emv.ValueError{Tag: t, Err: emv.ErrLength}
	}
	return v, err
}
