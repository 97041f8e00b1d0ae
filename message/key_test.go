package message

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// keyOf packs a message of some type with some fields and takes its key.
func keyOf(t *testing.T, key func([]byte) ([32]byte, uint8, error), codec *Codec, mti string, fields map[int]string) ([32]byte, uint8) {
	m := codec.New()
	require.NoError(t, m.SetMTI(mti))
	for number, text := range fields {
		require.NoError(t, m.Set(number, text))
	}
	wire, err := m.Pack()
	require.NoError(t, err)
	k, kind, err := key(wire)
	require.NoError(t, err)
	return k, kind
}

func TestKeyGroupsAnExchange(t *testing.T) {
	codec := codecFor(t, "iso8583-1987-ascii")
	key := KeyFunc(codec, 41, 11)
	fields := map[int]string{3: "000000", 11: "000123", 41: "TERM0001"}
	exchanges := [][]string{{"0100", "0101", "0110"}, {"0200", "0210"}, {"0220", "0221", "0230"}, {"0400", "0401", "0410"}, {"0420", "0421", "0430"},
		{"0800", "0810"}, {"1100", "1110"}, {"0140", "0150"}}
	seen := map[[32]byte]string{}
	for _, exchange := range exchanges {
		first, _ := keyOf(t, key, codec, exchange[0], fields)
		require.Empty(t, seen[first], "%s", exchange[0])
		seen[first] = exchange[0]
		for _, mti := range exchange {
			k, kind := keyOf(t, key, codec, mti, fields)
			require.Equal(t, first, k, mti)
			want := KeyRequest
			if mti[2]%2 == 1 {
				want = KeyResponse
			}
			require.Equal(t, want, kind, mti)
		}
	}
	_, kind := keyOf(t, key, codec, "0180", fields)
	require.Equal(t, KeyOther, kind)
}

func TestKeyIsExact(t *testing.T) {
	codec := codecFor(t, "iso8583-1987-ascii")
	key := KeyFunc(codec, 11, 37, 41)
	variants := []map[int]string{
		{11: "000123"},
		{11: "000123", 41: "        "},
		{11: "000123", 41: "00000000"},
		{11: "000123", 41: "TERM0001"},
		{11: "000123", 41: "TERM0002"},
		{11: "000124", 41: "TERM0001"},
		{41: "TERM0001"},
		{11: "000123", 37: "000000000001"},
		{11: "000123", 37: "000000000001", 41: "TERM0001"}, // 32 bytes
		{11: "000123", 37: "000000000002", 41: "TERM0001"},
		{},
	}
	seen := map[[32]byte]string{}
	for _, fields := range variants {
		k, _ := keyOf(t, key, codec, "0200", fields)
		require.Empty(t, seen[k], "%v", fields)
		seen[k] = fmt.Sprint(fields)
		fields[4] = "000000000001"
		same, _ := keyOf(t, key, codec, "0200", fields)
		require.Equal(t, k, same, "field 4 is no part of it")
	}
}

func TestKeyTellsAnEmptyValueFromNone(t *testing.T) {
	codec := codecFor(t, "iso8583-1987-ascii")
	key := KeyFunc(codec, 48)
	absent, _ := keyOf(t, key, codec, "0200", map[int]string{11: "000123"})
	empty, _ := keyOf(t, key, codec, "0200", map[int]string{11: "000123", 48: ""})
	require.NotEqual(t, absent, empty)
}

func TestKeyFoldsWhatDoesNotFit(t *testing.T) {
	codec := codecFor(t, "iso8583-1987-ascii")
	key := KeyFunc(codec, 11, 32, 41, 42, 48)
	long := make([]byte, 400)
	for i := range long {
		long[i] = 'a'
	}
	seen := map[[32]byte]bool{}
	for _, fields := range []map[int]string{
		{11: "000123", 32: "12345678901", 41: "TERM0001", 42: "MERCHANT0000001"},
		{11: "000123", 32: "12345678901", 41: "TERM0001", 42: "MERCHANT0000002"},
		{11: "000123", 32: "1234567890", 41: "TERM0001", 42: "MERCHANT0000001"},
		{11: "000123", 48: string(long)},
		{11: "000123", 48: string(long[1:])},
	} {
		k, _ := keyOf(t, key, codec, "0200", fields)
		require.EqualValues(t, 0xFF, k[0])
		require.False(t, seen[k])
		seen[k] = true
	}
}

func TestKeyIgnoresHowAValueIsWritten(t *testing.T) {
	ascii, binary := codecFor(t, "iso8583-1987-ascii"), codecFor(t, "iso8583-1987-binary")
	fields := map[int]string{11: "000123", 32: "12345", 41: "TERM0001"}
	a, _ := keyOf(t, KeyFunc(ascii, 11, 32, 41), ascii, "0200", fields)
	b, _ := keyOf(t, KeyFunc(binary, 11, 32, 41), binary, "0210", fields)
	require.Equal(t, a, b)
}

func TestKeyFuncMisuseAndBadFrames(t *testing.T) {
	for _, number := range []int{0, -1, 1000} {
		_, kind, err := KeyFunc(codecFor(t, "unionpay-pos"), 11, number)([]byte("x"))
		require.ErrorIs(t, err, ErrUnknown)
		require.Equal(t, KeyOther, kind)
	}
	_, _, err := KeyFunc(nil, 11)(nil)
	require.Error(t, err)

	_, m := build(t, spec.ISO8583v1987Binary())
	wire, err := m.Pack()
	require.NoError(t, err)
	require.NoError(t, m.Unpack(wire))
	key := KeyFunc(m.Codec(), 11, 41)
	for size := range int(m.spans[41].End) {
		_, kind, err := key(wire[:size])
		require.ErrorIs(t, err, ErrTruncated, size)
		require.Equal(t, KeyOther, kind)
	}
}

func TestKeyAllocations(t *testing.T) {
	for _, f := range allFrames(t) {
		for _, numbers := range [][]int{{11, 41}, {11, 37, 41, 42}} {
			key := KeyFunc(codecFor(t, f.spec), numbers...)
			require.Zero(t, testing.AllocsPerRun(20, func() {
				if _, _, err := key(f.wire); err != nil {
					t.Fatal(err)
				}
			}), f.name)
		}
	}
}

// A key of just the size that fits is not digested: the values stand in it.
func TestKeyThatJustFits(t *testing.T) {
	codec := specOf(spec.Field{Number: 11, Format: "n 6"}, spec.Field{Number: 48, Format: "ans...99"})
	digested := map[int]bool{}
	for size := range 40 {
		m := codec.New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(48, strings.Repeat("k", size)))
		key, _, err := KeyFunc(codec, 48)(packed(t, m))
		require.NoError(t, err)
		digested[size] = !strings.Contains(string(key[:]), strings.Repeat("k", size)) || key[0] > '9'
	}
	front := 0
	for !digested[front] {
		front++
	}
	for size := range 40 {
		require.Equal(t, size >= front, digested[size], size)
	}
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(48, strings.Repeat("k", front-1)))
	key, _, err := KeyFunc(codec, 48)(packed(t, m))
	require.NoError(t, err)
	require.NotZero(t, key[len(key)-1], "the last byte is used")
}
