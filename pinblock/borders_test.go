package pinblock_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/pinblock"
)

// Formats that leave the pad digit open read every digit that is repeated and told from the PIN, and write the usual one.
func TestRepeatedPadDigits(t *testing.T) {
	for _, c := range []struct {
		format pinblock.Format
		pads   string
		usual  byte
		block  func(pad string) string
	}{
		{pinblock.OEM1, "ABCDEF", 'F', func(pad string) string { return "1234" + strings.Repeat(pad, 12) }},
		{pinblock.VISA3, "0123456789ABCDEF", 'F', func(pad string) string { return "1234F" + strings.Repeat(pad, 11) }},
		{pinblock.VISA2, "0123456789", '0', func(pad string) string { return "4123400" + strings.Repeat(pad, 9) }},
	} {
		for _, pad := range c.pads {
			block := unhex(t, c.block(string(pad)))
			p, err := pinblock.Decode(c.format, block, "")
			require.NoError(t, err, "%s padded with %c", c.format, pad)
			require.Equal(t, "1234", string(p.AppendClear(nil)))
			for _, own := range c.pads {
				_, err := pinblock.Decode(c.format.WithPad(byte(own)).WithLength(lengthFor(c.format, own)), block, "")
				require.Equal(t, own == pad, err == nil, "%s with pad %c, padded with %c", c.format, own, pad)
			}
			broken := append([]byte(nil), block...)
			broken[7] ^= 1
			_, err = pinblock.Decode(c.format, broken, "")
			require.Equal(t, pinblock.ErrBlock, err)
			broken = append([]byte(nil), block...)
			broken[6] ^= 0x10
			_, err = pinblock.Decode(c.format, broken, "")
			require.Equal(t, pinblock.ErrBlock, err)
		}
		block, err := pinblock.Encode(nil, c.format, pin(t, "1234"), "")
		require.NoError(t, err)
		require.Equal(t, unhex(t, c.block(string(c.usual))), block)
	}
	for pad := '0'; pad <= '9'; pad++ {
		_, err := pinblock.Decode(pinblock.OEM1, unhex(t, "1234"+strings.Repeat(string(pad), 12)), "")
		require.Equal(t, pinblock.ErrBlock, err, "no digit says where the PIN ends")
	}
}

// lengthFor is the length that a decimal pad digit needs.
func lengthFor(f pinblock.Format, pad rune) int {
	if f == pinblock.OEM1 && pad <= '9' {
		return 4
	}
	return 0
}

// A pad digit and a length chosen later replace those chosen before.
func TestChoosingAgain(t *testing.T) {
	f := pinblock.OEM1.WithPad('A').WithLength(5)
	require.Equal(t, pinblock.OEM1.WithPad('B').WithLength(12), f.WithPad('B').WithLength(12))
	require.Equal(t, pinblock.OEM1.WithLength(5), f.WithPad(0))
	require.Equal(t, pinblock.OEM1.WithPad('A'), f.WithLength(0))
	require.NotEqual(t, f, f.WithPad(0))
	require.NotEqual(t, f, f.WithLength(0))
	require.Equal(t, "OEM-1, pad A, 5 digits", f.String())
	require.Equal(t, "OEM-1, pad B, 12 digits", f.WithPad('B').WithLength(12).String())
	require.Equal(t, pinblock.OEM1.WithLength(-1), pinblock.OEM1.WithLength(256))
	require.Equal(t, pinblock.OEM1.WithLength(255), pinblock.OEM1.WithLength(1000))
}

