package emv

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplitResponse(t *testing.T) {
	d, status, err := SplitResponse(unhex(t, "7003870101"+"9000"))
	require.NoError(t, err)
	require.Equal(t, StatusOK, status)
	require.Equal(t, "7003870101", fmt.Sprintf("%X", d))
	require.Equal(t, 5, cap(d))
	require.Equal(t, "done", status.Text(English))
	require.Equal(t, "记录未找到", StatusWord(0x6A83).Text(Chinese))
	require.Equal(t, "more data available", StatusWord(0x6110).Text(English))
	require.Equal(t, "wrong length expected", StatusWord(0x6C10).Text(English))
	require.Contains(t, StatusWord(0x63C2).Text(English), "PIN wrong")
	require.Empty(t, StatusWord(0x1234).Text(English))
	_, _, err = SplitResponse([]byte{0x90})
	require.ErrorIs(t, err, ErrLength)
}

func TestParseProcessingOptions(t *testing.T) {
	want := ProcessingOptions{AIP: AIP{0x7C, 0}, AFL: AFL{8, 1, 1, 0}}
	for _, s := range []string{"80067C0008010100", "770A82027C00940408010100"} {
		got, err := ParseProcessingOptions(unhex(t, s))
		require.NoError(t, err)
		require.Equal(t, want.AIP, got.AIP)
		require.Equal(t, []byte(want.AFL), []byte(got.AFL))
	}
	contactless, err := ParseProcessingOptions(unhex(t, "770482022000"))
	require.NoError(t, err)
	require.Empty(t, contactless.AFL)
	for _, s := range []string{"", "80017C", "80037C0008", "7700", "770A82027C00940409010100"} {
		_, err := ParseProcessingOptions(unhex(t, s))
		require.Error(t, err, s)
	}
}

func TestParseCryptogram(t *testing.T) {
	for _, s := range []string{
		"8013800006B04398D218017BF907000103A0A80201",
		"771F" + "9F270180" + "9F36020006" + "9F2608B04398D218017BF9" + "9F100807000103A0A80201",
	} {
		c, err := ParseCryptogram(unhex(t, s))
		require.NoError(t, err)
		require.Equal(t, ARQC, c.CID.Type())
		require.Equal(t, uint16(6), c.ATC)
		require.Equal(t, "B04398D218017BF9 07000103A0A80201", fmt.Sprintf("%X %X", c.AC, c.IAD))
	}
	cda, err := ParseCryptogram(unhex(t, "770D"+"9F270180"+"9F36020006"+"9F4B0101"))
	require.NoError(t, err)
	require.Nil(t, cda.AC)
	require.Len(t, cda.SDAD, 1)
	for _, s := range []string{"", "800380000B", "77099F2701809F36020006", "77139F2701809F360200069F26031122339F4B0101", "77079F27029F36009F26"} {
		_, err := ParseCryptogram(unhex(t, s))
		require.ErrorIs(t, err, ErrLength, s)
	}
}

func TestParseHex(t *testing.T) {
	d, err := ParseHex(" 9f 02\t06\r\n000000001999 ")
	require.NoError(t, err)
	require.Equal(t, "9F0206000000001999", fmt.Sprintf("%X", d))
	d, err = ParseHex("")
	require.NoError(t, err)
	require.Empty(t, d)
	for s, offset := range map[string]int{"9F0": 3, "9F 0G": 4, "９F": 0, "0x9F": 1, "9F,02": 2} {
		_, err := ParseHex(s)
		var fault *ValueError
		require.ErrorAs(t, err, &fault, s)
		require.ErrorIs(t, err, ErrDigits)
		require.Equal(t, offset, fault.Offset, s)
	}
}

func TestCardPAN(t *testing.T) {
	nested, err := CardPAN(unhex(t, "700A5A086226220010071367"))
	require.NoError(t, err)
	require.True(t, nested == "6226220010071367")
	both := AppendTLV(nil, 0x57, unhex(t, "6226220010071367D25122011F"))
	pan, err := CardPAN(both)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(pan, "1367"))
	pan, err = CardPAN(AppendTLV(both, 0x5A, unhex(t, "6226220010071367")))
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(pan, "1367"))
	_, err = CardPAN(AppendTLV(both, 0x5A, unhex(t, "6226220010071375")))
	require.ErrorIs(t, err, ErrMismatch)
	_, err = CardPAN(unhex(t, "820100"))
	require.ErrorIs(t, err, ErrMissing)
	_, err = CardPAN(unhex(t, "5A02AAAA"))
	require.ErrorIs(t, err, ErrDigits)
	_, err = CardPAN(unhex(t, "5702AAAA"))
	require.ErrorIs(t, err, ErrSeparator)
}
