package message

import (
	"testing"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

func maskSpec(format string, mask spec.Mask, charset spec.Charset) *spec.Spec {
	return spec.MustNew(spec.Config{Name: "mask", Fields: []spec.Field{{Number: 2, Format: format, Mask: mask, Charset: charset}}})
}

func TestMaskClasses(t *testing.T) {
	const pan = "4761739001010119"
	for _, c := range []struct {
		name, format string
		mask         spec.Mask
		value, want  string
	}{
		{"pan", "n..19", spec.MaskPAN, pan, "476173******0119"},
		{"pan of 19", "n..19", spec.MaskPAN, "6222021234567890128", "622202*********0128"},
		{"pan of 13", "n..19", spec.MaskPAN, "4222222222222", "422222***2222"},
		{"pan of 12", "n..19", spec.MaskPAN, "422222222222", "************"},
		{"pan with blanks", "ans 20", spec.MaskPAN, pan + "    ", "476173******0119"},
		{"pan with more", "ans..40", spec.MaskPAN, pan + "=2812", "*********************"},
		{"pan in bytes", "b...20", spec.MaskPAN, "6222021234567890128F", "622202*********0128"},
		{"track 2", "z..37", spec.MaskTrack, pan + "=28122011234567890", "476173******0119=*****************"},
		{"track 2 with D", "z..37", spec.MaskTrack, pan + "D28122011234567890", "476173******0119D*****************"},
		{"track 2 in bytes", "b...20", spec.MaskTrack, pan + "D2812201123456789F", "476173******0119D****************"},
		{"track 2 with sentinels", "ans..40", spec.MaskTrack, ";" + pan + "=2812?", ";476173******0119=*****"},
		{"track 1", "ans..76", spec.MaskTrack, "B" + pan + "^DOE/JOHN^2812201", "B476173******0119^****************"},
		{"track 1 with sentinel", "ans..76", spec.MaskTrack, "%B" + pan + "^DOE", "%B476173******0119^***"},
		{"track 3", "ans...104", spec.MaskTrack, "01" + pan + "=1562812", "014761********0119=*******"},
		{"short track", "z..37", spec.MaskTrack, "1234567=2812", "************"},
		{"track with the shortest number", "z..37", spec.MaskTrack, "12345678=2812", "********=****"},
		{"track with a short number", "z..37", spec.MaskTrack, "123456789012=28", "************=**"},
		{"track without a separator", "z..37", spec.MaskTrack, pan, "****************"},
		{"no track", "ans..40", spec.MaskTrack, "notatrack" + pan, "*************************"},
		{"empty track", "z..37", spec.MaskTrack, "", ""},
		{"hidden", "b 64", spec.MaskHidden, "0011223344556677", "<8 bytes>"},
		{"hidden digits", "n 4", spec.MaskHidden, "2812", "<4 digits>"},
		{"hidden text", "ans..20", spec.MaskHidden, "secret", "<6 characters>"},
		{"shown", "b...20", spec.MaskNone, "00FF", "00FF"},
		{"default digits", "n 12", spec.MaskDefault, "000000001999", "000000001999"},
		{"default text", "ans...999", spec.MaskDefault, "TILL 7", "TILL 7"},
		{"default binary", "b 64", spec.MaskDefault, "0011223344556677", "<8 bytes>"},
		{"default with a PAN", "ans...999", spec.MaskDefault, "order " + pan + " x", "order 476173******0119 x"},
		{"default with a padded PAN", "n 20", spec.MaskDefault, "0000" + pan, "0000476173******0119"},
		{"default with a track", "ans...999", spec.MaskDefault, "t2=" + pan + "=2812201", "t2=476173******0119=*******"},
		{"default with a number that is no PAN", "ans...999", spec.MaskDefault, "4761739001010118", "4761739001010118"},
		{"default with a PAN in more digits", "ans...999", spec.MaskDefault, pan + "2812201", "***********************"},
		{"fixed default with many digits", "n 42", spec.MaskDefault, "020000000111230630150000001234500000000000", "020000000111230630150000001234500000000000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := MustCompile(maskSpec(c.format, c.mask, spec.CharsetASCII)).New()
			require.NoError(t, m.SetMTI("0800"))
			require.NoError(t, m.Set(2, c.value))
			require.Equal(t, c.want, m.Field(2).String())
		})
	}
}

