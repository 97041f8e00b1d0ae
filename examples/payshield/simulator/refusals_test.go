package simulator_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/examples/payshield/simulator"
)

// block is a Thales key block of no master key here, wrong a key without odd parity under any.
const (
	block = "S00072P0TB00E0001FB8A4952BFE42179AB8D79A81943DF1FAD67CF015117EE8528E79900"
	wrong = "U00000000000000000000000000000000"
)

// templates are commands with two keys, at %1 and %2, and what stands in their place is not the keys'.
var templates = map[string][2]string{
	"A8001%1%2U": {zmk, zpk},
	"GC%1%2":     {zmk, zpk},
	"FE%1%2":     {zmk, tpk},
	"CA%1%2126428EB94035AF53B0101550000025321":                                                            {tpk, zpk},
	"CC%1%2126428EB94035AF53B0101550000025321":                                                            {zpk, zpk},
	"G0%1%2A05FFFF9876543210E000011B9C1845EB993A7A0101401234567890":                                       {bdk, zpk},
	"CI%1%2605FFFF9876543210E000011B9C1845EB993A7A01401234567890":                                         {bdk, zpk},
	"CK%1%2605FFFF9876543210E000011B9C1845EB993A7A0440123456789001234567890123450004012345N99252FFFFFFFF": {bdk, pvk},
	"DC%1%2028DCC093FB0471F0355000002532114402":                                                           {tpk, pvk},
	"EC%1%291DDDA0A7C12CFAA0155000002532114402":                                                           {zpk, pvk},
	"FW001%1%291DDDA0A7C12CFAA015500000253211":                                                            {zpk, pvk},
	"CU001%1%291DDDA0A7C12CFAA0155000002532114402262D1CC277EF0BB4":                                        {zpk, pvk},
	"EA%1%21291DDDA0A7C12CFAA010455000002532101234567890123455500000253N11234FFFFFFFF":                    {zpk, pvk},
	"BK001%1%291DDDA0A7C12CFAA010455000002532101234567890123455500000253N1":                               {zpk, pvk},
}

// singles are commands with one key.
var singles = map[string]string{
	"A01001U;0%1X": zmk, "A6001%12B930A07119F93A8Z": zmk, "FA%12B930A07119F93A8": zmk, "HC%1": tpk,
	"DG%1012345500000253211": pvk, "DE%1012340455000002532101234567890123455500000253N1": pvk, "CW%14123456789012345;8701101": cvk,
	"CY%15614123456789012345;8701101": cvk, "M600131003%10003abc": tak, "M800131003%10003abc1234567812345678": tak, "MA%1abc": tak,
	"KQ00%1" + strings.Repeat("\x12", 14) + "0812345678;12345678": mkac,
}

// Whatever stands in the place of a key is refused for what is wrong with it.
func TestKeysAreRefused(t *testing.T) {
	s := newSimulator(t, simulator.Config{})
	code := func(message string) string { return ask(t, s, message)[2:4] }
	for template, keys := range templates {
		put := func(first, second string) string {
			return strings.NewReplacer("%1", first, "%2", second).Replace(template)
		}
		for bad, want := range map[string][2]string{wrong: {"10", "11"}, block: {"A1", "A1"}, "K001": {"12", "12"}, "XK001": {"12", "12"}, "RB0016P0TB00E0000": {"26", "26"}, "q": {"15", "15"}} {
			require.Equal(t, want[0], code(put(bad, keys[1])), template)
			require.Equal(t, want[1], code(put(keys[0], bad)), template)
		}
		whole := put(keys[0], keys[1])
		for n := 2; n < len(whole); n++ {
			if c := code(whole[:n]); c != "00" && c != "01" { // what may be left out at the end
				require.Contains(t, []string{"15", "10", "11", "A1", "26", "27"}, c, whole[:n])
			}
		}
		require.Equal(t, "15", code(whole+"?"), template)
	}
	for template, key := range singles {
		put := func(k string) string { return strings.ReplaceAll(template, "%1", k) }
		for bad, want := range map[string]string{wrong: "10", block: "A1", "K001": "12", "RB0016P0TB00E0000": "26", "q": "15"} {
			require.Equal(t, want, code(put(bad)), template)
		}
		if !strings.HasPrefix(template, "MA") {
			require.Equal(t, "15", code(put(key)+"?"), template)
		}
	}
}

