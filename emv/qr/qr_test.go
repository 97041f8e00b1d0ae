package qr

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/posline/posline/emv"
	"github.com/stretchr/testify/require"
)

// specSample is the sample of the EMVCo specification.
const specSample = "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT" +
	"6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A011223344998877070812345678" +
	"6304A13A"

// unionPayCode is the published consumer-presented code of a UnionPay card.
const unionPayCode = "hQVDUFYwMWFWTwigAAADMwEBAlcRYmNgAQBxNnLSMSIBAAABiAFfNAEAYzOfJghWite85mtxi58nAYCfEBEHAAEDoAAAAQgwMDAwMDAwMZ82AhEiggIAAJ83BCJgSI4="

// finish puts the checksum behind a code.
func finish(code string) string { return string(AppendCRC([]byte(code))) }

func TestValidateNamesEveryFault(t *testing.T) {
	const accounts = "15312031041800520446JDBMSZZXE44BFS0"
	const rest = "520458125303156" + "5802CN5904SHOP6005CHINA"
	for name, c := range map[string]struct {
		code string
		want string
	}{
		"sound":               {finish("000201" + accounts + rest), ""},
		"no checksum":         {"000201" + accounts + rest, "qr: 63: missing"},
		"wrong checksum":      {"000201" + accounts + rest + "63040000", "qr: 63: CRC does not match, at offset 79"},
		"checksum not digits": {"000201" + accounts + rest + "6304ZZZZ", "qr: 63: CRC does not match, at offset 79"},
		"checksum too short":  {"000201" + accounts + rest + "630312A", "qr: 63: CRC does not match, at offset 78"},
		"behind checksum":     {finish("000201"+accounts+rest) + "6402ZH", "qr: 63: out of place, at offset 79\nqr: 64: not a two-digit id, at offset 91"},
		"format not first":    {finish(accounts + "000201" + rest), "qr: 15: out of place, at offset 0\nqr: 00: out of place, at offset 35"},
		"no account":          {finish("000201" + rest), "qr: 26: missing"},
		"nothing":             {"", "qr: 00: missing\nqr: 26: missing\nqr: 52: missing\nqr: 53: missing\nqr: 58: missing\nqr: 59: missing\nqr: 60: missing\nqr: 63: missing"},
		"bad template":        {finish("000201" + "260500029" + rest), "qr: 26.00: shorter than its length says, at offset 10"},
		"bad amount":          {finish("000201" + accounts + rest + "54051,000"), "qr: 54: not in the format of the data object, at offset 79"},
		"amount too long":     {finish("000201" + accounts + rest + "541412345678901.00"), "qr: 54: not in the format of the data object, at offset 79"},
		"all of it for tips":  {finish("000201" + accounts + rest + "5502035703101"), "qr: 57: not in the format of the data object, at offset 85"},
		"tip not announced":   {finish("000201" + accounts + rest + "550203"), "qr: 57: missing"},
		"fixed tip":           {finish("000201" + accounts + rest + "550202" + "56011"), ""},
		"tip as a share":      {finish("000201" + accounts + rest + "550203" + "57011"), ""},
		"tip, no indicator":   {finish("000201" + accounts + rest + "56011"), "qr: 56: out of place, at offset 79"},
		"share, no indicator": {finish("000201" + accounts + rest + "57011"), "qr: 57: out of place, at offset 79"},
		"the other tip":       {finish("000201" + accounts + rest + "550202" + "57011"), "qr: 57: out of place, at offset 85\nqr: 56: missing"},
		"the other share":     {finish("000201" + accounts + rest + "550203" + "56011"), "qr: 56: out of place, at offset 85\nqr: 57: missing"},
		"tip asked and given": {finish("000201" + accounts + rest + "550201" + "56011"), "qr: 56: out of place, at offset 85"},
		"bad country":         {finish("000201" + accounts + "5204581253031565802cn5904SHOP6005CHINA"), "qr: 58: not in the format of the data object, at offset 56"},
		"other digits":        {"００0201", "qr: not a two-digit id, at offset 0"},
		"length 00":           {"0000", "qr: 00: not a length of 01 to 99, at offset 0"},
		"not UTF-8":           {"0002\xff\xff", "qr: 00: not UTF-8, at offset 0"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Validate(c.code)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

func TestLengthsCountCharacters(t *testing.T) {
	b, err := AppendField(nil, 59, "最佳运输")
	require.NoError(t, err)
	require.Equal(t, "5904最佳运输", string(b))
	v, ok := Fields(specSample).Find(64, 1)
	require.True(t, ok)
	require.Equal(t, "最佳运输", v)
	_, ok = Fields(specSample).Find(64, 9)
	require.False(t, ok)
	_, ok = Fields(specSample).Find()
	require.False(t, ok)
}

func TestAppendRefuses(t *testing.T) {
	for _, f := range []Field{{100, "x"}, {59, ""}, {59, strings.Repeat("x", 100)}, {59, "\xff"}} {
		b, err := AppendField([]byte("keep"), f.ID, f.Value)
		require.Error(t, err)
		require.Equal(t, "keep", string(b))
	}
	_, err := AppendTemplate(nil, 62, Field{5, ""})
	require.EqualError(t, err, "qr: 62.05: not a length of 01 to 99")
	_, err = AppendTemplate(nil, 62, Field{5, strings.Repeat("x", 96)})
	require.ErrorIs(t, err, ErrLength)

	m := sale()
	m.Amount = "12,50"
	_, err = m.Append(nil)
	require.ErrorIs(t, err, ErrFormat)
	m = sale()
	m.Name = ""
	_, err = m.Append(nil)
	require.ErrorIs(t, err, ErrMissing)
	m = sale()
	m.City = strings.Repeat("x", 100)
	_, err = m.Append(nil)
	require.ErrorIs(t, err, ErrLength)
}

func sale() Merchant {
	return Merchant{
		Initiation:   "12",
		Accounts:     []Field{{15, "2031041800520446JDBMSZZXE44BFS0"}},
		CategoryCode: "5812", Currency: "156", Amount: "23.72", Tip: Tip{Percent: "5"},
		Country: "CN", Name: "BEST TRANSPORT", City: "BEIJING", PostalCode: "100000",
		Additional: []Field{{ReferenceLabel, "20260731000001"}, {TerminalLabel, "***"}},
		Language:   Language{Code: "ZH", Name: "最佳运输", City: "北京", Others: []Field{{3, "x"}}},
		Others:     []Field{{80, "0003abc"}},
	}
}

func TestMerchantGoesThere(t *testing.T) {
	for _, m := range []Merchant{sale(), {
		Accounts: []Field{{26, "0014br.gov.bcb.pix"}}, CategoryCode: "0000", Currency: "986", Country: "BR", Name: "N", City: "C", Tip: Tip{Prompt: true},
	}} {
		code, err := m.Append([]byte("before"))
		require.NoError(t, err)
		got, err := ParseMerchant(string(code[len("before"):]))
		require.NoError(t, err)
		require.Equal(t, m, got)
	}
}

func TestNetwork(t *testing.T) {
	for id, want := range map[ID]string{0: "", 2: "Visa", 5: "Mastercard", 8: "EMVCo", 9: "Discover", 12: "American Express", 14: "JCB", 16: "UnionPay", 17: "EMVCo", 25: "EMVCo", 26: ""} {
		require.Equal(t, want, id.Network(), id)
	}
}

func TestErrorsHoldNoCardData(t *testing.T) {
	for _, s := range []string{unionPayCode[:40], unionPayCode[:41], unionPayCode + "=", "!" + unionPayCode} {
		_, err := ParseConsumer(s)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "6263")
		require.NotContains(t, err.Error(), unionPayCode[20:30])
	}
	_, err := ParseConsumer(string(AppendConsumer(nil, nil)))
	require.ErrorIs(t, err, ErrNoApplication)
	_, err = ParseConsumer("")
	require.ErrorIs(t, err, ErrNotConsumer)
}

func TestViewDoesNotAllocate(t *testing.T) {
	sum := 0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for id, v := range Fields(specSample).All() {
			sum += int(id) + len(v)
		}
		name, _ := Fields(specSample).Find(LanguageTemplate, 1)
		sum += len(name) + int(CRC(specSample))
	}))
}