// Blocks of PINs shorter than four digits or longer than the format has, in order but for that, hold none.
func TestLengthsThatAreNone(t *testing.T) {
	const digits = "12345678901234"
	for f, c := range map[pinblock.Format]struct {
		control string
		longest int
		fill    string
	}{
		pinblock.ISO0: {"0", 12, "F"}, pinblock.ISO1: {"1", 12, "7"}, pinblock.ISO2: {"2", 12, "F"}, pinblock.ISO3: {"3", 12, "C"}, pinblock.VISA4: {"0", 12, "F"},
		pinblock.UnionPayPlain: {"0", 12, "F"},
	} {
		for n := range 15 {
			text := fmt.Sprintf("%s%X%s%s", c.control, n, digits[:n], strings.Repeat(c.fill, 14-n))
			block := mixPAN(f, unhex(t, text), testPAN)
			p, err := pinblock.Decode(f, block, testPAN)
			require.Equal(t, 4 <= n && n <= c.longest, err == nil, "%s of %d digits", f, n)
			require.Equal(t, err == nil, p.Len() == n && n > 0)
		}
	}
	for n := range 17 {
		block := unhex(t, ("1234567890123456"[:n] + strings.Repeat("F", 16))[:16])
		_, err := pinblock.Decode(pinblock.OEM1, block, "")
		require.Equal(t, 4 <= n && n <= 12, err == nil, "OEM-1 of %d digits", n)
		_, err = pinblock.Decode(pinblock.IBM3624, block, "")
		require.Equal(t, 4 <= n && n <= 12, err == nil, "IBM 3624 of %d digits", n)
	}
	for n := range 10 {
		text := fmt.Sprintf("%X%s%s%s", n, digits[:n], strings.Repeat("0", max(0, 6-n)), strings.Repeat("5", 16))[:16]
		for _, f := range []pinblock.Format{pinblock.VISA2, pinblock.ECI3} {
			_, err := pinblock.Decode(f, unhex(t, text), "")
			require.Equal(t, 4 <= n && n <= 6, err == nil, "%s of %d digits", f, n)
		}
	}
}

// Offsets of every length go with PINs of that length, and with no others: neither shorter nor longer, though they begin
// alike.
func TestOffsetsOfEveryLength(t *testing.T) {
	key := pvk(t, "V1", unhex(t, "0123456789ABCDEFFEDCBA9876543210"))
	data := pinblock.OffsetData{PAN: crypto.Hide(testPAN)}
	for n := 4; n <= 12; n++ {
		p := pin(t, "739164820573"[:n])
		offset, err := pinblock.AppendOffset([]byte("x"), key, data, p)
		require.NoError(t, err)
		require.Len(t, offset, n+1)
		text := string(offset[1:])
		require.NoError(t, pinblock.VerifyOffset(key, data, p, text), "%d digits", n)
		for _, wrong := range []string{text[:n-1], text + "0", text + text, "", "x" + text[1:], text[:n-1] + "x"} {
			require.ErrorIs(t, pinblock.VerifyOffset(key, data, p, wrong), crypto.ErrVerify, "%d digits, %d in the offset", n, len(wrong))
		}
		back, err := pinblock.PINFromOffset(key, data, text)
		require.NoError(t, err)
		require.True(t, back.Equal(p))
		natural, err := pinblock.NaturalPIN(key, data, n)
		require.NoError(t, err)
		require.NoError(t, pinblock.VerifyOffset(key, data, natural, strings.Repeat("0", n)))
	}
	for _, wrong := range []string{"", "123", "1234567890123", "123:", "12/4"} {
		_, err := pinblock.PINFromOffset(key, data, wrong)
		require.ErrorIs(t, err, pinblock.ErrData, "%q", wrong)
	}
	for _, n := range []int{-1, 0, 3, 13} {
		_, err := pinblock.NaturalPIN(key, data, n)
		require.ErrorIs(t, err, pinblock.ErrPIN)
	}
	visa := pvk(t, "V2", unhex(t, "0123456789ABCDEFFEDCBA9876543210"))
	pvv, err := pinblock.AppendPVV(nil, visa, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"))
	require.NoError(t, err)
	for _, wrong := range []string{string(pvv[:3]), string(pvv) + "0", "", strings.Repeat(string(pvv), 4)} {
		require.ErrorIs(t, pinblock.VerifyPVV(visa, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"), wrong), crypto.ErrVerify)
	}
	for index, want := range map[int]error{-1: pinblock.ErrData, 0: nil, 9: nil, 10: pinblock.ErrData} {
		_, err := pinblock.AppendPVV(nil, visa, pinblock.PVVData{PAN: crypto.Hide(testPAN), KeyIndex: index}, pin(t, "1234"))
		require.ErrorIs(t, err, want)
	}
	for digits, want := range map[int]error{11: pinblock.ErrPAN, 12: nil, 19: nil, 20: pinblock.ErrPAN} {
		_, err := pinblock.AppendPVV(nil, visa, pinblock.PVVData{PAN: crypto.Hide("12345678901234567890"[:digits])}, pin(t, "1234"))
		require.ErrorIs(t, err, want, "%d digits", digits)
	}
}
