package emv

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var updateWordings = flag.Bool("update-wordings", false, "write testdata/wordings.txt from what Describe says")

// TestWordings holds what Describe says of every value that has words, in both languages, against the reviewed text:
// every bit of every bit array, every code of every list, every shape a decoder knows. A change of a wording is a change
// of that text, made with the books in hand; -update-wordings writes it.
func TestWordings(t *testing.T) {
	const file = "testdata/wordings.txt"
	var out bytes.Buffer
	say := func(c Context, tag Tag, value []byte) {
		for _, l := range []Language{English, Chinese} {
			require.NoError(t, Describe(&out, AppendTLV(nil, tag, value), &DescribeOptions{Context: c, Language: l}))
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(bitFields)) {
		for i := range 8 * bitFields[tag].octets {
			value := make([]byte, bitFields[tag].octets)
			value[i/8] = 0x80 >> (i % 8)
			say(Context{}, tag, value)
		}
	}
	for _, tag := range []Tag{0x5F57, 0x9C, 0x9F27, 0x9F2A, 0x9F35, 0x9F39} {
		for code := range 256 {
			say(Context{}, tag, []byte{byte(code)})
		}
	}
	for n := range 100 {
		say(Context{}, 0x8A, fmt.Appendf(nil, "%02d", n))
	}
	for _, code := range []string{"Y1", "Y2", "Y3", "Z1", "Z2", "Z3", "A0", "Z", "00 ", "\x00\x01"} {
		say(Context{}, 0x8A, []byte(code))
	}
	for method := range 0x80 {
		say(Context{}, 0x9F34, []byte{byte(method), byte(method % 12), byte(method % 4)})
	}
	for ins := range 256 {
		say(Context{}, 0x86, []byte{0x84, byte(ins), 0x9F, 0x14, 0})
	}
	for _, c := range wordingCases {
		say(Context{RID: c.rid}, c.tag, unhex(t, c.value))
	}
	for s := range StatusWord(0x6FFF) {
		if words := s.Text(English); words != "" && s>>8 != 0x61 && s>>8 != 0x6C {
			fmt.Fprintf(&out, "%04X %s / %s\n", uint16(s), words, s.Text(Chinese))
		}
	}
	for _, s := range []StatusWord{0x6100, 0x61FF, 0x6C00, 0x6CFF, StatusOK, 0x9001} {
		fmt.Fprintf(&out, "%04X %s / %s\n", uint16(s), s.Text(English), s.Text(Chinese))
	}
	if *updateWordings {
		require.NoError(t, os.WriteFile(file, out.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	got, reviewed := strings.Split(out.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(reviewed)) {
		require.Equal(t, reviewed[i], got[i], "line %d", i+1)
	}
	require.Len(t, got, len(reviewed))
}

// wordingCases are values of the decoders that know shapes.
var wordingCases = []struct {
	rid   RID
	tag   Tag
	value string
}{
	{RID{}, 0x80, "5C000801010010020300"}, {RID{}, 0x80, "5C00080101"}, {RID{}, 0x80, "80000102030405060708090A"}, {RID{}, 0x80, "800001020304050607"},
	{RID{}, 0x80, "8000010102030405060708"}, {RID{}, 0x80, "8000010102030405060708" + strings.Repeat("00", 32)},
	{RID{}, 0x80, "8000010102030405060708" + strings.Repeat("00", 33)},
	{RID{}, 0x8E, "00000064000000C84203440641071E081F0902050103"}, {RID{}, 0x8E, "000000640000"}, {RID{}, 0x8E, "0000000000000000"},
	{RID{}, 0x91, "01020304050607083030"}, {RID{}, 0x91, "01020304050607082F30"}, {RID{}, 0x91, "0102030405060708302F"},
	{RID{}, 0x91, "01020304050607080030"}, {RID{}, 0x91, "01020304050607083000"}, {RID{}, 0x91, "01020304050607087F30"},
	{RID{}, 0x91, "01020304050607"}, {RID{}, 0x91, "0102030400000000"}, {RID{}, 0x91, "01020304039100FF"}, {RID{}, 0x91, "010203048F7FFFFF" + "AABB1122"},
	{RID{}, 0x91, "01020304008100000102030405060708"}, {RID{}, 0x91, "010203040082000001020304050607"}, {RID{}, 0x91, "0102030400830000010203040506070809"},
	{RID{}, 0x94, "080101001002050118030301"}, {RID{}, 0x94, "080101"}, {RID{}, 0xD9, "10010200"},
	{RID{}, 0x9F0A, "000101010001010102000101030001010400010105000102010200020101"}, {RID{}, 0x9F0A, "000101"}, {RID{}, 0x9F0A, "00010201"}, {RID{}, 0x9F0A, "0001"},
	{RID{}, 0x8B, "0001040001000200020200030003020001"}, {RID{}, 0x8B, "000104000100"}, {RID{}, 0x9F3E, "000100020003"}, {RID{}, 0x9F3E, "0001000200"}, {RID{}, 0x9F3E, ""},
	{RIDVisa, 0x9F10, "06010A03A0B800"}, {RIDVisa, 0x9F10, "06011203A0B8000F0300001030800000046920AE952C48"}, {RIDVisa, 0x9F10, "0601"},
	{RIDVisa, 0x9F10, "1F2201A000000000000000000000000000000000000000000000000000000000"}, {RIDAmex, 0x9F10, "06010103A0B800"},
	{RIDMastercard, 0x9F10, "0110A00003220000DAC000000000000000FF"}, {RIDMastercard, 0x9F10, "0110A00003220000DAC000000000000000FF0102"},
	{RIDUnionPay, 0x9F10, "07010103A0000001"}, {RIDUnionPay, 0x9F10, "07011703A00000040A010000000000AABBCCDD"}, {RIDJCB, 0x9F10, "07010104A0000000"},
	{RIDInterac, 0x9F10, "15018504A0000000" + "0000000000000000000000000000"}, {RID{}, 0x9F10, "0FA501A03800000000000000000000000F010000000000000000000000000000"},
	{RID{}, 0x9F5B, "2001020304"}, {RID{}, 0x9F5B, "1F010203042000000000"}, {RID{}, 0x9F5B, "10010203"}, {RIDUnionPay, 0xDF31, "0001020304"},
	{RIDMastercard, 0x9F5D, "01FF00"}, {RIDMastercard, 0x9F5D, "210302"}, {RIDMastercard, 0x9F5D, "0102"},
	{RIDVisa, 0x9F6E, "00FF0000"}, {RIDVisa, 0x9F6E, "21000000"}, {RIDVisa, 0x9F6E, "22000000"}, {RIDVisa, 0x9F6E, "23000000"}, {RIDVisa, 0x9F6E, "24000000"},
	{RIDVisa, 0x9F6E, "25000001"}, {RIDVisa, 0x9F6E, "250000"}, {RIDMastercard, 0x9F6E, "0156000030360102"}, {RIDMastercard, 0x9F6E, "0999800001"},
	{RIDMastercard, 0x9F6E, "0A56000030"}, {RIDMastercard, 0x9F6E, "0156000030"}, {RIDMastercard, 0x9F6E, "01567FFF3033"}, {RIDMastercard, 0x9F6E, "01568000"},
	{RIDAmex, 0x9F6E, "FFFFFFFF"}, {RIDAmex, 0x9F6E, "FFFF"}, {RIDAmex, 0x9F6D, "00"}, {RIDAmex, 0x9F6D, "40"}, {RIDAmex, 0x9F6D, "48"}, {RIDAmex, 0x9F6D, "80"},
	{RIDAmex, 0x9F6D, "C0"}, {RIDAmex, 0x9F6D, "F7"}, {RIDAmex, 0x9F6D, "C8"}, {RIDAmex, 0x9F6D, "C8C8"},
	{RIDVisa, 0x9F69, "01A1B2C3D4FFFF"}, {RIDUnionPay, 0x9F69, "00A1B2C3D4"}, {RIDUnionPay, 0x9F69, "00A1B2C3"},
	{RID{}, 0x5F2D, "7A68656E"}, {RID{}, 0x5F2D, "7A6865"}, {RID{}, 0x5F2D, ""}, {RID{}, 0x50, "43E920A0FF1F7F80"}, {RID{}, 0x9F12, "5649534120"},
	{RID{}, 0x4F, "A000000003"}, {RID{}, 0x4F, "A000000277"}, {RID{}, 0x4F, "A0000002"}, {RID{}, 0x84, "A0000003330101"}, {RID{}, 0x9F06, "A00000015230"},
	{RID{}, 0x5F2A, "0156"}, {RID{}, 0x5F2A, "0156F0"}, {RID{}, 0x5F2A, "0999"}, {RID{}, 0x9F3B, "01560840"}, {RID{}, 0x9F42, "0A56"},
	{RID{}, 0x9F1A, "0156"}, {RID{}, 0x5F28, "0840"}, {RID{}, 0x9F1A, "0999"}, {RID{}, 0x9F1A, "56"}, {RIDUnionPay, 0x9F57, "0156"}, {RIDMastercard, 0xC8, "0056"},
	{RIDMastercard, 0xC9, "0978"}, {RIDUnionPay, 0x9F51, "0156"}, {RIDUnionPay, 0x9F76, "0344"}, {RID{}, 0x9F3C, "0392"},
	{RID{}, 0x81, "000003E8"}, {RID{}, 0x9F04, "00000000"}, {RID{}, 0x9F1B, ""}, {RID{}, 0x9F3A, "FFFFFFFF"},
	{RID{}, 0x9F36, "012C"}, {RID{}, 0x9F13, "0001"}, {RID{}, 0x9F17, "03"}, {RID{}, 0x9F14, "FF"}, {RID{}, 0x9F23, "00"}, {RID{}, 0x9F36, ""},
	{RID{}, 0x96, "0700"}, {RID{}, 0x9F2A, "810156"}, {RID{}, 0x9F2A, ""}, {RID{}, 0x57, "6228480012345678901D30122010000F"}, {RID{}, 0x57, "62284800"},
	{RIDMastercard, 0x9F6B, "5413330089020011D3012201"}, {RID{}, 0x5A, "6228480012345678901F"}, {RID{}, 0x5A, "622848"}, {RID{}, 0x56, "42343131315E41"},
	{RID{}, 0x9A, "261129"}, {RID{}, 0x9A, "261329"}, {RID{}, 0x9F21, "235959"}, {RID{}, 0x9F21, "245959"}, {RID{}, 0x9F21, "236059"}, {RID{}, 0x9F21, "235960"},
	{RID{}, 0x9F21, "000000"}, {RID{}, 0x9F21, "0000"}, {RID{}, 0x9F21, "00000A"}, {RID{}, 0x9F02, "000000001999"}, {RID{}, 0x9F02, "00000000199A"},
	{RID{}, 0x5F34, "01"}, {RID{}, 0x9F41, "00000123"}, {RID{}, 0x9F41, "12345678"}, {RID{}, 0x42, "622848"}, {RID{}, 0x9F1E, "3132333435363738"}, {RID{}, 0x5F55, "434E"},
	{RID{}, 0x8C, "9F02069F03069F1A029505DF7F01"}, {RID{}, 0x8C, "9F02"}, {RID{}, 0x9F4A, "82"}, {RID{}, 0x9F4A, "829F02DF7F"}, {RID{}, 0x9F4A, "9F"}, {RID{}, 0x5C, "5F20"},
	{RID{}, 0x86, "8424"}, {RID{}, 0x86, "00DA9F1401"}, {RID{}, 0x72, "9F180401020304" + "860484240002"}, {RID{}, 0x70, "5A02"}, {RID{}, 0xE1, "0102"},
	{RID{}, 0xDF7F, "01"}, {RID{}, 0xDF7F, "0102"}, {RID{}, 0xDF7F, ""}, {RIDUnionPay, 0x9F79, "000000010000"}, {RIDVisa, 0x9F5D, "000000010000"},
}