// FuzzMerchant holds that codes that can be read are written as they were, and that what Merchant reads it writes with
// every object, perhaps in another order.
func FuzzMerchant(f *testing.F) {
	f.Add(specSample)
	f.Add(finish("000201" + "15312031041800520446JDBMSZZXE44BFS0" + "520458125303156" + "5802CN5904SHOP6005CHINA"))
	f.Add("002601")
	f.Fuzz(func(t *testing.T, s string) {
		fields := Fields(s)
		var built []byte
		var err error
		for id, v := range fields.All() {
			built, err = AppendField(built, id, v)
			require.NoError(t, err)
		}
		require.True(t, strings.HasPrefix(s, string(built)))
		require.Equal(t, fields.Err() == nil, len(built) == len(s))

		m, err := ParseMerchant(s)
		require.Equal(t, Validate(s) == nil, err == nil)
		if err != nil {
			var fault *Error
			require.True(t, errors.As(err, &fault))
			return
		}
		code, err := m.Append(nil)
		require.NoError(t, err)
		require.ElementsMatch(t, objects(s), objects(string(code)))
		again, err := ParseMerchant(string(code))
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}

// TestBase64WithOneCoding: bits behind the data, which no octet has, must be zero. Otherwise one code has many spellings,
// and whoever looks for a code that was used before misses them.
func TestBase64WithOneCoding(t *testing.T) {
	code := string(AppendConsumer(nil, emv.AppendTLV(nil, 0x61, emv.AppendTLV(nil, 0x4F, []byte{0xA0, 0, 0, 3, 0x33, 1}))))
	start, found := strings.CutSuffix(code, "E=")
	require.True(t, found, code)
	_, err := ParseConsumer(code)
	require.NoError(t, err)
	for _, last := range "FGH" {
		_, err := ParseConsumer(start + string(last) + "=")
		require.ErrorIs(t, err, ErrBase64)
	}
}

// FuzzConsumer holds that a code that is accepted is the only coding of its data but for ends of lines, and that nothing
// panics on what else a scanner may bring.
func FuzzConsumer(f *testing.F) {
	f.Add(unionPayCode)
	f.Add(unionPayCode[:40] + "\r\n" + unionPayCode[40:] + "\n")
	f.Add("135325628417000148")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseConsumer(s)
		if err != nil {
			return
		}
		require.Equal(t, strings.NewReplacer("\r", "", "\n", "").Replace(s), base64.StdEncoding.EncodeToString(c.Data))
		n := 0
		for app := range c.Applications() {
			app.Get(0x9F26)
			n++
		}
		require.Positive(t, n)
	})
}
