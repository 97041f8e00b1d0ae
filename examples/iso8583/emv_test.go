package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv/qr"
)

// field55 is chip data of a sale: a cryptogram, a TVR, an amount in yuan, a card number with its track, a vendor's tag.
const field55 = "9F2608 3D6C7EBC47F92D4D 9F2701 80 9505 000004E000 9F0206 000000001999 5F2A02 0156" +
	"5A08 6226180000000427 5711 6226180000000427D211222000000000 0F DF7702 1234"

func TestEMVField55(t *testing.T) {
	out := must(t, field55, "emv")
	for _, line := range []string{
		"9F27 Cryptogram Information Data: 80 (ARQC, online authorisation requested)\n",
		"95 Terminal Verification Results: 000004E000\n    3.3 PIN or biometric captured for online verification\n",
		"9F02 Amount, Authorised (Numeric): 000000001999 (19.99 CNY)\n",
		"5A Application Primary Account Number: [8 bytes] (622618******0427)\n",
		"DF77 unknown tag: [2 bytes]\n",
	} {
		require.Contains(t, out, line)
	}
	require.NotContains(t, out, "6226180000000427")
	clear := must(t, field55, "emv", "-clear", "tlv")
	require.Equal(t, 4, strings.Count(clear, "6226180000000427"), "card number and track, each in hexadecimal and in words")
	require.Contains(t, clear, "DF77 unknown tag: 1234")
	require.Equal(t, clear, must(t, "", "emv", "-clear", "tlv", writeFile(t, "chip.hex", field55)))
}

func TestEMVValues(t *testing.T) {
	tvr := "95 Terminal Verification Results: 0000008000\n    4.8 transaction exceeds the floor limit\n"
	require.Equal(t, tvr, must(t, "00 00 00 80 00", "emv", "tvr"))
	require.Equal(t, tvr, must(t, "00 00 00 80 00", "emv", "95"))
	require.Equal(t, tvr+"\n"+tvr, must(t, "0000008000\n\n0000008000\n", "emv", "-lines", "TVR"))
	require.Equal(t, "95 终端验证结果（TVR）: 0000008000\n    4.8 交易金额超过最低限额\n", must(t, "0000008000", "emv", "-lang", "zh", "tvr"))
	require.Contains(t, must(t, "07010103A02002010A010000000000D327F59C", "emv", "iad"), "DKI 01, CVN 01, CVR 03A02002")
	for name := range emvValues {
		require.NotEmpty(t, must(t, "00", "emv", name))
	}
}

func TestEMVResponse(t *testing.T) {
	require.Equal(t, "77 Response Message Template Format 2\n  82 Application Interchange Profile: 0000\n9000 done\n",
		must(t, "7704820200009000", "emv", "response"))
	require.Equal(t, "6A82 文件或应用未找到\n", must(t, "6a82", "emv", "-lang", "zh", "response"))
	r := try("90", "emv", "response")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "length")
}

func merchantCode(t *testing.T, account string) string {
	code, err := qr.Merchant{
		Accounts: []qr.Field{{ID: 2, Value: account}}, CategoryCode: "5311", Currency: "156", Amount: "19.99", Country: "CN", Name: "BEST",
		City: "BEIJING", Additional: []qr.Field{{ID: qr.MobileNumber, Value: "13800138000"}, {ID: qr.StoreLabel, Value: "S1"}},
	}.Append(nil)
	require.NoError(t, err)
	return string(code)
}

func TestEMVMerchantCode(t *testing.T) {
	text := merchantCode(t, "4761739001010119")
	out := must(t, text+"\n", "emv", "qr")
	for _, line := range []string{
		"merchant-presented code\n00 Payload Format Indicator: 01\n", "02 Merchant Account Information: <16 characters> (Visa)\n",
		"53 Transaction Currency: 156 (CNY)\n", "54 Transaction Amount: 19.99\n",
		"62 Additional Data Field Template\n  02 Mobile Number: <11 characters>\n  03 Store Label: S1\n63 CRC: ",
	} {
		require.Contains(t, out, line)
	}
	clear := must(t, text, "emv", "-clear", "qr")
	require.Contains(t, clear, ": 4761739001010119 (Visa)\n")
	require.Contains(t, clear, ": 13800138000\n")
	require.Contains(t, must(t, text, "emv", "-lang", "zh", "qr"), "54 交易金额: 19.99\n")

	r := try(text[:len(text)-4]+"0000", "emv", "qr")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "qr: 63: CRC does not match")
	require.Contains(t, r.out, "19.99", "what can be read is shown")
	require.NotContains(t, r.out+r.errors, "4761739001010119")
}

