package emv

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func describe(t *testing.T, data string, o *DescribeOptions) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, Describe(&out, unhex(t, data), o))
	return out.String()
}

func TestDescribeCardResponse(t *testing.T) {
	require.Equal(t, `6F File Control Information Template
  84 Dedicated File Name: A000000333010102 (UnionPay)
  A5 FCI Proprietary Template
    50 Application Label: 50424F43 ("PBOC")
    9F38 Processing Options Data Object List: 9F66049F02069F7A01
        9F66 Terminal Transaction Qualifiers [4]
        9F02 Amount, Authorised (Numeric) [6]
        9F7A EC Terminal Support Indicator [1]
    BF0C FCI Issuer Discretionary Data
      9F4D Log Entry: 0B0A
`, describe(t, "6F2B8408A000000333010102A51F500450424F439F38099F66049F02069F7A01BF0C059F4D020B0A0000000000", nil))
}

func TestDescribeInChinese(t *testing.T) {
	require.Equal(t, `95 终端验证结果（TVR）: 0000008000
    4.8 交易金额超过最低限额
9F27 密文信息数据（CID）: 80 (ARQC，请求联机授权)
9F02 授权金额（数值型）: 000000001999 (19.99 CNY)
5F2A 交易货币代码: 0156 (CNY)
DF77 未知标签: [2字节]
`, describe(t, "950500000080009F2701809F02060000000019995F2A020156DF77021234", &DescribeOptions{Language: Chinese}))
}

// TestDescribeMasks puts the same digits into every sensitive kind of value and into tags nobody knows.
func TestDescribeMasks(t *testing.T) {
	const pan, name = "6226220010071367", "ZHANG/SAN"
	var d []byte
	for info := range Tags() {
		switch {
		case info.Sensitivity == Public || info.Tag.Constructed():
			continue
		case info.Sensitivity == MaskPAN:
			d = AppendTLV(d, info.Tag, unhex(t, pan))
		case info.Sensitivity == MaskTrack:
			d = AppendTLV(d, info.Tag, unhex(t, pan+"D25122011234567890"+"00"))
			d = AppendTLV(d, info.Tag, []byte("B"+pan+"^"+name+"^2512201123456"))
			d = AppendTLV(d, info.Tag, []byte("other "+pan))
		case info.Sensitivity == MaskScript:
			d = AppendTLV(d, info.Tag, append(unhex(t, "8424000010"), unhex(t, pan+pan)...))
		default:
			d = AppendTLV(d, info.Tag, unhex(t, pan))
			d = AppendTLV(d, info.Tag, []byte(name))
		}
	}
	d = AppendTLV(d, 0xDF77, unhex(t, pan))
	d = AppendTLV(d, 0xFF77, unhex(t, pan)) // no objects inside
	for _, context := range []Context{{}, {RID: RIDMastercard}, {RID: RIDVisa}, {RID: RIDUnionPay}, {RID: RIDInterac}} {
		var out strings.Builder
		require.NoError(t, Describe(&out, d, &DescribeOptions{Context: context}))
		for _, secret := range []string{pan, name, "0010071367", "5A48414E47"} {
			require.False(t, strings.Contains(out.String(), secret), "a secret is described in clear")
		}
		require.Contains(t, out.String(), "622622******1367")
	}
	require.Contains(t, describe(t, "5A08"+pan, &DescribeOptions{Clear: true}), pan)
}

func TestDescribeDecodesByScheme(t *testing.T) {
	for _, c := range []struct {
		data   string
		scheme RID
		want   string
	}{
		{"9F51020156", RIDUnionPay, "9F51 Application Currency Code: 0156 (CNY)\n"},
		{"9F51020156", RIDVisa, "9F51 Application Currency Code: 0156 (CNY)\n"},
		{"9F51039F3704", RIDMastercard, "9F51 DRDOL: 9F3704\n    9F37 Unpredictable Number [4]\n"},
		{"9F5B039F3704", RIDMastercard, "9F5B DSDOL: 9F3704\n    9F37 Unpredictable Number [4]\n"},
		{"9F6602FFFF", RIDMastercard, "9F66 PUNATC (Track 2): FFFF\n"},
		{"9F6604FF000000", RIDUnionPay, "9F66 Terminal Transaction Qualifiers: FF000000\n    1.8 magnetic stripe mode supported\n    1.7 RFU\n" +
			"    1.6 contactless EMV mode supported\n    1.5 contact chip supported\n    1.4 reader is offline only\n    1.3 online PIN supported\n" +
			"    1.2 signature supported\n    1.1 offline data authentication for online authorisations supported\n"},
		{"9F6E0401000000", RIDAmex, "9F6E Enhanced Contactless Reader Capabilities: 01000000\n    1.1 RFU\n"},
	} {
		require.Equal(t, c.want, describe(t, c.data, &DescribeOptions{Context: Context{RID: c.scheme}}))
	}
}

