package simulator_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/examples/payshield/simulator"
)

func newSimulator(t testing.TB, c simulator.Config) *simulator.Simulator {
	t.Helper()
	c.LMK = simulator.TestLMK()
	s, err := simulator.New(c)
	require.NoError(t, err)
	return s
}

// ask returns the answer to a message without its header.
func ask(t testing.TB, s *simulator.Simulator, message string) string {
	t.Helper()
	answer, err := s.AppendAnswer([]byte("x"), []byte("0007"+message))
	require.NoError(t, err)
	require.Equal(t, "x0007", string(answer[:5]))
	return string(answer[5:])
}

// Keys of the published cases.
const (
	zmk  = "U1457FF6ADF6250C66C368416B4C9D383"
	zpk  = "U1EF828AA8F6B80EB83E19FBC373F3A85"
	tpk  = "U8463435FC4B4DAA0C49025272C29B12C"
	pvk  = "X367930344805B1FAD6146EF4ED7502B3"
	cvk  = "U9B4934384B19946B040CD702B4D58145"
	tak  = "U19D25F349FD03CC3556BB05F65283CA1"
	mkac = "UA67981CE67F36A4BD2DE46BA17D6F596"
	bdk  = "U8E3D3E2FD5919657F05A1AA90D32A014"
)

