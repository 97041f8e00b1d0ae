package keyblock_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto/keyblock"
)

// Faults of the public part say what and where.
func TestFormatErrors(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	w := keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.Label("terminal 123")}}
	block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], w)
	require.NoError(t, err)
	text := string(block)
	for _, c := range []struct {
		block, what string
		offset      int
	}{
		{"", "header", 0},
		{text[:15], "header", 15},
		{"F" + text[1:], "version", 0},
		{text[:1] + "01x4" + text[5:], "length", 1},
		{text + "00000000000000000000000000000000", "length", 1},
		{text[:5] + "??" + text[7:], "key attributes", 5},
		{text[:12] + "0x" + text[14:], "number of optional blocks", 12},
		{text[:14] + "30" + text[16:], "reserved field", 14},
		{text[:14] + "01" + text[16:], "reserved field", 14},
		{text[:16] + "L?" + text[18:], "optional block identifier", 16},
		{text[:18] + "03" + text[20:], "length of optional block LB", 16},
		{text[:18] + "0C" + text[20:], "length of the optional blocks", 16},
		{text[:20] + "\x7f" + text[21:], "character in optional block LB", 16},
		{text[:12] + "02" + text[14:32] + text[16:], "order of optional block LB", 32},
		{text[:40] + "g" + text[41:], "hexadecimal digit", 40},
		{text[:16] + "KS" + text[18:], "optional block KS", 16},
	} {
		_, err := keyblock.Parse([]byte(c.block), keyblock.Options{})
		var fault *keyblock.FormatError
		require.ErrorAs(t, err, &fault, c.what)
		require.Equal(t, c.what, fault.What)
		require.Equal(t, c.offset, fault.Offset)
		require.ErrorIs(t, err, keyblock.ErrBlock)
	}
	for _, c := range []string{"D0048P0TE00E0000" + strings.Repeat("0", 32), "D0064P0TE00E0000" + strings.Repeat("0", 48)} {
		_, err := keyblock.Parse([]byte(c), keyblock.Options{})
		var fault *keyblock.FormatError
		require.ErrorAs(t, err, &fault)
		require.Equal(t, "encrypted part", fault.What)
	}
}

// Lower-case digits are for the encrypted part alone, and by their own option alone.
func TestLowerCase(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.CheckValue()}})
	require.NoError(t, err)
	require.Equal(t, strings.ToUpper(string(block)), string(block))
	h := 16 + 16 // fixed header, KC and padding
	lower := string(block[:h]) + strings.ToLower(string(block[h:]))
	mixed := string(block[:h]) + strings.ToLower(string(block[h:h+20])) + string(block[h+20:])
	for _, text := range []string{lower, mixed} {
		for _, o := range []keyblock.Options{{}, {AllowLegacy: true}} {
			_, _, err := keyblock.Unwrap(master, []byte(text), o)
			var fault *keyblock.FormatError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, "hexadecimal digit", fault.What)
			_, err = keyblock.Parse([]byte(text), o)
			require.ErrorAs(t, err, &fault)
		}
		k, header, err := keyblock.Unwrap(master, []byte(text), keyblock.Options{LowerCase: true})
		require.NoError(t, err)
		require.True(t, every(t)["2TDEA"].Equal(k))
		again, err := keyblock.Parse([]byte(text), keyblock.Options{LowerCase: true})
		require.NoError(t, err)
		require.Equal(t, header, again)
	}
	for _, c := range []byte("/:@G`g") {
		broken := []byte(lower)
		broken[len(broken)-1] = c
		_, _, err := keyblock.Unwrap(master, broken, keyblock.Options{LowerCase: true})
		var fault *keyblock.FormatError
		require.ErrorAs(t, err, &fault, "%c", c)
	}
	header := strings.ToLower(string(block[:h])) + lower[h:]
	_, _, err = keyblock.Unwrap(master, []byte(header), keyblock.Options{LowerCase: true})
	require.ErrorIs(t, err, keyblock.ErrBlock)
	legacy, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{})
	require.NoError(t, err)
	legacy[len(legacy)-1] ^= 1
	_, _, err = keyblock.Unwrap(master, []byte(strings.ToLower(string(legacy[16:]))), keyblock.Options{LowerCase: true})
	require.ErrorIs(t, err, keyblock.ErrBlock)
}

// Digits are digits: in the length of a block, in the number of optional blocks, in their lengths.
func TestDigits(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.Label("a label 1234")}})
	require.NoError(t, err)
	for _, at := range []int{1, 2, 3, 4, 12, 13, 18, 19} {
		for _, c := range []byte("/:@G`ag") {
			changed := append([]byte(nil), block...)
			changed[at] = c
			_, err := keyblock.Parse(changed, keyblock.Options{LowerCase: true, AllowLegacy: true})
			var fault *keyblock.FormatError
			require.ErrorAs(t, err, &fault, "%c at %d", c, at)
		}
	}
	for at, length := range map[int]int{1: 4, 12: 2} { // signs are none: "+" and the digits would be the same number
		for _, sign := range []byte("+-_") {
			changed := bytes.Clone(block)
			copy(changed[at:], fmt.Sprintf("%0*d", length, 1))
			changed[at] = sign
			_, err := keyblock.Parse(changed, keyblock.Options{})
			var fault *keyblock.FormatError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, at, fault.Offset, "%c", sign)
		}
	}
	certificates, err := keyblock.Block{ID: "CT", Data: "00MA=="}.Certificates()
	require.NoError(t, err)
	require.Equal(t, []byte("0"), certificates[0].Data)
}

// What stands in the header for context and version.
func TestLettersOfTheHeader(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	for context, letter := range map[keyblock.Context]byte{0: '0', keyblock.ContextNone: '0', keyblock.ContextStorage: '1', keyblock.ContextExchange: '2'} {
		block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{Context: context})
		require.NoError(t, err)
		require.Equal(t, letter, block[14])
		require.Equal(t, byte('0'), block[15])
		header, err := keyblock.Parse(block, keyblock.Options{})
		require.NoError(t, err)
		require.Equal(t, keyblock.Context(letter), header.Context)
	}
	for version := range 256 {
		want := "?"
		if 'A' <= version && version <= 'E' {
			want = string(rune(version))
		}
		require.Equal(t, want, keyblock.Version(version).String())
	}
}
