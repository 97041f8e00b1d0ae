package emv

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCardPANRefuses holds that a card number of no digits or of too many is an error, never an empty number.
func TestCardPANRefuses(t *testing.T) {
	for data, want := range map[string]error{
		"5A02FFFF":                       ErrLength,
		"5A00":                           ErrLength,
		"5A0A62284800123456789012":       ErrLength, // 20 digits
		"5A0A622848001234567890AF":       ErrDigits,
		"5F2402":                         ErrMissing,
		"":                               ErrMissing,
		"5A0162" + "5705" + "6228D2512F": ErrMismatch,
		"5A02FFFF" + "57056228D2512F":    ErrLength,
		"57036228A0":                     ErrSeparator,
	} {
		pan, err := CardPAN(unhex(t, data))
		require.ErrorIs(t, err, want, data)
		require.Empty(t, pan)
	}
	for data, want := range map[string]string{
		"5A0A6228480012345678901F":    "6228480012345678901",
		"5A0262FF":                    "62",
		"57056228D2512F":              "6228",
		"5A026228" + "57056228D2512F": "6228",
	} {
		pan, err := CardPAN(unhex(t, data))
		require.NoError(t, err, data)
		require.Equal(t, want, pan)
	}
}

// TestTrack2KeepsEveryDigit: a track longer than the standard has is read whole.
func TestTrack2KeepsEveryDigit(t *testing.T) {
	for _, n := range []int{1, 10, 12, 13, 14, 50} {
		digits := strings.Repeat("1234567890", 6)[:n]
		value := "5555556688776655667D1105620" + digits
		if len(value)%2 == 1 {
			value += "F"
		}
		track, err := ParseTrack2(unhex(t, value))
		require.NoError(t, err)
		require.True(t, digits == track.Discretionary, "%d digits", n)
		require.True(t, track.ServiceCode == "620")
	}
}

// TestTrackBorders holds where a track is too long, where a fault stands, and what of a track is masked.
func TestTrackBorders(t *testing.T) {
	for value, offset := range map[string]int{
		"62E6220010071367D2512201F": 1, "6226220010071367D2E12201F": 9, "6226220010071367D251220E": 11, "622622001007136D2E512201": 8,
		"E226220010071367D2512201F": 0, "62262200100713DED2512201F": 7, // the second D is in the rest
	} {
		_, err := ParseTrack2(unhex(t, evenHex(value)))
		var fault *ValueError
		require.ErrorAs(t, err, &fault, value)
		require.Equal(t, offset, fault.Offset, value)
		require.ErrorIs(t, err, ErrDigits)
	}
	for n, want := range map[int]error{36: nil, 37: nil, 38: ErrLength, 39: ErrLength} { // digits of the whole, with D, without F
		track := Track2{PAN: "6226220010071367", Expiry: "2512", ServiceCode: "201", Discretionary: strings.Repeat("1", n-16-1-7)}
		dst, err := AppendTrack2([]byte{9}, 0x57, track)
		if n == 38 {
			want = nil // as many as the octets hold
		}
		require.ErrorIs(t, err, want, n)
		if want != nil {
			require.Equal(t, []byte{9}, dst)
			continue
		}
		back, err := ParseTrack2(dst[3:])
		require.NoError(t, err)
		require.True(t, back == track)
	}
	const head = "B6226220010071367^A^2512201"
	for n, want := range map[int]error{75: nil, 76: nil, 77: ErrLength} {
		_, err := ParseTrack1([]byte(head + strings.Repeat("1", n-len(head))))
		require.ErrorIs(t, err, want, n)
	}
	for _, c := range []struct{ pan, want string }{
		{"", ""}, {"6", "*"}, {"622622001007", "************"}, {"6226220010071", "622622***0071"}, {"6226220010071367890", "622622*********7890"},
	} {
		require.Equal(t, c.want+"=", Track2{PAN: c.pan}.Masked())
	}
	require.Equal(t, "=2512***", Track2{Expiry: "2512", Discretionary: "1"}.Masked())
	require.Equal(t, "=2512***", Track2{Expiry: "2512", ServiceCode: "2"}.Masked())
	_, err := AppendTrack2(nil, 0x57, Track2{Expiry: "2512"})
	require.ErrorIs(t, err, ErrLength, "no card number")
	for _, pan := range []string{"6226220010071367123", "62262200100713671234"} {
		_, err := AppendTrack2(nil, 0x57, Track2{PAN: pan})
		require.Equal(t, len(pan) == 20, err != nil)
		_, err = ParseTrack1([]byte("B" + pan + "^A^2512"))
		require.Equal(t, len(pan) == 20, err != nil)
	}
}