func TestCommandsAreRefused(t *testing.T) {
	s := newSimulator(t, simulator.Config{})
	for message, want := range map[string]string{
		"QQ": "QR68", "Q0": "Q168", "QA00": "QB68", "QB": "ZZ68", "zz": "ZZ68", "ZZ": "ZZ68", "NC0": "ND15", "NO": "NP15", "NO01": "NP03",

		"A0":                       "A115",
		"A00001":                   "A115",
		"A02001U":                  "A115",
		"A0A001U":                  "A168",
		"A00999U":                  "A104",
		"A00FFFS":                  "A1A1",
		"A00001Q":                  "A126",
		"A00001S":                  "A126",
		"A01001U;2" + zmk + "X":    "A105",
		"A01001U;0" + tpk + "X":    "A110",
		"A01001U;0" + zmk + "Y":    "A127",
		"A01001U;0UK001X":          "A112",
		"A00001U%01":               "A113",
		"A00001U%0x":               "A115",
		"A6001" + zmk + "X0000U":   "A715",
		"A6001" + tpk + zpk + "U":  "A710",
		"A6001S0000":               "A715",
		"A6001" + zmk + zpk + "U1": "A715",
		"A6001" + zmk + "U00000000000000000000000000000000U": "A711",
		"A6001" + zmk + "RB0016P0TB00E0000U":                 "A7A4",
		"A8001" + zmk + zmk + "U":                            "A911",
		"A8001" + zmk + zpk + "R#P0T2B00N00":                 "A929",
		"A8001" + zmk + zpk + "R":                            "A915",
		"A8001" + zmk + zpk + "R#P0T2B00E0000":               "A915",
		"A8001" + zmk + zpk + "R#P0T3B00E00":                 "A9A7",
		"A8001" + zmk + zpk + "R#M3T2C00E00":                 "A9A7",
		"A8001" + zmk + zpk + "R#P0T2Q00E00":                 "A9A6",
		"A8001" + zmk + zpk + "R#P0T2B00E01":                 "A9AB",
		"BU011" + tpk:                                        "BV10",
		"BU010" + zpk:                                        "BV05",
		"BUFF1" + zpk:                                        "BV15",
		"BUFF1" + zpk + ";FFF":                               "BVA1",
		"BU991" + zpk:                                        "BV04",
		"HC" + zpk:                                           "HD10",
		"FA" + zmk + "S0016":                                 "FB15",
		"GC" + zmk + zpk + ";QZ1":                            "GD26",

		"CA" + tpk + tpk + "126428EB94035AF53B0101550000025321":                      "CB11",
		"CA" + zpk + zpk + "126428EB94035AF53B0101550000025321":                      "CB10",
		"CA" + tpk + zpk + "126428EB94035AF53C0101550000025321":                      "CB20",
		"CA" + tpk + zpk + "126428EB94035AF53B0199550000025321":                      "CB23",
		"CA" + tpk + zpk + "126428EB94035AF53B9901550000025321":                      "CB23",
		"CA" + tpk + zpk + "126428eB94035AF53B0101550000025321":                      "CB15",
		"CA" + tpk + zpk + "036428EB94035AF53B0101550000025321":                      "CB24",
		"CA" + tpk + zpk + "126428EB94035AF53B010155000002532":                       "CB15",
		"G0" + bdk + zpk + "FFFFFFF9876543210E000011B9C1845EB993A7A0101401234567890": "G115",
		"G0" + bdk + zpk + "A05FFFF9876543210E000001B9C1845EB993A7A0101401234567890": "G115",
		"G0" + bdk + zpk + "A05FFFF9876543210E0000":                                  "G115",

		"DC" + tpk + cvk[:33] + "028DCC093FB0471F0355000002532114402": "DD11",
		"EC" + zpk + "BAB32D775A38E4ABBAB32D775A38E4AB":               "ED11",
		"DG" + pvk + "112345500000253211":                             "DH14",
		"CW" + cvk + "4123456789012345;870110":                        "CX15",
		"CW" + cvk + "41234567890123456789;8701101":                   "CX15",
		"CW" + cvk + "4123;8701101":                                   "CX15",
		"CW" + cvk + "4123456789012345":                               "CX15",
		"CW" + cvk + ";8701101":                                       "CX15",

		"M610131003" + tak + "0001x": "M768", "M640131003" + tak + "0001x": "M703", "M600231003" + tak + "0001x": "M703", "M600141003" + tak + "0001x": "M705",
		"M600133003" + tak + "0001x": "M706", "M600131001" + zpk + "0001x": "M704", "M600130003" + tak + "0001x": "M780", "M600131003" + tak + "0002x": "M780",
		"M601131003" + tak + "0001x": "M715", "M603131003" + tak + "0001x": "M704", "M600111003" + tak + "0001xx": "M715", "M600131003": "M715",

		"KQ30" + mkac: "KR68", "KQ50" + mkac: "KR04", "KQ02" + mkac: "KR05", "KQ00" + zpk: "KR10", "KQ00" + mkac: "KR15",
		"KQ00" + mkac + strings.Repeat("\x12", 14) + "0712345671234567;12345678":    "KR15",
		"KQ00" + mkac + strings.Repeat("\x12", 14) + "071234567;12345678":           "KR80",
		"KQ00" + mkac + "\xff" + strings.Repeat("\x12", 13) + "0812345678;12345678": "KR15",
		"KQ00" + mkac + strings.Repeat("\x12", 14) + "0812345678;12345678":          "KR01",
	} {
		require.Equal(t, want, ask(t, s, message), "%q", message)
	}
	require.Equal(t, "ZZ68", ask(t, newSimulator(t, simulator.Config{UnknownZZ: true}), "QQ"))
	for _, short := range []string{"", "000", "0007N", "0007\x00\x00"} {
		_, err := s.AppendAnswer(nil, []byte(short))
		require.ErrorIs(t, err, simulator.ErrFrame)
	}
}

// What a message may end with comes back, and nothing else does.
func TestTrailer(t *testing.T) {
	s := newSimulator(t, simulator.Config{})
	require.Equal(t, "B300abc\x19end", ask(t, s, "B20003abc%00\x19end"))
	require.Equal(t, "B313", ask(t, s, "B20003abc%01\x19end"))
	require.Equal(t, "B315", ask(t, s, "B20003abc\x19"))
	require.Equal(t, "B315", ask(t, s, "B20003abc\x19"+strings.Repeat("x", 33)))
	require.Equal(t, "B300abc\x19"+strings.Repeat("x", 32), ask(t, s, "B20003abc\x19"+strings.Repeat("x", 32)))
	require.Equal(t, "B315", ask(t, s, "B20003abc\x19a\nb"))
	require.Equal(t, "DD01\x19end", ask(t, s, "DC"+tpk+pvk+"028DCC093FB0471F0355000002532114401\x19end"))
}

