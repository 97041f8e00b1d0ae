package qr

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
)

// TestObjectsCutAnywhere cuts a code after every byte: what is whole is read, and the fault names the object it cuts.
func TestObjectsCutAnywhere(t *testing.T) {
	const code = "0002" + "01" + "5904" + "最佳é€" + "6005" + "CHINA"
	ends := map[int]int{0: 0, 6: 1, 4 + 2 + 4 + len("最佳é€"): 2, len(code): 3}
	for n := range len(code) + 1 {
		f := Fields(code[:n])
		whole := 0
		for range f.All() {
			whole++
		}
		want, complete := ends[n]
		require.Equal(t, complete, f.Err() == nil, "%d bytes", n)
		if complete {
			require.Equal(t, want, whole)
			continue
		}
		var fault *Error
		require.True(t, errors.As(f.Err(), &fault))
		from := map[int]int{0: 0, 1: 6, 2: 6 + 4 + len("最佳é€")}[whole]
		require.Equal(t, from, fault.Offset)
		switch rest := n - from; {
		case rest < 2:
			require.ErrorIs(t, fault, ErrID)
			require.Empty(t, fault.Path)
		case rest < 4:
			require.ErrorIs(t, fault, ErrLength)
		case !utf8.ValidString(code[:n]):
			require.ErrorIs(t, fault, ErrUTF8)
		default:
			require.ErrorIs(t, fault, ErrTruncated)
		}
	}
	for _, s := range []string{"0a02", "a002", "/002", ":002", "0/02", "0:02"} {
		require.ErrorIs(t, Fields(s+"01").Err(), ErrID, s)
	}
	for _, s := range []string{"000a", "00a0", "000/", "00:1", "0000"} {
		require.ErrorIs(t, Fields(s+"01").Err(), ErrLength, s)
	}
	require.ErrorIs(t, Fields("0001\x80").Err(), ErrUTF8)
	require.NoError(t, Fields("0001\x7f").Err())
	v, ok := Fields("0002015803abc").Find(58)
	require.True(t, ok)
	require.Equal(t, "abc", v)
}

// TestFormats holds the format of every object that has one, at its borders.
func TestFormats(t *testing.T) {
	for id, c := range map[ID]struct{ good, bad []string }{
		PayloadFormat: {[]string{"01"}, []string{"02", "1", "001"}},
		Initiation:    {[]string{"11", "12"}, []string{"10", "13", "1"}},
		CategoryCode:  {[]string{"0000", "9999"}, []string{"999", "99999", "99a9", "999:", "/999"}},
		CurrencyCode:  {[]string{"000", "156"}, []string{"15", "1560", "CNY"}},
		Amount:        {[]string{"1", "0.01", "1234567890123", "12345678901.2", "5", "98.", "10", "0010"}, []string{"0", "0.00", "0.", "000", ".", "12345678901234", ".5", "1..2", "1.2.3", "-1", "1,5", "a"}},
		TipFixed:      {[]string{"1.50", "1."}, []string{"1,50", "0", "0.00"}},
		TipPercent:    {[]string{"0.01", "00.01", "5", "5.", "99.99"}, []string{"0", "0.009", "100", "100.1", "101", "0.00", "123456"}},
		TipIndicator:  {[]string{"01", "02", "03"}, []string{"00", "04", "1"}},
		CountryCode:   {[]string{"CN", "AZ"}, []string{"C", "CNN", "cn", "C1", "[A", "@A"}},
		MerchantName:  {[]string{"anything"}, nil},
	} {
		for _, v := range c.good {
			require.True(t, wellFormed(id, v), "%v %q", id, v)
		}
		for _, v := range c.bad {
			require.False(t, wellFormed(id, v), "%v %q", id, v)
		}
	}
}

// TestTemplatesAndNetworks goes through all hundred ids.
func TestTemplatesAndNetworks(t *testing.T) {
	for id := range 100 {
		template := id >= 26 && id <= 51 || id == 62 || id == 64 || id >= 80
		require.Equal(t, template, ID(id).IsTemplate(), "%02d", id)
		network := ""
		switch {
		case id >= 2 && id <= 3:
			network = "Visa"
		case id >= 4 && id <= 5:
			network = "Mastercard"
		case id >= 6 && id <= 8, id >= 17 && id <= 25:
			network = "EMVCo"
		case id >= 9 && id <= 10:
			network = "Discover"
		case id >= 11 && id <= 12:
			network = "American Express"
		case id >= 13 && id <= 14:
			network = "JCB"
		case id >= 15 && id <= 16:
			network = "UnionPay"
		}
		require.Equal(t, network, ID(id).Network(), "%02d", id)
		require.Equal(t, fmt.Sprintf("%02d", id), ID(id).String())
		for _, n := range []int{1, 99} {
			value := strings.Repeat("é", n)
			b, err := AppendField(nil, ID(id), value)
			require.NoError(t, err)
			got, ok := Fields(b).Get(ID(id))
			require.True(t, ok)
			require.Equal(t, value, got)
		}
	}
	require.False(t, ID(100).IsTemplate())
}

