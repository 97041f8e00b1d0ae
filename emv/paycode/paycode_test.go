package paycode

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unionPayCode is the published consumer-presented code of a UnionPay card.
const unionPayCode = "hQVDUFYwMWFWTwigAAADMwEBAlcRYmNgAQBxNnLSMSIBAAABiAFfNAEAYzOfJghWite85mtxi58nAYCfEBEHAAEDoAAAAQgwMDAwMDAwMZ82AhEiggIAAJ83BCJgSI4="

func TestRecognize(t *testing.T) {
	for _, c := range []struct {
		text    string
		scanned Wallet
		typed   Wallet
	}{
		{"135325628417000148", WeChatPay, WeChatPay},
		{" 101234567890123456\r\n", WeChatPay, WeChatPay},
		{"161234567890123456", NoWallet, NoWallet},
		{"13532562841700014X", NoWallet, NoWallet},
		{"13532562841700014/", NoWallet, NoWallet},
		{"13532562841700014:", NoWallet, NoWallet},
		{"1353256284170001488", NoWallet, NoWallet},
		{"281234567890123456", Alipay, Alipay},
		{"2512345678901234", Alipay, NoWallet}, // a Mastercard number as well
		{"2812345678901234", Alipay, Alipay},
		{"300123456789012345", Alipay, NoWallet}, // a Diners Club number as well
		{"301234567890123456789012", Alipay, Alipay},
		{"2812345678901234567890123", NoWallet, NoWallet},
		{"281234567890123", NoWallet, NoWallet},
		{"6223360612494957384", UnionPayQR, NoWallet}, // a UnionPay card as well
		{"622336061249495738", NoWallet, NoWallet},
		{"6223360612494957", NoWallet, NoWallet},
		{"4761739001010119", NoWallet, NoWallet},
		{unionPayCode, EMVCoPayload, EMVCoPayload},
		{"hQVDUFYwMW", NoWallet, NoWallet},
		{"１３5325628417000148", NoWallet, NoWallet},
		{"", NoWallet, NoWallet},
	} {
		for source, want := range map[Source]Wallet{Scanner: c.scanned, Keyboard: c.typed} {
			code, ok := Recognize(c.text, source)
			require.Equal(t, want != NoWallet, ok)
			require.Equal(t, want, code.Wallet)
		}
	}
}

func TestCodePrintsMasked(t *testing.T) {
	code, ok := Recognize("135325628417000148", Scanner)
	require.True(t, ok)
	require.Equal(t, "135325628417000148", code.Text())
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		require.Equal(t, "WeChat Pay 13************0148", fmt.Sprintf(format, code))
		require.NotContains(t, fmt.Sprintf(format, &code), "5325628417")
	}
	text, err := json.Marshal(code)
	require.NoError(t, err)
	require.Equal(t, `"13************0148"`, string(text))
}

func TestNames(t *testing.T) {
	for wallet, want := range map[Wallet]string{
		NoWallet: "none", WeChatPay: "WeChat Pay", Alipay: "Alipay", UnionPayQR: "UnionPay", EMVCoPayload: "EMVCo", 5: "wallet 5",
	} {
		require.Equal(t, want, wallet.String())
	}
	require.Equal(t, "none ", fmt.Sprint(Code{}))
	require.Equal(t, strings.Repeat("*", 11), Code{WeChatPay, "12345678901"}.Masked())
	require.Equal(t, "12******9012", Code{WeChatPay, "123456789012"}.Masked())
}

// FuzzRecognize holds that what a scanner or a keyboard may bring is recognised without panic, that typing recognises
// nothing that scanning does not, and that what is recognised prints masked.
func FuzzRecognize(f *testing.F) {
	f.Add(unionPayCode)
	f.Add("135325628417000148")
	f.Add("6223360612494957384")
	f.Fuzz(func(t *testing.T, s string) {
		scanned, ok := Recognize(s, Scanner)
		require.Equal(t, ok, scanned.Wallet != NoWallet)
		typed, typedOK := Recognize(s, Keyboard)
		require.True(t, !typedOK || typed == scanned)
		if ok {
			require.Equal(t, strings.TrimSpace(s), scanned.Text())
			require.NotContains(t, fmt.Sprint(scanned), scanned.Text())
		}
	})
}

// TestEveryPrefix goes through every prefix and length, scanned and typed. The rows are the wallets' published rules and,
// for what is typed, the ranges of card numbers: UnionPay 62, Diners Club 30, Mastercard 2221 to 2720.
func TestEveryPrefix(t *testing.T) {
	for prefix := range 100 {
		for n := range 28 {
			digits := fmt.Sprintf("%02d%s", prefix, strings.Repeat("9", 30))[:n]
			want := NoWallet
			switch {
			case n == 18 && strings.Contains(" 10 11 12 13 14 15 ", digits[:2]):
				want = WeChatPay
			case n == 19 && digits[:2] == "62":
				want = UnionPayQR
			case n >= 16 && n <= 24 && strings.Contains(" 25 26 27 28 29 30 ", digits[:2]):
				want = Alipay
			}
			scanned, _ := Recognize(digits, Scanner)
			require.Equal(t, want, scanned.Wallet, "%02d, %d digits", prefix, n)
			if want == UnionPayQR || want == Alipay && (digits[:2] == "30" && n <= 19 || n == 16 && digits[:4] >= "2221" && digits[:4] <= "2720") {
				want = NoWallet
			}
			typed, _ := Recognize(digits, Keyboard)
			require.Equal(t, want, typed.Wallet, "%02d, %d digits, typed", prefix, n)
		}
	}
	for digits, typed := range map[string]Wallet{
		"2720999999999999": NoWallet, "2721000000000000": Alipay, "2500000000000000": NoWallet, "27209999999999999": Alipay,
		"3012345678901234567": NoWallet, "30123456789012345678": Alipay,
	} {
		code, _ := Recognize(digits, Keyboard)
		require.Equal(t, typed, code.Wallet, digits)
	}
	require.False(t, maybeCard("2220999999999999"))
	require.True(t, maybeCard("2221000000000000"))
	require.True(t, maybeCard("2720990000000000"))
	require.False(t, maybeCard("2721000000000000"))
	require.False(t, maybeCard("222100000000000"))
	require.False(t, maybeCard("62"+strings.Repeat("0", 18)))
	require.True(t, maybeCard("62"+strings.Repeat("0", 17)))
	for _, s := range []string{"/35325628417000148", ":35325628417000148", "1/5325628417000148", "1", "", "1353256284170001:8"} {
		_, ok := Recognize(s, Scanner)
		require.False(t, ok, s)
	}
}