// A new key that was sent under another opens again: A0 with A6, HC with BU, GC with FA.
func TestKeysGoAndCome(t *testing.T) {
	for _, flag := range []string{"", ";0"} {
		s := newSimulator(t, simulator.Config{})
		made := ask(t, s, "A01001U"+flag+zmk+"X")
		require.Equal(t, "A100", made[:4])
		own, sent, kcv := made[4:37], made[37:70], made[70:]
		require.Equal(t, "A700"+own+kcv, ask(t, s, "A6001"+zmk+sent+"U"))
		require.Equal(t, "A900"+sent+kcv, ask(t, s, "A8001"+zmk+own+"X"))
		require.Equal(t, "GD00"+sent+kcv, ask(t, s, "GC"+zmk+own+";XU1"))
		require.Equal(t, "FB00"+own+kcv, ask(t, s, "FA"+zmk+sent+";XU1"))
		require.Equal(t, "KB00"+kcv, ask(t, s, "KA"+own+"01;ZZ1"))
	}
	s := newSimulator(t, simulator.Config{Separated: true})
	made := ask(t, s, "HC"+tpk+";XU1")
	require.Equal(t, "HD00X", made[:5])
	require.Equal(t, "BV00", ask(t, s, "BU021"+made[37:])[:4])
	require.Len(t, ask(t, s, "HC"+tpk), len(made))
	require.Equal(t, "BV00", ask(t, s, "BU020"+ask(t, s, "A00002Z")[4:20])[:4])
	require.Equal(t, "BV00", ask(t, s, "BU022"+ask(t, s, "A00002T")[4:53])[:4])

	master := ask(t, s, "A0080DU")[4:37]
	made = ask(t, s, "A0170DU;1"+master+"X")
	require.Equal(t, "A100U", made[:5])
	clear := unhex(t, "D3DCC7EA9BCB755D254620B376B3D007")
	require.NoError(t, simulator.TestLMK().Wrap(payshield.TPK2, 'U', clear))
	pins := "CA" + "U" + upper(clear) + zpk + "126428EB94035AF53B0101550000025321"
	require.Equal(t, "CB0004", ask(t, s, pins)[:6])
	require.Equal(t, "CB10", ask(t, newSimulator(t, simulator.Config{}), pins))
	require.Equal(t, "CB10", ask(t, s, "CA"+tpk+zpk+"126428EB94035AF53B0101550000025321"))
}

// PINs under the local master key: the values of the blocks that hold the same PIN.
func TestValuesOfLocalPINs(t *testing.T) {
	s := newSimulator(t, simulator.Config{})
	block := "91DDDA0A7C12CFAA" + "01"
	require.Equal(t, "FX004402", ask(t, s, "FW001"+zpk+pvk+block+"5500000253211"))
	offset := ask(t, s, "DE"+pvk+"01234"+"04"+"550000025321"+"0123456789012345"+"5500000253N1")
	require.Equal(t, "DF00", offset[:4])
	require.Equal(t, "FFFFFFFF", offset[8:])
	require.Equal(t, "BL"+offset[2:], ask(t, s, "BK001"+zpk+pvk+block+"04"+"550000025321"+"0123456789012345"+"5500000253N1"))
	verify := func(offset string) string {
		return ask(t, s, "EA"+zpk+pvk+"12"+block+"04"+"550000025321"+"0123456789012345"+"5500000253N1"+offset)
	}
	require.Equal(t, "EB00", verify(offset[4:]))
	require.Equal(t, "EB01", verify("9999FFFFFFFF"))
	require.Equal(t, "EB15", verify("9999F9FFFFFF"))
	require.Equal(t, "EB15", verify("999FFFFFFFFF"))
	require.Equal(t, "EB15", ask(t, s, "EA"+zpk+pvk+"12"+block+"04"+"550000025321"+"0123456789012345"+"550000025311"+offset[4:]))
	require.Equal(t, "EB25", ask(t, s, "EA"+zpk+pvk+"12"+block+"04"+"550000025321"+"0000000000000000"+"5500000253N1"+offset[4:]))
	require.Equal(t, "EB24", ask(t, s, "EA"+zpk+pvk+"03"+block+"04"+"550000025321"+"0123456789012345"+"5500000253N1"+offset[4:]))
	require.Equal(t, "DF24", ask(t, s, "DE"+pvk+"01234"+"05"+"550000025321"+"0123456789012345"+"5500000253N1"))
	six := newSimulator(t, simulator.Config{PINLength: 6})
	require.Equal(t, "DH004402", ask(t, six, "DG"+pvk+"0123456"+"5500000253211"))
}