// TestIDsOfAdditionalData holds the numbers the specification gives, in table 3.7.
func TestIDsOfAdditionalData(t *testing.T) {
	for i, id := range []ID{BillNumber, MobileNumber, StoreLabel, LoyaltyNumber, ReferenceLabel, CustomerLabel, TerminalLabel, Purpose, ConsumerDataAsks} {
		require.Equal(t, ID(i+1), id)
	}
	for i, id := range []ID{CategoryCode, CurrencyCode, Amount, TipIndicator, TipFixed, TipPercent, CountryCode, MerchantName, MerchantCity, PostalCode,
		AdditionalData, Checksum, LanguageTemplate} {
		require.Equal(t, ID(52+i), id)
	}
	require.Equal(t, []ID{0, 1}, []ID{PayloadFormat, Initiation})
}

// TestObjectsThatCannotBeWritten holds the errors of building: they name the object and no place.
func TestObjectsThatCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		id    ID
		value string
		want  string
	}{{100, "x", "qr: 100: not a two-digit id"}, {59, "\xff", "qr: 59: not UTF-8"}, {59, "", "qr: 59: not a length of 01 to 99"}} {
		_, err := AppendField(nil, c.id, c.value)
		require.EqualError(t, err, c.want)
		_, err = AppendTemplate(nil, 62, Field{c.id, c.value})
		require.EqualError(t, err, "qr: 62."+c.want[len("qr: "):])
	}
}

// TestApplicationsStop holds that whoever has seen enough of a consumer's code is shown no more.
func TestApplicationsStop(t *testing.T) {
	application := emv.AppendTLV(nil, 0x61, emv.AppendTLV(nil, 0x4F, []byte{0xA0, 0, 0, 3, 0x33}))
	c, err := ParseConsumer(string(AppendConsumer(nil, append(application, application...))))
	require.NoError(t, err)
	n := 0
	for range c.Applications() {
		n++
		break
	}
	require.Equal(t, 1, n)
	n = 0
	for range c.Applications() {
		n++
	}
	require.Equal(t, 2, n)
}

// TestLastAccount: the last of the ids for accounts is one, and the next is not.
func TestLastAccount(t *testing.T) {
	const rest = "520458125303156" + "5802CN5904SHOP6005CHINA"
	require.NoError(t, Validate(finish("000201"+"5108"+"00041234"+rest)))
	require.ErrorIs(t, Validate(finish("000201"+rest)), ErrMissing)
	m := Merchant{Accounts: []Field{{51, "00041234"}}, CategoryCode: "5812", Currency: "156", Country: "CN", Name: "SHOP", City: "CHINA"}
	for want, tip := range map[string]Tip{"": {}, "550201": {Prompt: true}, "5502025603" + "1.5": {Fixed: "1.5"}, "5502035701" + "5": {Percent: "5"}} {
		m.Tip = tip
		code, err := m.Append([]byte("x"))
		require.NoError(t, err)
		require.Contains(t, string(code), want)
		require.Equal(t, want != "", strings.Contains(string(code), "5502"))
		back, err := ParseMerchant(string(code[1:]))
		require.NoError(t, err)
		require.Equal(t, tip, back.Tip)
	}
}

// TestChecksumsOfOtherLengths: a checksum that is not four characters long is wrong, whatever they are.
func TestChecksumsOfOtherLengths(t *testing.T) {
	for _, code := range []string{"6301B", "6303ABC", "0002016303ABC", "0002016305A"} {
		if strings.HasSuffix(code, "A") { // the right check sum, behind a character too many
			code += fmt.Sprintf("%04X", CRC(code))
		}
		require.ErrorIs(t, Validate(code), ErrCRC, code)
	}
}

// TestPrintable: a blank and a tilde are the first and the last of the characters.
func TestPrintable(t *testing.T) {
	require.True(t, wellFormed(PostalCode, " ~"))
	for _, v := range []string{"\x1f", "\x7f", "\u0080"} {
		require.False(t, wellFormed(PostalCode, v), "%q", v)
	}
}

// TestShortChecksumStands: the fault of a code too short for a checksum is at its start.
func TestShortChecksumStands(t *testing.T) {
	var fault *Error
	require.ErrorAs(t, checkCRC("6301B"), &fault)
	require.Zero(t, fault.Offset)
}

// TestTransparentTemplates: what an application and the common data hold in templates 63 and 64 is found, and not where
// the other has its template.
func TestTransparentTemplates(t *testing.T) {
	c, err := ParseConsumer(unionPayCode)
	require.NoError(t, err)
	for app := range c.Applications() {
		v, ok := app.Get(0x9F36)
		require.True(t, ok)
		require.Equal(t, []byte{0x11, 0x22}, []byte(v))
	}
	inside := emv.AppendTLV(nil, 0x9F36, []byte{0, 1})
	for tags, want := range map[[2]emv.Tag]bool{{0x61, 0x63}: true, {0x61, 0x64}: false, {0x62, 0x64}: true, {0x62, 0x63}: false} {
		templates := emv.AppendTLV(nil, tags[0], emv.AppendTLV(nil, tags[1], inside))
		if tags[0] != 0x61 {
			templates = append(emv.AppendTLV(nil, 0x61, nil), templates...)
		}
		c, err := ParseConsumer(string(AppendConsumer(nil, templates)))
		require.NoError(t, err)
		for app := range c.Applications() {
			_, ok := app.Get(0x9F36)
			require.Equal(t, want, ok, "%v", tags)
		}
	}
	var fault *emv.SyntaxError
	_, err = ParseConsumer("hQ==") // a tag and nothing behind it
	require.ErrorAs(t, err, &fault)
}