// Keys of a length that the command does not take.
func TestLengthsOfKeys(t *testing.T) {
	s := newSimulator(t, simulator.Config{})
	of := func(kind, scheme string) string {
		key := ask(t, s, "A00"+kind+scheme)[4:]
		return key[:len(key)-6]
	}
	single, triple := of("002", "Z"), of("002", "T")
	require.Equal(t, "ED27", ask(t, s, "EC"+zpk+triple+"91DDDA0A7C12CFAA0155000002532114402"))
	require.Equal(t, "ED27", ask(t, s, "EC"+zpk+"Z"+single+"91DDDA0A7C12CFAA0155000002532114402"))
	require.Equal(t, "CX27", ask(t, s, "CW"+of("402", "T")+"4123456789012345;8701101"))
	require.Equal(t, "KR27", ask(t, s, "KQ00"+of("109", "T")+strings.Repeat("\x12", 14)+"0812345678;12345678"))
	require.Equal(t, "A927", ask(t, s, "A8001"+of("000", "Z")+zpk+"U"), "a variant of a single key")
	require.Equal(t, "A900", ask(t, s, "A8001"+of("000", "Z")+zpk+"X")[:4])
	require.Equal(t, "A900", ask(t, s, "A8001"+of("000", "T")+zpk+"U")[:4])
	answer := ask(t, s, "EA"+zpk+single+"12"+"91DDDA0A7C12CFAA"+"0104"+"550000025321"+"0123456789012345"+"5500000253N1"+"1234FFFFFFFF")
	require.Contains(t, []string{"EB00", "EB01"}, answer, "a single key will do")
	for _, n := range []string{"04", "05", "12"} {
		require.Equal(t, "EB01", ask(t, s, "EA"+zpk+pvk+n+"91DDDA0A7C12CFAA"+"0104"+"550000025321"+"0123456789012345"+"5500000253N1"+"9999FFFFFFFF"))
	}
}

// What is optional behind a key, and what is usual without it.
func TestOptionalSchemes(t *testing.T) {
	s := newSimulator(t, simulator.Config{})
	under := ask(t, s, "FE"+zmk+tpk+";XU1")
	require.Equal(t, "FF00X", under[:5])
	require.Equal(t, "FD00"+tpk+"070753", ask(t, s, "FC"+zmk+under[4:37]+";XU1"))
	require.Equal(t, "FD00"+tpk+"0707533EE390722E", ask(t, s, "FC"+zmk+under[4:37]))
	require.Equal(t, "FD00"+tpk+"0707533EE390722E", ask(t, s, "FC"+zmk+under[4:37]+";XU0"))
	require.Equal(t, "FF00U2C62A23D001B97412950CD8BE66C76390707533EE390722E", ask(t, s, "FE"+zmk+tpk))
	require.Equal(t, "FF26", ask(t, s, "FE"+zmk+tpk+";QU1"))
	triple := ask(t, s, "A00002T")[4:53]
	require.Equal(t, "FF00T", ask(t, s, "FE"+zmk+triple)[:5])
	require.Equal(t, "HD00T", ask(t, s, "HC"+triple)[:5])
	require.Equal(t, "FD26", ask(t, s, "FC"+zmk+under[4:37]+";XQ1"))
	require.Equal(t, "HD26", ask(t, s, "HC"+tpk+";QU1"))
	require.Equal(t, "HD26", ask(t, s, "HC"+tpk+";XQ1"))
	require.Equal(t, "HD27", ask(t, s, "HC"+tpk+";YU1"))
	require.Equal(t, "BV00070753", ask(t, s, "BU021"+tpk+";001"))
	require.Equal(t, "BV000707533EE390722E", ask(t, s, "BU021"+tpk+";000"))
	require.Equal(t, "KB000707533EE390722E", ask(t, s, "KA"+tpk+"02"))
}