func TestMaskHidesWhatItCannotRead(t *testing.T) {
	long := make([]byte, shownLength+1)
	for i := range long {
		long[i] = 'x'
	}
	for _, c := range []struct {
		charset spec.Charset
		value   []byte
		want    string
	}{
		{spec.CharsetASCII, long, "<100 characters>"},
		{spec.CharsetGBK, []byte{0xD6, 0xD0}, "<2 characters>"},
		{spec.CharsetUTF8, []byte("中\n文"), "中?文"},
		{spec.CharsetUTF8, []byte{0xFF, 0xFE}, "<2 characters>"},
		{spec.CharsetLatin1, []byte{'a', 0xE9, 0x1B, '['}, "aé?["},
	} {
		m := MustCompile(maskSpec("ans...999", spec.MaskDefault, c.charset)).New()
		require.NoError(t, m.SetMTI("0800"))
		require.NoError(t, m.SetBytes(2, c.value))
		require.Equal(t, c.want, m.Field(2).String())
	}
	require.Empty(t, Value{}.String())
	require.Empty(t, MustCompile(maskSpec("b 64", spec.MaskHidden, spec.CharsetASCII)).New().Field(2).String(), "of what is absent nothing is said")
}

func TestPartsAreMaskedEachByItsOwnClass(t *testing.T) {
	m := codecFor(t, "unionpay-pos+no-header").New()
	require.NoError(t, m.UnmarshalJSON([]byte(`{"0":"0320","48":{"1":"02","2":[
		{"1":"00","2":"000001","3":"00004761739001010119","4":"000000000100"},
		{"1":"01","2":"000002","3":"00004222222222222222","4":"000000000200"}]},
		"55":{"5A":"4761739001010119","57":"4761739001010119D2812201123456789F","9F26":"0102030405060708","DF7F":"99"},
		"60":{"1":"00","2":"000001","3":"201"}}`)))
	require.Equal(t, "{1:02 2:{1:00 2:000001 3:<20 digits> 4:000000000100 1:01 2:000002 3:<20 digits> 4:000000000200}}", m.Field(48).String())
	require.Equal(t, "{5A:476173******0119 57:476173******0119D**************** 9F26:0102030405060708 DF7F:<1 bytes>}", m.Field(55).String())
}

// A number behind other characters is looked for as one that stands in front.
func TestNumbersBehindOtherCharacters(t *testing.T) {
	m := specOf(spec.Field{Number: 48, Format: "ans...999"}).New()
	require.NoError(t, m.SetMTI("0200"))
	for _, number := range []string{"4222222222222", "4111111111111111", "6222020000000000000"} {
		for _, before := range []string{"", "A", "12 ", "ref 9-"} {
			require.NoError(t, m.Set(48, before+number))
			if shown := m.Field(48).String(); luhnValid(number) {
				require.NotContains(t, shown, number)
				require.Contains(t, shown, before+number[:6]+"*")
			}
		}
	}
	require.NoError(t, m.Set(48, "A4222222222222"))
	require.Equal(t, "A422222***2222", m.Field(48).String())
}

func luhnValid(number string) bool {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// A card number in groups, as it stands on a card, is one all the same.
func TestMaskGroups(t *testing.T) {
	const pan = "4761 7390 0101 0119"
	for value, want := range map[string]string{
		pan:                            "**** **** **** 0119",
		"card " + pan + " ok":          "card **** **** **** 0119 ok",
		"4761-7390-0101-0119":          "****-****-****-0119",
		"4761 73900101 0119":           "**** ******** 0119",
		"2611 " + pan:                  "2611 **** **** **** 0119",
		pan + " 28":                    "**** **** **** 0119 28",
		pan + "-":                      "**** **** **** 0119-",
		"4761  7390 0101 0119":         "4761  7390 0101 0119", // no groups, and not 13 digits of them
		"4761 7390 0101 0118":          "4761 7390 0101 0118",
		"4761.7390.0101.0119":          "4761.7390.0101.0119",
		"422 222 222 2222":             "*** *** *** 2222",
		"20261129 1700 12":             "20261129 1700 12",
		"6222 0212 3456 7890 128":      "**** **** **** **** 128",
		"476173900101011 9":            "*************11 9",
		"1 2 3 4 5 6 7 8 9 0 1 2 3 4 ": "1 2 3 4 5 6 7 8 9 0 1 2 3 4 ",
	} {
		m := MustCompile(maskSpec("ans..40", spec.MaskDefault, spec.CharsetASCII)).New()
		require.NoError(t, m.SetMTI("0800"))
		require.NoError(t, m.Set(2, value))
		require.Equal(t, want, m.Field(2).String(), value)
	}
}