func TestDescribeTakesTheSchemeFromTheData(t *testing.T) {
	ppse := describe(t, "6F23840E325041592E5359532E4444463031A511BF0C0E610C4F07A0000000031010870101"+"9F5D06000000010000", nil)
	require.Contains(t, ppse, "9F5D Available Offline Spending Amount: 000000010000 (10000)")
}

// TestDescribeKeepsControlCharactersOut holds that a card cannot write escape sequences to a screen.
func TestDescribeKeepsControlCharactersOut(t *testing.T) {
	const escape = "1B5B324A"
	track := "42363232363232303031303037313336375E415E" + escape + "32"
	for _, tag := range []string{"5006", "9F1206", "5F5006", "8906", "9F1C06"} {
		out := describe(t, tag+escape+"0A41", &DescribeOptions{Clear: true})
		require.NotContains(t, out, "\x1b")
		require.Equal(t, 1, strings.Count(out, "\n"))
	}
	require.NotContains(t, describe(t, "5619"+track, nil), "\x1b")
}

// TestDescribeHidesWhatItCannotRead puts a card number into templates that are broken or too deep.
func TestDescribeHidesWhatItCannotRead(t *testing.T) {
	const pan = "6226220010071367"
	deep := AppendTLV(nil, 0x5A, unhex(t, pan))
	for range 20 {
		deep = AppendTLV(nil, 0x70, deep)
	}
	broken := AppendTLV(nil, 0x70, unhex(t, "5A08"+pan+"9F"))
	for _, d := range []TLV{deep, broken, unhex(t, "700C5A08"+pan)} {
		var out strings.Builder
		_ = Describe(&out, d, nil)
		require.False(t, strings.Contains(out.String(), pan), "a card number is described in clear")
		require.NotEmpty(t, out.String())
	}
}

func TestDescribeGoesOnAfterAFault(t *testing.T) {
	var out strings.Builder
	err := Describe(&out, unhex(t, "650AAACAADDEDFEDACADEEEE"+"8201"), nil)
	var fault *SyntaxError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, 14, fault.Offset)
	require.Equal(t, "65 Cardholder Related Data: [10 bytes]\n! emv: truncated: value at offset 14 of tag 82\n", out.String())
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestDescribeReturnsTheWritersError(t *testing.T) {
	require.EqualError(t, Describe(brokenWriter{}, unhex(t, field55), nil), "disk full")
}