// TestTrack1Parts: what stands in the place of expiry and service code is digits or is left out, and nothing else is shown as
// an expiry.
func TestTrack1Parts(t *testing.T) {
	const head = "B6226220010071367^ZHANG/SAN^"
	for rest, want := range map[string]Track1{
		"2512201123": {Expiry: "2512", ServiceCode: "201", Discretionary: "123"},
		"^201123":    {ServiceCode: "201", Discretionary: "123"},
		"2512^123":   {Expiry: "2512", Discretionary: "123"},
		"^^123":      {Discretionary: "123"},
		"2512201":    {Expiry: "2512", ServiceCode: "201"},
		"2512":       {Expiry: "2512"},
		"^":          {},
		"":           {},
	} {
		track, err := ParseTrack1([]byte(head + rest))
		require.NoError(t, err, rest)
		want.PAN, want.Name = "6226220010071367", "ZHANG/SAN"
		require.True(t, track == want, rest)
	}
	for rest, want := range map[string]struct {
		err    error
		offset int
	}{
		"ABCD": {ErrDigits, 0}, "25A2201": {ErrDigits, 0}, "251": {ErrLength, 0}, "2512A01": {ErrDigits, 4}, "251220": {ErrLength, 4},
		"DOE/JOHN^2512201": {ErrDigits, 0}, "251^201": {ErrDigits, 0}, "^20A": {ErrDigits, 1}, "2512 201": {ErrDigits, 4},
	} {
		track, err := ParseTrack1([]byte(head + rest))
		require.ErrorIs(t, err, want.err, rest)
		var fault *ValueError
		require.ErrorAs(t, err, &fault)
		require.Equal(t, len(head)+want.offset, fault.Offset, rest)
		require.True(t, track == Track1{})
	}
	for _, expiry := range []string{"DOE/", "25", "6226220010071367"} {
		require.Equal(t, "B^***^***", Track1{Expiry: expiry}.Masked())
		require.Equal(t, "=", Track2{Expiry: expiry}.Masked())
	}
}

// TestTrack2Places: no part of a track is read or written in the place of another.
func TestTrack2Places(t *testing.T) {
	const pan = "6226220010071367"
	for _, expiry := range []string{"2", "25", "251"} {
		_, err := ParseTrack2(unhex(t, evenHex(pan+"D"+expiry)))
		require.ErrorIs(t, err, ErrLength, expiry)
	}
	for _, track := range []Track2{
		{Expiry: "251"}, {Expiry: "251", ServiceCode: "201"}, {Expiry: "25122"}, {ServiceCode: "201"}, {Discretionary: "1"},
		{Expiry: "2512", Discretionary: "1"}, {Expiry: "2512", ServiceCode: "20", Discretionary: "1"}, {Expiry: "2512", ServiceCode: "2011"},
	} {
		track.PAN = pan
		out, err := AppendTrack2([]byte{9}, 0x57, track)
		require.ErrorIs(t, err, ErrLength)
		require.Equal(t, []byte{9}, out)
	}
	for _, track := range []Track2{
		{}, {Expiry: "2512"}, {Expiry: "2512", ServiceCode: "2"}, {Expiry: "2512", ServiceCode: "201"}, {Expiry: "2512", ServiceCode: "201", Discretionary: "1"},
	} {
		track.PAN = pan
		out, err := AppendTrack2(nil, 0x57, track)
		require.NoError(t, err)
		back, err := ParseTrack2(out[2:])
		require.NoError(t, err)
		require.True(t, back == track)
	}
}