func TestParts(t *testing.T) {
	s := newSimulator(t, simulator.Config{})
	require.Equal(t, "ND00"+simulator.TestLMK().CheckValue()+"1234-5678", ask(t, s, "NC"))
	pair := pvk[1:] // a pair may go without its letter where pairs are expected
	require.Equal(t, "ED00", ask(t, s, "EC"+zpk+pair+"91DDDA0A7C12CFAA0155000002532114402"))
	de := func(table, validation string) string {
		return ask(t, s, "DE"+pvk+"01234"+"04"+"550000025321"+table+validation)[:4]
	}
	require.Equal(t, "DF00", de("0123456789012345", "5500000253ND"))
	require.Equal(t, "DF00", de("0123456789012345", "55000002NDDD"))
	require.Equal(t, "DF22", de("0123456789012345", "A500000253N1"))
	require.Equal(t, "DF25", de("0000000000000000", "5500000253N1"))

	// A key that may leave in key blocks only does not come out of one.
	kept := ask(t, s, "A8001"+zmk+zpk+"R#P0T2B00E00")[4:]
	require.Equal(t, "A729", ask(t, s, "A6001"+zmk+kept[:len(kept)-6]+"U"))
	sent := ask(t, s, "A8001"+zmk+zpk+"R#P0T2B00S00")[4:]
	require.Equal(t, "A700"+zpk+sent[len(sent)-6:], ask(t, s, "A6001"+zmk+sent[:len(sent)-6]+"U"))
	require.Equal(t, "A7A6", ask(t, s, "A6003"+zmk+sent[:len(sent)-6]+"U"))

	whole := mkac + strings.Repeat("\x12", 14)
	require.Equal(t, "KR68", ask(t, s, "KQ40"+whole))
	require.Equal(t, "KR04", ask(t, s, "KQ/0"+whole))
	for _, mode := range []string{"1", "2", "3"} {
		require.Equal(t, "M768", ask(t, s, "M6"+mode+"0131003"+tak+"0001x"))
	}
	require.Equal(t, "M7A1", ask(t, s, "M600131FFF"+tak+"0001x"))
	require.Equal(t, "CB0004", ask(t, s, "CA"+tpk+zpk+"046428EB94035AF53B0101550000025321")[:6], "as long as the longest")
	require.Equal(t, "A913", ask(t, s, "A8001"+zmk+zpk+"R%01#P0T2B00E00"))
	require.Equal(t, "A900", ask(t, s, "A8001"+zmk+zpk+"R%00#P0T2B00E00")[:4])
	require.Equal(t, "A915", ask(t, s, "A8001"+zmk+zpk+"R&00#P0T2B00E00"))
	require.Equal(t, "A915", ask(t, s, "A8"))
	single := ask(t, s, "A00000Z")[4:20]
	require.Equal(t, "A768", ask(t, s, "A6001"+single+sentBlock(t, s)+"U"), "a protection key of single length")
	require.Equal(t, "KR80", ask(t, s, "KQ10"+whole+"071234567;1234567800"))
	require.Equal(t, "KR80", ask(t, s, "KQ00"+whole+"00;12345678"))
	require.Equal(t, "KR15", ask(t, s, "KQ00"+whole+"0812345678,12345678"))
	for _, scheme := range []string{"0", "1"} {
		answer := ask(t, s, "KQ2"+scheme+whole+"1234567800")
		require.Len(t, answer, 12, "an ARPC without a cryptogram verified")
		require.Equal(t, "KR00", answer[:4])
	}
	require.Equal(t, "M706", ask(t, s, "M60013/003"+tak+"0001x"))
	require.Equal(t, "M706", ask(t, s, "M600133003"+tak+"0001x"))
	require.Len(t, ask(t, s, "M600130003"+tak+"0008abcdefgh"), 20)
	require.Len(t, ask(t, s, "M600131008"+ask(t, s, "A00008U")[4:37]+"0001x"), 20)
	g0 := func(descriptor string) string {
		return ask(t, s, "G0"+bdk+zpk+descriptor+"FFFF9876543210E00001"+"1B9C1845EB993A7A"+"0101401234567890")[:4]
	}
	require.Equal(t, []string{"G100", "G115", "G100", "G115"}, []string{g0("960"), g0("961"), g0("A05"), g0("B05")})
	require.Equal(t, "DH15", ask(t, s, "DG"+pvk+"0123455000002532"))
	require.Equal(t, "DH15", ask(t, s, "DG"+pvk+"01"))
	require.Equal(t, "FX04", ask(t, s, "FW003"+zpk+pvk+"91DDDA0A7C12CFAA015500000253211"))
	require.Equal(t, "FXA1", ask(t, s, "FWFFF"+zpk))
	require.Equal(t, "CV01", ask(t, s, "CU001"+zpk+pvk+"91DDDA0A7C12CFAA0155000002532114401262D1CC277EF0BB4"))
	require.Equal(t, "CV20", ask(t, s, "CU001"+zpk+pvk+"91DDDA0A7C12CFAA01550000025321144020000000000000000"))
	require.Equal(t, 1024, s.Server().MaxConns)
	newSimulator(t, simulator.Config{PINLength: 12})
	for _, c := range []simulator.Config{{}, {LMK: simulator.TestLMK(), PINLength: 3}, {LMK: simulator.TestLMK(), PINLength: 13}, {LMK: simulator.TestLMK(), Firmware: "x"}} {
		_, err := simulator.New(c)
		require.ErrorIs(t, err, simulator.ErrConfig)
	}
	for _, kind := range []payshield.KeyType{"", "0", "0001", "/01", ":01", "0FF"} {
		require.Error(t, simulator.TestLMK().Wrap(kind, 'Z', make([]byte, 8)), kind)
	}
	for _, keys := range [][][]byte{nil, make([][]byte, 20), make([][]byte, 19)} {
		_, err := simulator.NewLMK(keys)
		require.ErrorIs(t, err, crypto.ErrKeyLength)
	}
}

// sentBlock is a zone PIN key in a key block.
func sentBlock(t *testing.T, s *simulator.Simulator) string {
	sent := ask(t, s, "A8001"+zmk+zpk+"R#P0T2B00S00")[4:]
	return sent[:len(sent)-6]
}