func TestEMVPayCodes(t *testing.T) {
	require.Contains(t, must(t, consumerCode, "emv", "qr"), "consumer-presented code\n85 ")
	require.NotContains(t, must(t, consumerCode, "emv", "qr"), "62636001007136")
	require.Contains(t, must(t, consumerCode, "emv", "-clear", "qr"), "62636001007136")
	const wallet = "134567890123456789"
	out := must(t, wallet, "emv", "qr")
	require.Contains(t, out, "6789")
	require.NotContains(t, out, wallet)
	require.Contains(t, must(t, wallet, "emv", "-clear", "qr"), wallet)
	r := try("hello", "emv", "qr")
	require.Equal(t, exitBad, r.status)
	require.Equal(t, "iso8583: "+errNoCode.Error()+"\n", r.errors)
}

// consumerCode is the example of UnionPay's specification.
const consumerCode = "hQVDUFYwMWFWTwigAAADMwEBAlcRYmNgAQBxNnLSMSIBAAABiAFfNAEAYzOfJghWite85mtxi58nAYCfEBEHAAEDoAAAAQgwMDAwMDAwMZ82AhEiggIAAJ83BCJgSI4="

func TestEMVFaults(t *testing.T) {
	for _, c := range []struct{ name, in, kind, says string }{
		{"no hexadecimal", "95 05 xx", "tlv", "line 1, column 7: not a hexadecimal digit"},
		{"truncated", "5A0862261800", "tlv", "truncated"},
		{"nothing", " ", "tlv", "no message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := try(c.in, "emv", c.kind)
			require.Equal(t, exitBad, r.status)
			require.Contains(t, r.errors, c.says)
			require.NotContains(t, r.out+r.errors, "622618")
		})
	}
	for _, args := range [][]string{{"emv", "nonsense"}, {"emv", "-lang", "fr"}, {"emv", "-nope"}} {
		try("", args...).isUsage(t, args)
	}
}

func TestDecodeShowsChipData(t *testing.T) {
	hexText := ""
	for _, f := range publishedFrames(t) {
		if strings.Contains(f.Hex, "9505000004E000") {
			hexText = f.Hex
			break
		}
	}
	require.NotEmpty(t, hexText)
	out := must(t, hexText, "decode", "-spec", "unionpay-pos+field64-binary", "-frame", "binary2")
	for _, says := range []string{
		"Terminal Verification Results\n", " 3.3 PIN or biometric captured for online verification\n", "Amount, Authorised (Numeric) (0.02 CNY)\n",
		"Issuer Application Data (UnionPay)\n", " DKI 01, CVN 01, CVR 03A02002\n", "Transaction Currency Code (CNY)\n",
	} {
		require.Contains(t, out, says)
	}
}

func TestDecodeMasksChipData(t *testing.T) {
	file := writeFile(t, "chip.json", `{"name":"chip","fields":[{"number":55,"format":"b...999","encoding":"raw","prefix":{"encoding":"ascii"},"layout":{"kind":"ber-tlv",
		"fields":[{"tag":"9F26","format":"b 64","mask":"hidden"}]}}]}`)
	wire := fmt.Sprintf("%X", "02000000000000000200070") + field55
	out := must(t, wire, "decode", "-spec", file)
	require.Contains(t, out, "Application Primary Account Number")
	require.NotContains(t, out, "6226180000000427")
	require.NotContains(t, out, "3D6C7EBC47F92D4D", "hidden by the spec")
	require.NotContains(t, out, "1234")
	clear := must(t, wire, "decode", "-clear", "-spec", file)
	for _, value := range []string{"6226180000000427", "3D6C7EBC47F92D4D", "1234"} {
		require.Contains(t, clear, value)
	}
}

func TestDecodeTakesTheStricterMask(t *testing.T) {
	file := writeFile(t, "chip.json", `{"name":"chip","fields":[{"number":55,"format":"b...999","encoding":"raw","prefix":{"encoding":"ascii"},
		"layout":{"kind":"ber-tlv","fields":[{"tag":"95","format":"b 40","mask":"hidden"},{"tag":"5F20","format":"b 40","mask":"none"}]}}]}`)
	wire := fmt.Sprintf("%X", "02000000000000000200015") + "9505000004E000" + "5F2005534D495448"
	out := must(t, wire, "decode", "-spec", file)
	require.Contains(t, out, "Terminal Verification Results\n")
	require.NotContains(t, out, "3.3 PIN", "the spec hides the value")
	require.Contains(t, out, "Cardholder Name [5 bytes]\n")
	require.NotContains(t, out, "SMITH", "emv hides the name")
	clear := must(t, wire, "decode", "-clear", "-spec", file)
	require.Contains(t, clear, "3.3 PIN")
	require.Contains(t, clear, "SMITH")
}

// Without -lines a byte may stand on two of them; with it each is read alone.
func TestEMVLines(t *testing.T) {
	const split = "9F2\n6080102030405060708\n"
	require.Equal(t, must(t, strings.ReplaceAll(split, "\n", ""), "emv", "tlv"), must(t, split, "emv", "tlv"))
	r := try(split, "emv", "-lines", "tlv")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "line 1, column 3: an odd number of hexadecimal digits")
	require.Contains(t, r.errors, "line 2, ")
}
