package main

import (
	"encoding/hex"
	"errors"
	"slices"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
)

// The peer's specs describe just the fields of the samples. Every plain field is a field.String: the cheapest of moov's
// types, and the only one that keeps leading zeros. moov does less work with them: it checks that characters are ASCII
// and nibbles decimal, and knows neither n nor z.

func moovASCII0200() *iso8583.MessageSpec {
	fixed, ll := prefix.ASCII.Fixed, prefix.ASCII.LL
	spec := &iso8583.MessageSpec{Fields: map[int]field.Field{
		0:  moovText(4, fixed),
		1:  field.NewBitmap(&field.Spec{Length: 8, Enc: encoding.BytesToASCIIHex, Pref: prefix.Hex.Fixed}),
		2:  moovText(19, ll),
		32: moovText(11, ll),
		35: moovText(37, ll),
		37: moovText(12, fixed),
		41: moovText(8, fixed),
		42: moovText(15, fixed),
		43: moovText(40, fixed),
		49: moovText(3, fixed),
	}}
	for number, digits := range moovDigits1987 {
		spec.Fields[number] = moovText(digits, fixed)
	}
	return spec
}

func moovBinary0200() *iso8583.MessageSpec {
	ll := prefix.BCD.LL
	spec := &iso8583.MessageSpec{Fields: map[int]field.Field{
		0:  moovPacked(4),
		1:  moovBitmap(),
		2:  moovString(19, encoding.LBCD, ll),
		32: moovString(11, encoding.LBCD, ll),
		35: moovString(37, packedTrack{}, ll),
		37: moovText(12, prefix.ASCII.Fixed),
		41: moovText(8, prefix.ASCII.Fixed),
		42: moovText(15, prefix.ASCII.Fixed),
		43: moovText(40, prefix.ASCII.Fixed),
		49: moovText(3, prefix.ASCII.Fixed),
	}}
	for number, digits := range moovDigits1987 {
		spec.Fields[number] = moovPacked(digits)
	}
	return spec
}

// moovDigits1987 are the fixed numeric fields of the 1987 samples.
var moovDigits1987 = map[int]int{3: 6, 4: 12, 7: 10, 11: 6, 12: 6, 13: 4, 14: 4, 18: 4, 22: 3, 25: 2}

// moovUnionPay describes the message from the message type on: moov has no header, its users cut it off. Fields 53 and
// 60 are not taken apart, since moov has no positions in packed digits, and field 64 is its eight characters. Unpacking
// keeps no order of data objects; packing sorts them, here into the order of the sample.
func moovUnionPay() *iso8583.MessageSpec {
	objects := map[string]field.Field{}
	var order []string
	for _, object := range chipObjects {
		objects[object[0]] = field.NewBinary(&field.Spec{Length: 32, Enc: encoding.Binary, Pref: prefix.BerTLV})
		order = append(order, object[0])
	}
	spec := &iso8583.MessageSpec{Fields: map[int]field.Field{
		0:  moovPacked(4),
		1:  moovBitmap(),
		2:  moovString(19, encoding.LBCD, prefix.BCD.LL),
		22: moovString(3, encoding.LBCD, prefix.BCD.Fixed),
		41: moovText(8, prefix.ASCII.Fixed),
		42: moovText(15, prefix.ASCII.Fixed),
		49: moovText(3, prefix.ASCII.Fixed),
		52: field.NewBinary(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Binary.Fixed}),
		55: field.NewComposite(&field.Spec{
			Length:    255,
			Pref:      prefix.BCD.LLL,
			Tag:       &field.TagSpec{Enc: encoding.BerTLVTag, Sort: sortAs(order)},
			Subfields: objects,
		}),
		59: field.NewBinary(&field.Spec{Length: 999, Enc: encoding.Binary, Pref: prefix.BCD.LLL}),
		60: moovString(30, encoding.LBCD, prefix.BCD.LLL),
		64: moovText(8, prefix.ASCII.Fixed),
	}}
	for number, digits := range map[int]int{3: 6, 4: 12, 11: 6, 14: 4, 23: 3, 25: 2, 26: 2, 53: 16} {
		spec.Fields[number] = moovPacked(digits)
	}
	return spec
}

func moovString(length int, enc encoding.Encoder, pref prefix.Prefixer) field.Field {
	return field.NewString(&field.Spec{Length: length, Enc: enc, Pref: pref})
}

func moovText(length int, pref prefix.Prefixer) field.Field {
	return moovString(length, encoding.ASCII, pref)
}

func moovPacked(digits int) field.Field {
	return moovString(digits, encoding.BCD, prefix.BCD.Fixed)
}

func moovBitmap() field.Field {
	return field.NewBitmap(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Binary.Fixed})
}

// sortAs sorts tags into a given order.
func sortAs(order []string) func([]string) {
	rank := map[string]int{}
	for i, tag := range order {
		rank[tag] = i
	}
	return func(tags []string) {
		slices.SortFunc(tags, func(a, b string) int { return rank[a] - rank[b] })
	}
}

// packedTrack is the encoding of a track in packed digits, which moov lacks: its BCD refuses the separator, and its
// hexadecimal encoding counts bytes where a track counts digits. This is what its users write for it.
type packedTrack struct{}

func (packedTrack) Encode(track []byte) ([]byte, error) {
	if len(track)%2 != 0 {
		track = append(track[:len(track):len(track)], '0')
	}
	packed := make([]byte, len(track)/2)
	_, err := hex.Decode(packed, track)
	return packed, err
}

func (packedTrack) Decode(data []byte, digits int) ([]byte, int, error) {
	size := (digits + 1) / 2
	if digits < 0 || size > len(data) {
		return nil, 0, errors.New("not enough data")
	}
	track := make([]byte, 2*size)
	for i, b := range data[:size] {
		track[2*i], track[2*i+1] = "0123456789ABCDEF"[b>>4], "0123456789ABCDEF"[b&15]
	}
	return track[:digits], size, nil
}