// TestDescribeWordsSingleValues goes through what has no vector.
func TestDescribeWordsSingleValues(t *testing.T) {
	for value, want := range map[string]string{
		"9F6E0423940000":             "9F6E Form Factor Indicator: 23940000 (mobile phone)\n    passcode capable\n    CVV2 printed\n    cloud-based credentials\n",
		"9F5B0A1102030405200000000A": "9F5B Issuer Script Results: 1102030405200000000A\n    script 02030405: failed at command 1\n    script 0000000A: successful\n",
		"9F5B03112233":               "9F5B Issuer Script Results: 112233\n",
		"9F3901FF":                   "9F39 Point-of-Service Entry Mode: FF\n",
		"9F3501FF":                   "9F35 Terminal Type: FF (RFU)\n",
		"8A02A1A1":                   "8A Authorisation Response Code: A1A1 (\"..\")\n",
		"8A0101":                     "8A Authorisation Response Code: 01 (\".\")\n",
		"9A03261332":                 "9A Transaction Date: 261332\n",
		"9F2103256000":               "9F21 Transaction Time: 256000\n",
		"9F020600000000000A":         "9F02 Amount, Authorised (Numeric): 00000000000A\n",
		"5F2A020999":                 "5F2A Transaction Currency Code: 0999 (999)\n",
		"9F1A020999":                 "9F1A Terminal Country Code: 0999 (999)\n",
		"9F1A03000156":               "9F1A Terminal Country Code: 000156 (156)\n",
		"9F15020999":                 "9F15 Merchant Category Code: 0999 (999)\n",
		"9F15021056":                 "9F15 Merchant Category Code: 1056\n", // no zeros before it
		"9F3600":                     "9F36 Application Transaction Counter: \n",
		"9F2A0101":                   "9F2A Kernel Identifier: 01 (kernel 1, international)\n",
		"9F2A03830156":               "9F2A Kernel Identifier: 830156 (kernel 3, domestic, EMVCo format)\n",
		"8C029F02":                   "8C Card Risk Management Data Object List 1: 9F02\n",
		"9F4A029F02":                 "9F4A Static Data Authentication Tag List: 9F02\n    9F02 Amount, Authorised (Numeric)\n",
		"9F4A019F":                   "9F4A Static Data Authentication Tag List: 9F\n",
		"8E03000000":                 "8E Cardholder Verification Method List: 000000\n",
		"9103AABBCC":                 "91 Issuer Authentication Data: AABBCC\n",
		"910811223344" + "55667788": "91 Issuer Authentication Data: 1122334455667788\n    ARPC: 11223344\n    card status update: 55667788\n" +
			"      issuer declines the transaction\n      RFU\n      RFU\n      block the card\n      block the application\n" +
			"      made by a proxy for the issuer\n      reset the counters to zero\n",
		"8B020001":       "8B POI Information: 0001\n",
		"80020102":       "80 Response Message Template Format 1: 0102\n",
		"5F2D0141":       "5F2D Language Preference: 41 (\"A\")\n",
		"9F270175":       "9F27 Cryptogram Information Data: 75 (TC, approved offline)\n    scheme bits 30\n    reason: RFU\n",
		"84050102030405": "84 Dedicated File Name: 0102030405\n",
		"8405A000000277": "84 Dedicated File Name: A000000277 (Interac)\n",
		"5A03123456":     "5A Application Primary Account Number: [3 bytes] (******)\n",
		"5A03ABCDEF":     "5A Application Primary Account Number: [3 bytes]\n",
	} {
		require.Equal(t, want, describe(t, value, nil), value)
	}
}

// TestDescribeInsideTemplates: as many templates inside each other as Validate takes are printed, and one more is not looked
// into.
func TestDescribeInsideTemplates(t *testing.T) {
	for templates, want := range map[int]bool{1: true, maxDepth - 1: true, maxDepth: false} {
		data := unhex(t, "9F36020005")
		for range templates {
			data = AppendTLV(nil, 0x6F, data)
		}
		require.Equal(t, want, TLV(data).Validate(nil) == nil, templates)
		var out strings.Builder
		err := Describe(&out, data, nil)
		require.Equal(t, want, strings.Contains(out.String(), "9F36 Application Transaction Counter: 0005 (5)"), "%d: %v", templates, err)
		require.Equal(t, min(templates, maxDepth-1)+1, strings.Count(out.String(), "\n"), "%d", templates)
	}
}

func TestDescribeFormat1(t *testing.T) {
	require.Equal(t, `80 Response Message Template Format 1: 800006B04398D218017BF907000103A0A80201
    9F27 Cryptogram Information Data: 80 (ARQC, online authorisation requested)
    9F36 Application Transaction Counter: 0006 (6)
    9F26 Application Cryptogram: B04398D218017BF9
    9F10 Issuer Application Data: 07000103A0A80201 (UnionPay)
      DKI 00, CVN 01, CVR 03A0A802
      algorithm: 3DES
`, describe(t, "8013800006B04398D218017BF907000103A0A80201", nil))
	require.Equal(t, `80 Response Message Template Format 1: 7C0008010100
    82 Application Interchange Profile: 7C00
      1.7 static data authentication supported
      1.6 dynamic data authentication supported
      1.5 cardholder verification supported
      1.4 terminal risk management to be performed
      1.3 issuer authentication with EXTERNAL AUTHENTICATE supported
    94 Application File Locator: 08010100
      file 1: records 1 to 1, 0 for offline data authentication
`, describe(t, "80067C0008010100", nil))
}