func TestMasterKeyShowsNothing(t *testing.T) {
	l := simulator.TestLMK()
	require.Equal(t, "LMK(hidden) LMK(hidden) LMK(hidden)", fmt.Sprintf("%v %+v %#v", l, l, l))
	require.NoError(t, l.Wrap(payshield.ZPK, 'U', make([]byte, 16)))
	for _, err := range []error{l.Wrap("999", 'U', make([]byte, 16)), l.Wrap("A01", 'U', make([]byte, 16)), l.Wrap("01", 'U', make([]byte, 16)),
		l.Wrap(payshield.ZPK, 'U', make([]byte, 8)), l.Wrap(payshield.ZPK, 'S', make([]byte, 16)), simulator.LMK{}.Unwrap(payshield.ZPK, 'U', make([]byte, 16))} {
		require.Error(t, err)
	}
}

// seeds are messages of all kinds, with a header of four bytes.
var seeds = []string{
	"NC", "NO00", "B20003abc%00\x19end", "A01001U;0" + zmk + "X", "A6001" + zmk + "XC8E3118AFA853807EB7E92294663A5BAU",
	"A8001" + zmk + zpk + "R%00#P0T2B00E00", "BUFF1" + zpk + ";001;001", "KA" + zpk + "01;ZZ1", "HC" + tpk + ";XU1",
	"CA" + tpk + zpk + "126428EB94035AF53B0101550000025321", "G0" + bdk + zpk + "A05FFFF9876543210E000011B9C1845EB993A7A0101401234567890",
	"EC" + zpk + pvk + "91DDDA0A7C12CFAA0155000002532114402", "DG" + pvk + "012345500000253211",
	"EA" + zpk + pvk + "1291DDDA0A7C12CFAA01045500000253210123456789012345" + "5500000253N1" + "1234FFFFFFFF",
	"CY" + cvk + "5614123456789012345;8701101", "M600131003" + tak + "0003abc", "MA" + "C6F34693FB39CB6Eabc", "S0016", "ZZ",
	"KQ10" + mkac + "\x64\x14\x00\x00\x00\x03\x67\x01\x00\x07\x53\x44\x65\x780812345678;1234567800",
}

// FuzzAnswer gives the simulator any message: the answer has the header and the answer's code, an error code and, after an
// error, nothing but a trailer.
func FuzzAnswer(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte("0007"+seed), false)
	}
	plain := newSimulator(f, simulator.Config{})
	ebcdic := newSimulator(f, simulator.Config{Device: payshield.Options{Header: 2, EBCDIC: true}, UnknownZZ: true})
	f.Fuzz(func(t *testing.T, message []byte, other bool) {
		before := bytes.Clone(message)
		s, header := plain, 4
		if other {
			s, header = ebcdic, 2
		}
		answer, err := s.AppendAnswer(nil, message)
		require.Equal(t, before, message)
		if err != nil {
			require.ErrorIs(t, err, simulator.ErrFrame)
			require.Empty(t, answer)
			return
		}
		require.Equal(t, message[:header], answer[:header])
		require.GreaterOrEqual(t, len(answer), header+4)
		require.LessOrEqual(t, len(answer), len(message)+256)
		if rest := answer[header+4:]; !other && string(answer[header+2:header+4]) != "00" && len(rest) > 0 {
			require.Equal(t, byte(0x19), rest[0])
		}
	})
}
